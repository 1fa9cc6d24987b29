import type { Cluster } from '../domain/cluster.ts';
import { roughDuration } from '../domain/duration.ts';
import { FshaError, isInterruption } from '../domain/errors.ts';
import { EXIT, type ExitCode } from '../domain/exit-codes.ts';
import type { LockHolder, LockState } from '../domain/lock-holder.ts';
import { lockedError } from '../journal/cluster-lock-errors.ts';
import { lockPath } from '../journal/cluster-lock-path.ts';
import { lockState } from '../journal/cluster-lock-state.ts';
import { askOnce } from '../journal/lock-holder-ask.ts';
import { isStopped, processStart } from '../journal/lock-holder-process.ts';
import { holderWords } from '../journal/lock-holder-words.ts';
import { jsonText } from '../output/json-text.ts';
import { confirm } from './ask.ts';
import { type Call, callText } from './command.ts';
import { inventoryOf } from './inventory-of.ts';
import { listen, type Stop } from './signals.ts';
import {
  endData,
  endLines,
  endOf,
  goesOnWith,
  guardLines,
  guardsOf,
  isStopping,
  type RunEnd,
  type UnlockDocument,
} from './unlock-report.ts';

/** From the wish to the free lock: ms. An undo may try for a minute to reach a silent proxy. */
const PATIENCE = 90_000;
const LOOK = 250;

/**
 * Says who holds the lock, and asks that run to stop; and who keeps single nodes out. Exits 0 where the lock is free at the end, 4 where it is not, 9 where
 * nothing says who has it or how that run has ended.
 * @throws FshaError `locked`, `refused`, `journal`, `interrupted`
 */
export async function unlockCluster(call: Call): Promise<ExitCode> {
  const cluster = await inventoryOf(call, 'leave');
  const stop = listen(call.host);
  try {
    return await withHolder(call, cluster, stop);
  } finally {
    stop.dispose();
  }
}

async function withHolder(call: Call, cluster: Cluster, stop: Stop): Promise<ExitCode> {
  const { state, name } = cluster;
  const seen = await lockState(state.dir, name, stop.signal);
  if (!seen.held) {
    await report(call, cluster, stop, { free: true }, [`nobody holds the lock of ${name}`]);
    return EXIT.done;
  }
  const { holder } = seen;
  if (holder === null) {
    const { message, hint } = await lockedError(name, lockPath(state.dir, name), null, callText(call));
    await report(call, cluster, stop, { free: false }, [message, `  ${hint}`]);
    return EXIT.unknown;
  }
  const words = holderWords(holder, call.host.clock.wall().getTime());
  await mustBeHere(call, cluster, holder, words);
  if (call.globals.dryRun) {
    const lines = [`${words}: would be asked to stop`];
    if (await isStopped(holder)) lines.push(`  ${goesOnWith(holder)}`);
    await report(call, cluster, stop, { free: false, holder }, lines);
    return EXIT.done;
  }
  await confirm(call, `${words}, is to stop and to give back what it did`);
  const asked = await ask(call, cluster, holder, words, stop);
  if (!call.globals.json) call.host.stdout.write(`${asked}; waiting until the lock is free\n`);
  return settle(call, cluster, stop, await untilFree(call, cluster, holder, stop));
}

/** What runs elsewhere cannot be asked from here, and must not be taken for whatever has its number here. */
async function mustBeHere(call: Call, cluster: Cluster, holder: LockHolder, words: string): Promise<void> {
  const machine = holder.who.slice(holder.who.lastIndexOf('@') + 1);
  if (machine !== call.host.machine)
    throw new FshaError('locked', `${words}, is on another host`, `On ${machine}: ${callText(call)} unlock`);
  if ((await processStart(holder.pid)) === holder.started) return;
  // It may have ended in this moment: then nobody is in the way any more.
  if (!(await isHolding(cluster, holder))) return;
  throw new FshaError(
    'locked',
    `${words}, cannot be seen from here: it may run in a container, or as a user whose processes are hidden`,
    `Where it runs, or as root: ${callText(call)} unlock`,
  );
}

