/** Writing who holds the lock into the file beside it. Only the holder of the lock does. */
import { constants, type Stats } from 'node:fs';
import { open, rename, stat, unlink, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FshaError } from '../domain/errors.ts';
import type { LockHolder } from '../domain/lock-holder.ts';
import { printable } from '../domain/text.ts';
import { lockError } from './cluster-lock-errors.ts';
import { flock } from './cluster-lock-flock.ts';
import { shareFile } from './shared-directory.ts';
import { isErrno, isErrnoOf } from './errno.ts';

const LEAVE_IT = 'Find out who locks files there, and try again.';
const NEW = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const THERE = constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Puts the file in place. It is as good as long as the handle is open. Where one of another user stands there that may not be
 * replaced (a sticky directory), that one is written.
 * @param own the file as this process has it in place already, to be written anew where it may not be replaced
 * @returns null where nobody can be named: the lock is held all the same
 * @throws FshaError `journal`, `refused`, `interrupted`
 */
export async function publishHolder(
  path: string,
  holder: LockHolder,
  shared: Stats | null,
  signal: AbortSignal,
  own: FileHandle | null = null,
): Promise<FileHandle | null> {
  const text = `${JSON.stringify(holder)}\n`;
  const draft = await openDraft(path);
  try {
    await shareFile(draft.handle, shared);
    await draft.handle.writeFile(text);
    if (!(await flock(draft.handle.fd, 'exclusive', draft.path, signal)))
      throw new FshaError(
        'journal',
        `Somebody has locked ${printable(draft.path, 1000)}, which only fsha uses.`,
        LEAVE_IT,
      );
    await rename(draft.path, path);
    return draft.handle;
  } catch (error) {
    await draft.handle.close().catch(() => undefined);
    await unlink(draft.path).catch(() => undefined);
    if (!isErrno(error)) throw error;
    if (!isForbidden(error)) throw lockError('create', path, error);
    return await writeThere(path, text, signal, own);
  }
}

async function openDraft(path: string): Promise<{ readonly path: string; readonly handle: FileHandle }> {
  const draft = `${path}.new`;
  // Of a holder that was killed in the midst of this.
  await unlink(draft).catch(() => undefined);
  try {
    return { path: draft, handle: await open(draft, NEW, 0o600) };
  } catch (error) {
    if (!isErrnoOf(error, 'EEXIST')) throw lockError('create', path, error);
  }
  // That one was another user's, and may not be removed.
  const own = `${path}.${process.pid}.new`;
  await unlink(own).catch(() => undefined);
  try {
    return { path: own, handle: await open(own, NEW, 0o600) };
  } catch (error) {
    throw lockError('create', path, error);
  }
}

/** Emptied before it is locked: nobody is to find the one named in it who has ended. */
async function writeThere(
  path: string,
  text: string,
  signal: AbortSignal,
  own: FileHandle | null,
): Promise<FileHandle | null> {
  const handle = own !== null && (await isThere(own, path)) ? own : await openThere(path);
  if (handle === null) return null;
  try {
    await handle.truncate(0);
    if (handle === own || (await flock(handle.fd, 'exclusive', path, signal))) {
      await handle.write(text, 0);
      return handle;
    }
  } catch (error) {
    if (handle !== own) await handle.close().catch(() => undefined);
    throw isErrno(error) ? lockError('create', path, error) : error;
  }
  // Somebody has locked it who does not hold the lock of the cluster.
  await handle.close();
  return null;
}

/** null where it may not be written. A file of more names than this one is anybody's, put there by a link. */
async function openThere(path: string): Promise<FileHandle | null> {
  const handle = await open(path, THERE).catch(() => null);
  if (handle === null) return null;
  const seen = await handle.stat();
  if (seen.isFile() && seen.nlink === 1) return handle;
  await handle.close();
  return null;
}

/** Takes the file away, where it is still this one, and closes it. What cannot be removed is stale from then on. */
export async function removeHolder(path: string, handle: FileHandle | null): Promise<void> {
  if (handle === null) return;
  try {
    if (await isThere(handle, path)) await unlink(path);
  } catch {
    // It is gone, or may not be removed: nothing hangs on it.
  }
  await handle.close().catch(() => undefined);
}

async function isThere(handle: FileHandle, path: string): Promise<boolean> {
  const [own, there] = await Promise.all([handle.stat(), stat(path)]);
  return own.ino === there.ino && own.dev === there.dev;
}

/** Whose file keeps this user from being named while he holds the lock: a uid; null for nobody's. Never throws. */
export async function whoseHolderStays(path: string): Promise<number | null> {
  try {
    const uid = process.geteuid?.() ?? 0;
    const [directory, file] = await Promise.all([stat(dirname(path)), stat(path)]);
    const replaceable = (directory.mode & 0o1000) === 0 || [0, directory.uid, file.uid].includes(uid);
    if (replaceable) return null;
    const handle = await openThere(path);
    await handle?.close();
    return handle === null ? file.uid : null;
  } catch {
    return null;
  }
}

function isForbidden({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EPERM' || code === 'EACCES';
}
