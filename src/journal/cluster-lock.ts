/** The lock of a cluster: one run that changes things at a time. */
import type { Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { FshaError, interrupted } from '../domain/errors.ts';
import type { LockHolder } from '../domain/lock-holder.ts';
import type { LockPort } from '../workflow/ports.ts';
import { lockedError, lockError, lostError } from './cluster-lock-errors.ts';
import { type FileIdentity, identityOf, isAt, openLockFile } from './cluster-lock-file.ts';
import { flock } from './cluster-lock-flock.ts';
import { holderPath, lockPath } from './cluster-lock-path.ts';
import { readHolder } from './lock-holder-file.ts';
import { processStart } from './lock-holder-process.ts';
import { publishHolder, removeHolder } from './lock-holder-publish.ts';
import { makeStateDirectory } from './shared-directory.ts';

export interface ClusterLock extends LockPort {
  /**
   * From now on it is held for this run: for whoever goes on with one that was interrupted. Nobody finds it unnamed meanwhile.
   * @throws FshaError `lock.lost`, `journal`, `interrupted`; it is named as before then
   */
  nameRun(run: string, signal?: AbortSignal): Promise<void>;
  /** Gives it up; nobody is named any more before it is free. Never throws; a second call does nothing. */
  release(): Promise<void>;
}

export interface LockRequest {
  /** `state.dir`. */
  readonly dir: string;
  readonly cluster: string;
  /** Who asks; pid, its start and the moment are added. */
  readonly holder: Pick<LockHolder, 'run' | 'command' | 'who'>;
  /** How fsha was called, for the commands in errors; default `fsha`. */
  readonly call?: string;
}

/** A new holder names itself within this time; until then whoever is refused looks again. ms */
const NAMELESS = 500;
const LOOK = 50;
/** Between two tries to take again what was lost. ms */
const AGAIN = 500;

/** What is held lives here: a file handle that nobody refers to is closed by the garbage collector. */
const held = new Set<Held>();

interface Held {
  readonly path: string;
  readonly identity: FileIdentity;
  readonly lock: FileHandle;
  /** null where nobody can be named: another user's file stands there, and may neither be replaced nor written. */
  readonly holder: FileHandle | null;
  /** As it stands in the holder's file. */
  readonly named: LockHolder;
  readonly shared: Stats | null;
}

/**
 * Takes the lock of a cluster, making file and directory where they are missing. The kernel holds it for as long as this
 * process lives, stopped or not, and frees it in the moment in which it ends.
 * @throws FshaError `locked` naming the holder, `journal` (state.dir), `refused` (no flock(1) here), `interrupted`
 */
export async function takeLock(request: LockRequest, signal: AbortSignal = never()): Promise<ClusterLock> {
  let asked = request;
  let own: Held | null = await take(asked, signal);
  let lost = false;
  held.add(own);
  const become = (next: Held | null): void => {
    if (next !== null) held.add(next);
    if (own !== null) held.delete(own);
    own = next;
  };
  const drop = async (): Promise<void> => {
    const before = own;
    if (before === null) return;
    await giveUp(asked, before);
    if (own === before) become(null);
  };
  /** What is held, at this moment. */
  const mustHold = (): Held => {
    lost ||= own === null || !isAt(own.path, own.identity);
    if (lost || own === null) throw lostError(lockPath(resolve(asked.dir), asked.cluster), asked.holder.run);
    return own;
  };
  return {
    assertHeld: () => void mustHold(),
    nameRun: async (run, until = never()) => {
      const before = mustHold();
      const named = { ...before.named, run };
      const path = holderPath(resolve(asked.dir), asked.cluster);
      const holder = await publishHolder(path, named, before.shared, until, before.holder);
      become({ ...before, named, holder });
      asked = { ...asked, holder: { ...asked.holder, run } };
      if (holder !== before.holder) await before.holder?.close().catch(() => undefined);
    },
    retake: async (until) => {
      // Should the file be the locked one after all, it was moved away and back: it is held still.
      if (own === null || !isAt(own.path, own.identity)) {
        await drop();
        become(await takeAgain(asked, until));
      }
      lost = false;
    },
    release: async () => {
      lost = true;
      await drop();
    },
  };
}

async function take(request: LockRequest, signal: AbortSignal): Promise<Held> {
  const dir = resolve(request.dir);
  const { cluster, call = 'fsha' } = request;
  const path = lockPath(dir, cluster);
  const shared = await makeStateDirectory(dir).catch((error: unknown) => {
    throw lockError('create', dir, error);
  });
  const deadline = performance.now() + NAMELESS;
  for (;;) {
    const lock = await tryOnce(path, shared, signal);
    if (lock !== null) return publish(request, path, shared, lock, signal);
    const holder = await nameIn(holderPath(dir, cluster), signal);
    if (holder !== null || performance.now() > deadline) throw await lockedError(cluster, path, holder, call);
    // Whoever has it has not named itself yet, or is about to give it up.
    await pause(LOOK, signal);
  }
}

/** null where nobody is named, or the file may not be read: that the lock is another one's is known without it. */
async function nameIn(path: string, signal: AbortSignal): Promise<LockHolder | null> {
  try {
    const seen = await readHolder(path, signal);
    return seen.live ? seen.holder : null;
  } catch (error) {
    if (error instanceof FshaError && error.code === 'journal') return null;
    throw error;
  }
}

/** null: somebody else has it. */
async function tryOnce(path: string, shared: Stats | null, signal: AbortSignal): Promise<FileHandle | null> {
  const lock = await openLockFile(path, shared);
  try {
    // A file that was replaced between opening and locking keeps nobody out.
    if ((await flock(lock.fd, 'exclusive', path, signal)) && isAt(path, await identityOf(lock))) return lock;
  } catch (error) {
    await lock.close();
    throw error;
  }
  await lock.close();
  return null;
}

async function publish(
  { dir, cluster, holder }: LockRequest,
  path: string,
  shared: Stats | null,
  lock: FileHandle,
  signal: AbortSignal,
): Promise<Held> {
  try {
    const { run, command, who } = holder;
    const named: LockHolder = {
      run,
      command,
      who,
      pid: process.pid,
      started: (await processStart('self')) ?? 0,
      since: new Date().toISOString(),
    };
    return {
      path,
      identity: await identityOf(lock),
      lock,
      holder: await publishHolder(holderPath(resolve(dir), cluster), named, shared, signal),
      named,
      shared,
    };
  } catch (error) {
    await lock.close();
    throw error;
  }
}

/** The holder's name first: nobody is to be named who has given it up. */
async function giveUp({ dir, cluster }: LockRequest, { lock, holder }: Held): Promise<void> {
  await removeHolder(holderPath(resolve(dir), cluster), holder);
  await lock.close().catch(() => undefined);
}

async function takeAgain(request: LockRequest, signal: AbortSignal): Promise<Held> {
  let refusal: FshaError | undefined;
  for (;;) {
    try {
      return await take(request, signal);
    } catch (error) {
      if (!(error instanceof FshaError)) throw error;
      if (error.code === 'interrupted') throw refusal ?? error;
      if (error.code !== 'locked') throw error;
      refusal = error;
    }
    await pause(AGAIN, signal).catch(() => undefined);
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await wait(ms, undefined, { signal });
  } catch {
    throw interrupted('taking the lock');
  }
}

function never(): AbortSignal {
  return new AbortController().signal;
}
