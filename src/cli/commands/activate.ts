import { planActivate } from '../../domain/plan.ts';
import { argument, collect, type Command } from '../command.ts';

export const activate: Command = (program, run) => {
  program
    .command('activate')
    .description('health, then back in: every destination enabled, the pause lifted')
    .argument('<node>', 'a node of the inventory')
    .option('--reason <text>', 'why, for the record')
    .option('--ignore-proxy <name>', 'go on although this proxy does not answer', collect)
    .option('--force <check>', 'overrule this preflight check', collect)
    .addHelpText('after', `\nExamples:\n  fsha activate node-1\n  fsha activate node-1 --dry-run`)
    .action(
      run(async (call) => {
        const { runOnNode } = await import('../run-command.ts');
        return runOnNode(call, argument(call, 0), 'activate', (node) => planActivate(node));
      }),
    );
};
