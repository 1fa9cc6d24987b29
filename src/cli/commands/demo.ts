import type { Command } from '../command.ts';

export const demo: Command = (program, run) => {
  program
    .command('demo')
    .description('a cluster on loopback with calls on it, and a drain of one of its nodes')
    .addHelpText('after', '\nExample:\n  fsha demo')
    .action(
      run(async (call) => {
        const { runDemo } = await import('../run-demo.ts');
        return runDemo(call);
      }),
    );
};
