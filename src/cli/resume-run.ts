import type { Cluster } from '../domain/cluster.ts';
import { FshaError } from '../domain/errors.ts';
import { EXIT, type ExitCode } from '../domain/exit-codes.ts';
import { lastResumable, perhapsAlive } from '../domain/last-resumable.ts';
import { printable } from '../domain/text.ts';
import { isRunId } from '../journal/run-id.ts';
import { observeAll } from '../workflow/observe-all.ts';
import { type Call, callText, listOption } from './command.ts';
import { compose } from './compose.ts';
import { goOn } from './go-on.ts';
import { inventoryOf } from './inventory-of.ts';
import { forcedChecks, ignoredProxies, reasonOf } from './node-policy.ts';
import { windowWishOf } from './rolling-wish.ts';
import { underLock } from './run-lock.ts';
import { runsWatchOf } from './runs-watch.ts';
import { showRemains } from './show-remains.ts';
import { listen } from './signals.ts';

/** Goes on with a run whose process has ended, under the policy that it had. */
export async function resumeRun(call: Call, wanted: string): Promise<ExitCode> {
  const { host, globals } = call;
  const cluster = await inventoryOf(call);
  if (wanted !== 'last' && !isRunId(wanted))
    throw new FshaError('usage', `${wanted} is not a run`, `Take one from: ${callText(call)} runs`);
  const wish = {
    undo: call.options['undo'] === true,
    force: forcedChecks(call),
    ignoreProxies: ignoredProxies(cluster, call),
    reason: reasonOf(call),
    window: await windowWishOf(call),
    told: { done: listOption(call, 'done'), again: listOption(call, 'again') },
    asBegun: call.options['asBegun'] === true,
  };
  const stop = listen(host, cluster.drain.onHangup);
  try {
    const run = wanted === 'last' ? await lastOne(call, cluster, stop.signal) : wanted;
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

/** By the same judgement as status: of the journals, the lock, and what the nodes and proxies show. */
async function lastOne(call: Call, cluster: Cluster, signal: AbortSignal): Promise<string> {
  const { world, close } = compose(cluster, call);
  try {
    const watch = runsWatchOf(call, cluster);
    const observation = await observeAll(world, 'pulse', signal);
    const notes = await watch.look(observation, signal);
    const run = lastResumable(notes, call.options['undo'] === true);
    if (run !== null) return run;
    const { state, name } = cluster;
    const gaps = notes.gaps.map((gap) => `; ${printable(gap, 1_000)}`).join('');
    const [alive] = perhapsAlive(notes);
    const doubt = alive === undefined ? '' : `; whether run ${alive} still goes on cannot be told`;
    throw new FshaError(
      'usage',
      `no run of ${name} in ${state.dir} is interrupted${doubt}${gaps}`,
      alive === undefined
        ? `See: ${callText(call)} runs`
        : `Where its process has ended, name it: ${callText(call)} resume ${alive}`,
    );
  } finally {
    await close();
  }
}
