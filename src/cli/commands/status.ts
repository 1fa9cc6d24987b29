import type { Command } from '../command.ts';

export const status: Command = (program, run) => {
  program
    .command('status')
    .description('every node on every proxy: state, sessions, calls, limit, uptime, version, pause')
    .addHelpText('after', '\nExamples:\n  fsha status\n  fsha status --json | jq .nodes')
    .action(
      run(async (call) => {
        const { showStatus } = await import('../show-status.ts');
        return showStatus(call);
      }),
    );
};
