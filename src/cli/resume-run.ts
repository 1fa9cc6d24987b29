import type { Cluster } from '../domain/cluster.ts';
import { FshaError } from '../domain/errors.ts';
import { EXIT, type ExitCode } from '../domain/exit-codes.ts';
import { journalPath } from '../journal/journal-path.ts';
import { listRuns } from '../journal/list-runs.ts';
import { readJournal } from '../journal/read-journal.ts';
import { isRunId } from '../journal/run-id.ts';
import { whereaboutsOf } from '../journal/whereabouts.ts';
import { planLines } from '../output/plan-text.ts';
import type { Call } from './command.ts';
import { goOn, whatRemains } from './go-on.ts';
import { inventoryOf } from './inventory-of.ts';
import { forcedChecks } from './node-policy.ts';
import { lockName, underLock, withoutLock } from './run-lock.ts';
import { listen } from './signals.ts';

/** Goes on with a run whose process has ended, under the policy that it had. */
export async function resumeRun(call: Call, wanted: string): Promise<ExitCode> {
  const { host, globals } = call;
  const cluster = await inventoryOf(call);
  const run = wanted === 'last' ? await newestInterrupted(call, cluster) : wanted;
  if (!isRunId(run)) throw new FshaError('usage', `${wanted} is not a run`, 'Take one from: fsha runs');
  const wish = { undo: call.options['undo'] === true, force: forcedChecks(call) };
  const stop = listen(host, cluster.drain.onHangup);
  try {
    if (globals.dryRun) {
      const { events } = await readJournal(journalPath(cluster.state.dir, run));
      const lock = withoutLock(cluster);
      const { resumption, policy } = await whatRemains(call, cluster, events, { run, lock, stop, ...wish });
      const { mode, plan, why } = resumption;
      if (globals.json) host.stdout.write(`${JSON.stringify({ v: 1, run, mode, plan, why })}\n`);
      else {
        if (why !== null) host.stdout.write(`${why}\n`);
        const lines = mode === 'undo' ? ['give back what the run did'] : planLines(plan, { cluster, policy });
        for (const line of lines) host.stdout.write(`${line}\n`);
      }
      return EXIT.done;
    }
    const command = `resume ${run}${wish.undo ? ' --undo' : ''}`;
    return await underLock(call, cluster, { run, command }, stop.signal, async (lock) => {
      const { exit } = await goOn(call, cluster, run, { ...wish, lock, stop });
      return exit;
    });
  } finally {
    stop.dispose();
  }
}

async function newestInterrupted({ host }: Call, cluster: Cluster): Promise<string> {
  const { state, name } = cluster;
  const { use } = withoutLock(cluster);
  const lock = { name: lockName(host, cluster), use };
  for (const one of await listRuns(state.dir)) {
    if (one.cluster !== name || one.state !== 'unfinished') continue;
    if ((await whereaboutsOf(state.dir, one.run, lock)) === 'interrupted') return one.run;
  }
  throw new FshaError('usage', `no run of ${name} in ${state.dir} is interrupted`, 'See: fsha runs');
}
