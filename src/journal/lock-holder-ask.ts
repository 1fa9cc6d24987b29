/** Asking the holder of a lock to stop, once in the life of its process. */
import { readFile, type FileHandle } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { FshaError, interrupted } from '../domain/errors.ts';
import type { LockHolder } from '../domain/lock-holder.ts';
import { printable } from '../domain/text.ts';
import { openLockFile } from './cluster-lock-file.ts';
import { flock } from './cluster-lock-flock.ts';
import { unlockPath } from './cluster-lock-path.ts';
import { askToStop } from './lock-holder-process.ts';
import { sharedBy } from './shared-directory.ts';

/** `already`: it was asked before. `unseen`: there is no such process. `forbidden`: it is another user's. */
export type Asked = 'asked' | 'already' | 'unseen' | 'forbidden';

/** Whoever asks is done within milliseconds; then somebody else has locked that file. ms */
const PATIENCE = 5_000;
const LOOK = 50;
/** Bytes: a pid, a start, a boot. */
const LARGEST = 128;

/**
 * Sends SIGTERM to the holder of the lock, unless that was done before: a second one would have it leave at once, with nodes
 * half out. Two that ask at the same moment are told apart by a lock on a file of their own, in which it stands who was asked.
 * @param isStopping whether its journal says that it is stopping
 * @throws FshaError `journal` where that file stays locked, `refused` (no flock(1) here), `interrupted`
 */
export async function askOnce(
  place: { readonly dir: string; readonly cluster: string },
  holder: LockHolder,
  isStopping: () => Promise<boolean>,
  signal: AbortSignal,
): Promise<Asked> {
  const path = unlockPath(resolve(place.dir), place.cluster);
  const file = await openOrNone(path);
  try {
    if (file !== null) await lockIt(file, path, signal);
    const own = await nameOf(holder);
    if ((file !== null && (await readIt(file)) === own) || (await isStopping())) return 'already';
    const answer = await askToStop(holder);
    if (answer === 'asked' && file !== null) await writeIt(file, own);
    return answer;
  } finally {
    await file?.close();
  }
}

/** null where it may not be used, or the disk is full: a run can be asked to stop all the same. */
async function openOrNone(path: string): Promise<FileHandle | null> {
  try {
    return await openLockFile(path, await sharedBy(dirname(path)));
  } catch {
    return null;
  }
}

async function lockIt(file: FileHandle, path: string, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + PATIENCE;
  while (!(await flock(file.fd, 'exclusive', path, signal))) {
    if (performance.now() > deadline)
      throw new FshaError(
        'journal',
        `Somebody has locked ${printable(path, 1000)}, which only fsha unlock uses.`,
        'Find out who locks files there, and try again.',
      );
    await wait(LOOK, undefined, { signal }).catch(() => {
      throw interrupted('asking the run to stop');
    });
  }
}

async function readIt(file: FileHandle): Promise<string> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(LARGEST), 0, LARGEST, 0);
  return buffer.toString('latin1', 0, bytesRead);
}

async function writeIt(file: FileHandle, own: string): Promise<void> {
  try {
    await file.truncate(0);
    await file.write(own, 0, 'latin1');
  } catch {
    // The disk is full, say: then its journal alone tells that it was asked.
  }
}

/** One process of one boot: numbers and starts come again. */
async function nameOf({ pid, started }: LockHolder): Promise<string> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'latin1').catch(() => '');
  return `${pid} ${started} ${boot.trim()}\n`;
}
