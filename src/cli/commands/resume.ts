import { argument, collect, type Command } from '../command.ts';

export const resume: Command = (program, run) => {
  program
    .command('resume')
    .description('go on with a run whose process has ended, or give back what it did')
    .argument('<run>', 'a run, as `fsha runs` lists it; or `last`: the newest that is interrupted')
    .option('--undo', 'give back what it did: only before its restart was announced')
    .option('--reason <text>', 'why, for the record')
    .option('--until <time>', 'of a rolling run: no node is out later than this; or none')
    .option('--min-drain <duration>', 'none is begun that has less than this to drain before --until')
    .option('--done <step>', 'of a playbook: this step, of which nobody knew, was done', collect)
    .option(
      '--again <step>',
      'of a playbook: this step, of which nobody knew, is to be done once more',
      collect,
    )
    .option('--as-begun', 'of a playbook whose file has changed since: its steps as they were then')
    .option('--ignore-proxy <name>', 'go on although this proxy does not answer', collect)
    .option('--force <check>', 'overrule this preflight check', collect)
    .addHelpText('after', EXAMPLES)
    .action(
      run(async (call) => {
        const { resumeRun } = await import('../resume-run.ts');
        return resumeRun(call, argument(call, 0));
      }),
    );
};

const EXAMPLES = `
Examples:
  fsha status                               shows runs that were interrupted
  fsha resume last --dry-run                what remains to be done
  fsha resume 20261122-020131-k3f9
  fsha resume 20261122-020131-k3f9 --undo   the node as it was found
  fsha resume last --until 05:00            the rest of a rolling run, the night after
  fsha resume last --done node-1/ssh.upgrade   it was done, as somebody has seen`;
