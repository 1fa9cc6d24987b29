/**
 * Keeping a node out over night needs a lock of its own, for that node alone: the cluster's is free for other runs meanwhile.
 * Who wants to have the node writes a file beside it, which whoever keeps it out looks for.
 */
import { open, readFile, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { FshaError, interrupted } from '../domain/errors.ts';
import type { LockHolder } from '../domain/lock-holder.ts';
import { printable } from '../domain/text.ts';
import { type ClusterLock, takeLock } from './cluster-lock.ts';
import { lockError } from './cluster-lock-errors.ts';
import { lockState } from './cluster-lock-state.ts';
import { makeStateDirectory, shareFile } from './shared-directory.ts';

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

/** @throws FshaError `locked` where another run keeps the node out, `journal`, `refused`, `interrupted` */
export async function takeGuardLock(
  place: GuardPlace,
  holder: Pick<LockHolder, 'run' | 'command' | 'who'>,
  signal: AbortSignal,
): Promise<ClusterLock> {
  try {
    const lock = await takeLock({ dir: place.dir, cluster: guardName(place), holder }, signal);
    // A wish of before was meant for somebody else.
    await rm(wishPath(place), { force: true });
    return lock;
  } catch (error) {
    if (!(error instanceof FshaError) || error.code !== 'locked') throw error;
    throw new FshaError(
      'locked',
      `${place.node} is kept out by another run already: ${error.message}`,
      'One is enough. It ends with: fsha activate.',
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

/** Who has asked for the node, in words; null for nobody. @throws FshaError `journal` */
export async function whoWants(place: GuardPlace): Promise<string | null> {
  try {
    return printable(await readFile(wishPath(place), 'utf8'), 200);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    // Of a user whose files this one may not read: that it is there says it all.
    if (code === 'EACCES') return 'another user';
    throw lockError('read', wishPath(place), error);
  }
}

/**
 * Asks whoever keeps the node out to end, and waits until it has.
 * @param by who asks, in words
 * @throws FshaError `locked` where it does not end in time, `journal`, `interrupted`
 */
export async function relieveGuard(place: GuardPlace, by: string, signal: AbortSignal): Promise<void> {
  const guard = await guardOf(place, signal);
  if (guard === null) return;
  const path = wishPath(place);
  try {
    await writeWish(place, by);
    const deadline = performance.now() + PATIENCE;
    while ((await guardOf(place, signal)) !== null) {
      if (performance.now() > deadline) {
        const who = guard === 'unnamed' ? 'a run' : `run ${guard.run} of ${guard.who} (pid ${guard.pid})`;
        throw new FshaError(
          'locked',
          `${place.node} is kept out by ${printable(who)}, which does not end`,
          'Look at that process: it may be stopped, or its disk may not answer.',
        );
      }
      await wait(LOOK, undefined, { signal }).catch(() => {
        throw interrupted(`waiting for ${place.node}`);
      });
    }
  } finally {
    await rm(path, { force: true }).catch(() => undefined);
  }
}

async function writeWish(place: GuardPlace, by: string): Promise<void> {
  const path = wishPath(place);
  try {
    const shared = await makeStateDirectory(resolve(place.dir));
    const draft = `${path}.new`;
    const handle = await open(draft, 'w', 0o600);
    try {
      await shareFile(handle, shared);
      await handle.writeFile(by);
    } finally {
      await handle.close();
    }
    await rename(draft, path);
  } catch (error) {
    throw lockError('create', path, error);
  }
}