/** A second SIGTERM would have it leave at once, with nodes half out: whoever is stopping already is only waited for. */
async function ask(
  call: Call,
  { state, name }: Cluster,
  holder: LockHolder,
  words: string,
  stop: Stop,
): Promise<string> {
  const { run, who } = holder;
  const stopping = (): Promise<boolean> => isStopping(state.dir, run);
  if (await stopping()) return `run ${run} is stopping already`;
  const answer = await askOnce({ dir: state.dir, cluster: name }, holder, stopping, stop.signal);
  if (answer === 'already') return `run ${run} was asked to stop before`;
  if (answer === 'asked') return `run ${run} was asked to stop`;
  if (answer === 'unseen') return `run ${run} is ending`;
  const user = who.slice(0, who.lastIndexOf('@'));
  throw new FshaError(
    'refused',
    `${words}, belongs to another user: only ${user} or root may stop it`,
    `As ${user} or root: ${callText(call)} unlock`,
  );
}

interface Outcome {
  /** As it named itself last: a process may go on in the name of another run. */
  readonly holder: LockHolder;
  readonly after: LockState;
}

/** Looks until that process does not have it any more, or the time is over. */
async function untilFree(call: Call, cluster: Cluster, first: LockHolder, stop: Stop): Promise<Outcome> {
  const { clock } = call.host;
  const deadline = clock.now() + PATIENCE;
  let holder = first;
  let told = call.globals.json;
  try {
    for (;;) {
      // Else whoever waits would wait for what cannot be.
      if (!told && (await isStopped(first))) {
        call.host.stdout.write(`${goesOnWith(first)}, and it will hear that when it goes on\n`);
        told = true;
      }
      const after = await lockState(cluster.state.dir, cluster.name, stop.signal);
      const now = after.held ? after.holder : null;
      if (now !== null && isSame(now, first)) holder = now;
      else if (!after.held || now !== null) return { holder, after };
      if (clock.now() > deadline) return { holder, after };
      await clock.sleep(LOOK, stop.signal);
    }
  } catch (error) {
    if (!isInterruption(error)) throw error;
    throw new FshaError(
      'interrupted',
      `run ${holder.run} was asked to stop and has not ended yet`,
      `It goes on doing so. Watch it: ${callText(call)} show ${holder.run} --follow`,
    );
  }
}

async function settle(
  call: Call,
  cluster: Cluster,
  stop: Stop,
  { holder, after }: Outcome,
): Promise<ExitCode> {
  const { state, name } = cluster;
  const { run } = holder;
  if (after.held && (after.holder === null || isSame(after.holder, holder))) {
    await report(call, cluster, stop, { free: false, holder }, []);
    if (await isStopped(holder))
      throw new FshaError(
        'locked',
        `run ${run} was asked to stop and still holds the lock: its process is stopped, and hears it when it goes on`,
        `Let it go on with: kill -CONT ${holder.pid}`,
      );
    throw new FshaError(
      'locked',
      `run ${run} was asked to stop and still holds the lock after ${roughDuration(PATIENCE)}`,
      `A restart that is under way is not stopped. Watch it: ${callText(call)} show ${run} --follow`,
    );
  }
  const end = await endOf(state.dir, run);
  await report(call, cluster, stop, { free: !after.held, holder, end }, endLines(end, run, callText(call)));
  if (after.held) throw await lockedError(name, lockPath(state.dir, name), after.holder, callText(call));
  return end.kind === 'unknown' ? EXIT.unknown : EXIT.done;
}

async function isHolding({ state, name }: Cluster, holder: LockHolder): Promise<boolean> {
  const seen = await lockState(state.dir, name);
  return seen.held && seen.holder !== null && isSame(seen.holder, holder);
}

function isSame(one: LockHolder, other: LockHolder): boolean {
  return one.pid === other.pid && one.started === other.started;
}

/** One document, or these lines; and who keeps nodes out. */
async function report(
  call: Call,
  cluster: Cluster,
  stop: Stop,
  found: { readonly free: boolean; readonly holder?: LockHolder; readonly end?: RunEnd },
  lines: readonly string[],
): Promise<void> {
  const { host, globals } = call;
  const guards = await guardsOf(cluster, stop.signal);
  const document: UnlockDocument = {
    v: 1,
    type: 'unlock',
    at: host.clock.wall().toISOString(),
    cluster: cluster.name,
    free: found.free,
    holder: found.holder ?? null,
    ended: endData(found.end),
    guards,
  };
  if (globals.json) host.stdout.write(`${jsonText(document)}\n`);
  else {
    const kept = guardLines(guards, callText(call), host.clock.wall().getTime());
    for (const line of [...lines, ...kept]) host.stdout.write(`${line}\n`);
  }
}
