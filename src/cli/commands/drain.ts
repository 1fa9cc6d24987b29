import { planDrain } from '../../domain/plan.ts';
import { argument, collect, type Command } from '../command.ts';

export const drain: Command = (program, run) => {
  program
    .command('drain')
    .description('out of service → zero calls → restart → verify → back in')
    .argument('<node>', 'a node of the inventory')
    .option('--timeout <duration>', 'how long its calls may take to end, or none')
    .option('--poll <duration>', 'time between two looks')
    .option('--settle <duration>', 'how long zero calls have to be seen')
    .option('--on-timeout <what>', 'restore (give it back), hold (keep it out), or hangup (cut, then go on)')
    .option('--threshold <calls>', 'cut the last calls once so few are left')
    .option('--no-restart', 'drain it and put it back, without a restart')
    .option('--hold', 'stop when it is drained; it stays out')
    .option('--reason <text>', 'why, for the record')
    .option('--ignore-proxy <name>', 'go on although this proxy does not answer', collect)
    .option('--then <what>', 'for a node that somebody else disabled: activate or leave it afterwards')
    .option('--show-numbers', "callers' numbers and addresses as they are, on the screen and in the journal")
    .option('--force <check>', 'overrule this preflight check', collect)
    .addHelpText('after', EXAMPLES)
    .action(
      run(async (call) => {
        const { runOnNode } = await import('../run-command.ts');
        return runOnNode(call, argument(call, 0), 'drain', (node, policy) => planDrain(node, policy));
      }),
    );
};

const EXAMPLES = `
Examples:
  fsha drain node-1 --reason 'kernel update'
  fsha drain node-1 --dry-run               every check and the plan, nothing changed
  fsha drain node-1 --timeout 30m --on-timeout hold
  fsha drain node-1 --hold                  then work on it, then: fsha activate node-1`;
