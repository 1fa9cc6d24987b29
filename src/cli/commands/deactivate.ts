import { planDeactivate } from '../../domain/plan.ts';
import { argument, collect, type Command } from '../command.ts';

export const deactivate: Command = (program, run) => {
  program
    .command('deactivate')
    .description('out of service on every proxy, and stay out; its calls go on')
    .argument('<node>', 'a node of the inventory')
    .option('--guard', 'stay, and disable it again whenever somebody enables it, until fsha activate')
    .option('--reason <text>', 'why, for the record')
    .option('--ignore-proxy <name>', 'go on although this proxy does not answer', collect)
    .option('--force <check>', 'overrule this preflight check', collect)
    .addHelpText('after', EXAMPLES)
    .action(
      run(async (call) => {
        const { runOnNode } = await import('../run-command.ts');
        return runOnNode(call, argument(call, 0), 'deactivate', (node) =>
          planDeactivate(node, call.options['guard'] === true),
        );
      }),
    );
};

const EXAMPLES = `
Examples:
  fsha deactivate node-1 --reason 'noisy network card'
  fsha deactivate node-1 --guard            over night: survives reloads and restarts of proxies
  fsha activate node-1                      ends it`;
