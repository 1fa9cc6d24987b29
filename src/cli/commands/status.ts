import { FshaError } from '../../domain/errors.ts';
import type { Command } from '../command.ts';

export const status: Command = (program, run) => {
  program
    .command('status')
    .description('every node on every proxy: state, sessions, calls, limit, uptime, version, pause')
    .option('--watch', 'look again and again: on a terminal a screen, elsewhere a line for each change')
    .option('--poll <duration>', 'with --watch: time between two looks, at least 1s; default drain.poll')
    .addHelpText('after', EXAMPLES)
    .action(
      run(async (call) => {
        if (call.options['watch'] === true) {
          const { watchStatus } = await import('../watch-status.ts');
          return watchStatus(call);
        }
        if (call.options['poll'] !== undefined)
          throw new FshaError(
            'usage',
            '--poll means nothing without --watch',
            'Add --watch, or leave it out.',
          );
        const { showStatus } = await import('../show-status.ts');
        return showStatus(call);
      }),
    );
};

const EXAMPLES = `
Examples:
  fsha status
  fsha status --json | jq .nodes
  fsha status --watch                       sorted, filtered with /, until q
  fsha status --watch --json | jq -c '.nodes[] | [.node, .sessions]'`;
