import { argument, type Command } from '../command.ts';

export const show: Command = (program, run) => {
  program
    .command('show')
    .description('what a run did: its steps, effects, drift and end')
    .argument('<run>', 'a run, as `fsha runs` lists it; or `last`')
    .option('--follow', 'watch it while it is under way')
    .addHelpText('after', '\nExamples:\n  fsha show last\n  fsha show 20261122-020131-k3f9 --follow')
    .action(
      run(async (call) => {
        const { showRun } = await import('../show-run.ts');
        return showRun(call, argument(call, 0), call.options['follow'] === true);
      }),
    );
};
