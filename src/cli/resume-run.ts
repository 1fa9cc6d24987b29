import type { Cluster } from '../domain/cluster.ts';
import { FshaError } from '../domain/errors.ts';
import { EXIT, type ExitCode } from '../domain/exit-codes.ts';
import { listRuns } from '../journal/list-runs.ts';
import { isRunId } from '../journal/run-id.ts';
import { whereaboutsOf } from '../journal/whereabouts.ts';
import type { Call } from './command.ts';
import { goOn } from './go-on.ts';
import { inventoryOf } from './inventory-of.ts';
import { forcedChecks, ignoredProxies, reasonOf } from './node-policy.ts';
import { lockName, underLock, withoutLock } from './run-lock.ts';
import { showRemains } from './show-remains.ts';
import { listen } from './signals.ts';

/** Goes on with a run whose process has ended, under the policy that it had. */
export async function resumeRun(call: Call, wanted: string): Promise<ExitCode> {
  const { host, globals } = call;
  const cluster = await inventoryOf(call);
  const run = wanted === 'last' ? await newestInterrupted(call, cluster) : wanted;
  if (!isRunId(run)) throw new FshaError('usage', `${wanted} is not a run`, 'Take one from: fsha runs');
  const wish = {
    undo: call.options['undo'] === true,
    force: forcedChecks(call),
    ignoreProxies: ignoredProxies(cluster, call),
    reason: reasonOf(call),
  };
  const stop = listen(host, cluster.drain.onHangup);
  try {
    if (globals.dryRun) {
      await showRemains(call, cluster, run, { stop, ...wish });
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
