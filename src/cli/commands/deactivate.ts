import { planDeactivate } from '../../domain/plan.ts';
import { argument, collect, type Command } from '../command.ts';

export const deactivate: Command = (program, run) => {
  program
    .command('deactivate')
    .description('out of service on every proxy, and stay out; its calls go on')
    .argument('<node>', 'a node of the inventory')
    .option('--reason <text>', 'why, for the record')
    .option('--ignore-proxy <name>', 'go on although this proxy does not answer', collect)
    .option('--force <check>', 'overrule this preflight check', collect)
    .addHelpText(
      'after',
      `\nExamples:\n  fsha deactivate node-1 --reason 'noisy network card'\n  fsha activate node-1`,
    )
    .action(
      run(async (call) => {
        const { runOnNode } = await import('../run-command.ts');
        return runOnNode(call, argument(call, 0), 'deactivate', (node) => planDeactivate(node));
      }),
    );
};
