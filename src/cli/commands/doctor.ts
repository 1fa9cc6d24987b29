import type { Command } from '../command.ts';

export const doctor: Command = (program, run) => {
  program
    .command('doctor')
    .description('every precondition of every node, read only; exits 13 with what to mend')
    .argument('[node...]', 'only these nodes')
    .addHelpText('after', '\nExamples:\n  fsha doctor\n  fsha doctor node-1 --verbose')
    .action(
      run(async (call) => {
        const { runDoctor } = await import('../run-doctor.ts');
        return runDoctor(call);
      }),
    );
};
