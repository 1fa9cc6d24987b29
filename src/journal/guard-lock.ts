/**
 * Keeping a node out over night needs a lock of its own, for that node alone: the cluster's is free for other runs meanwhile.
 * Who wants to have the node leaves word beside it, which whoever keeps it out looks for.
 */
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { FshaError, interrupted } from '../domain/errors.ts';
import type { LockHolder } from '../domain/lock-holder.ts';
import { printable } from '../domain/text.ts';
import { type ClusterLock, takeLock } from './cluster-lock.ts';
import { lockPath } from './cluster-lock-path.ts';
import { lockState } from './cluster-lock-state.ts';
import { leaveWish, readWish } from './guard-wish.ts';
import { isStopped } from './lock-holder-process.ts';

/** How long whoever keeps a node out may take to end once it is asked to: ms. It looks every second. */
const PATIENCE = 15_000;
const LOOK = 100;

export interface GuardPlace {
  /** `state.dir`. */
  readonly dir: string;
  readonly cluster: string;
  readonly node: string;
}

/** The name under which the lock of a guard stands beside the cluster's own. */
export function guardName({ cluster, node }: Pick<GuardPlace, 'cluster' | 'node'>): string {
  return `${cluster}.guard-${node}`;
}

function wishPath(place: GuardPlace): string {
  return join(resolve(place.dir), `${guardName(place)}.wanted`);
}

/** @param call how fsha was called, for the commands in errors @throws FshaError `locked` where another run keeps the node out, `journal`, `refused`, `interrupted` */
export async function takeGuardLock(
  place: GuardPlace,
  holder: Pick<LockHolder, 'run' | 'command' | 'who'>,
  signal: AbortSignal,
  call = 'fsha',
): Promise<ClusterLock> {
  try {
    return await takeLock({ dir: place.dir, cluster: guardName(place), holder, call }, signal);
  } catch (error) {
    if (!(error instanceof FshaError) || error.code !== 'locked') throw error;
    throw new FshaError(
      'locked',
      `${place.node} is kept out by another run already: ${error.message}`,
      `One is enough. It ends with: ${call} activate ${place.node}`,
      error,
    );
  }
}

/** The run that keeps the node out; null for none. */
export async function guardOf(
  place: GuardPlace,
  signal?: AbortSignal,
): Promise<LockHolder | 'unnamed' | null> {
  const state = await lockState(place.dir, guardName(place), signal);
  return state.held ? (state.holder ?? 'unnamed') : null;
}

/** Who wants the node and waits for it, in words; null for nobody. @throws FshaError `journal`, `refused` (no flock(1) here) */
export function whoWants(place: GuardPlace): Promise<string | null> {
  return readWish(wishPath(place));
}

/**
 * Asks whoever keeps the node out to end, and waits until it has.
 * @param by who asks, in words
 * @param patience ms
 * @throws FshaError `locked` where it does not end in time, `journal`, `refused` (no flock(1) here), `interrupted`
 */
export async function relieveGuard(
  place: GuardPlace,
  by: string,
  signal: AbortSignal,
  patience = PATIENCE,
): Promise<void> {
  const guard = await guardOf(place, signal);
  if (guard === null) return;
  const lock = lockPath(resolve(place.dir), guardName(place));
  const wish = await leaveWish(wishPath(place), by, lock, signal);
  try {
    const deadline = performance.now() + patience;
    while ((await guardOf(place, signal)) !== null) {
      if (performance.now() > deadline) throw await staysError(place.node, guard);
      await wait(LOOK, undefined, { signal }).catch(() => {
        throw interrupted(`waiting for ${place.node}`);
      });
    }
  } finally {
    await wish.withdraw();
  }
}

async function staysError(node: string, guard: LockHolder | 'unnamed'): Promise<FshaError> {
  const who = guard === 'unnamed' ? 'a run' : `run ${guard.run} of ${guard.who} (pid ${guard.pid})`;
  const kept = `${node} is kept out by ${printable(who)}`;
  if (guard !== 'unnamed' && (await isStopped(guard)))
    return new FshaError(
      'locked',
      `${kept}, whose process is stopped`,
      `Let it go on with: kill -CONT ${guard.pid}. Then try again.`,
    );
  return new FshaError(
    'locked',
    `${kept}, which does not end`,
    'Look at that process: it may be stopped, or its disk may not answer.',
  );
}
