import { EXIT } from '../../domain/exit-codes.ts';
import type { Command } from '../command.ts';
import { inventoryOf } from '../inventory-of.ts';

export const runs: Command = (program, run) => {
  program
    .command('runs')
    .description('the runs of this host, the newest first')
    .option('--all', 'more than the last twenty')
    .addHelpText('after', '\nExamples:\n  fsha runs\n  fsha runs --json --all')
    .action(
      run(async (call) => {
        const { host, globals, options } = call;
        const cluster = await inventoryOf(call, 'leave');
        const { listRuns, withLocks } = await import('../../journal/list-runs.ts');
        const { runLocks } = await import('../../journal/run-locks.ts');
        const { lockName } = await import('../run-lock.ts');
        const { runsTable } = await import('../../output/runs-table.ts');
        const { dir } = cluster.state;
        const summaries = await listRuns(dir, options['all'] === true ? undefined : 20);
        const own = await withLocks(
          summaries.filter((summary) => summary.cluster === null || summary.cluster === cluster.name),
          runLocks(dir, cluster.name, lockName(host, cluster)),
        );
        if (globals.json)
          host.stdout.write(`${JSON.stringify({ v: 1, cluster: cluster.name, runs: own })}\n`);
        else for (const line of runsTable(own, host.stdout.columns ?? 80)) host.stdout.write(`${line}\n`);
        return own.some(({ damage }) => damage !== null) ? EXIT.unknown : EXIT.done;
      }),
    );
};
