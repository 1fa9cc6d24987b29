/**
 * Word for whoever keeps a node out that another run wants it. It counts for as long as its writer has the file open and locked:
 * what a dead one left says nothing. The file stays, empty, as those of locks do. Only who holds the lock of the cluster writes it.
 */
import { constants } from 'node:fs';
import { type FileHandle, open, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FshaError } from '../domain/errors.ts';
import { printable } from '../domain/text.ts';
import { lockBriefly } from './brief-lock.ts';
import { lockError } from './cluster-lock-errors.ts';
import { openLockFile } from './cluster-lock-file.ts';
import { flock } from './cluster-lock-flock.ts';
import { isErrno, isErrnoOf } from './errno.ts';
import { makeStateDirectory } from './shared-directory.ts';

/** Characters of the word, and bytes that these take at most with the end of the line. */
const LONGEST = 200;
const LARGEST = 4 * LONGEST + 1;

const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const WRITE = constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export interface Wish {
  /** Never throws. */
  withdraw(): Promise<void>;
}

/**
 * Leaves word; it counts until it is withdrawn, or this process ends.
 * @param by who wants the node, in words
 * @param lock the path of the guard's lock: whoever may use that one is to read this
 * @throws FshaError `journal`, `refused` (no flock(1) here), `interrupted`
 */
export async function leaveWish(path: string, by: string, lock: string, signal: AbortSignal): Promise<Wish> {
  const file = await openWish(path);
  try {
    const { nlink } = await file.stat();
    if (!(await isOwn(file)))
      throw new FshaError(
        'journal',
        `${printable(path, 1000)} is no file of fsha’s${nlink > 1 ? ': it has other names too' : ''}.`,
        'Find out who made it, and remove it.',
      );
    await giveAs(lock, file);
    // Before it is locked: nobody is to take what is in it for the word of this one.
    await file.truncate(0);
    await lockBriefly(file, path, { by: 'fsha', doing: 'asking for the node' }, signal);
    await file.writeFile(`${printable(by, LONGEST)}\n`);
  } catch (error) {
    await file.close().catch(() => undefined);
    throw isErrno(error) ? lockError('create', path, error) : error;
  }
  return {
    withdraw: async () => {
      await file.truncate(0).catch(() => undefined);
      await file.close().catch(() => undefined);
    },
  };
}

async function openWish(path: string): Promise<FileHandle> {
  try {
    const shared = await makeStateDirectory(dirname(path));
    return await openLockFile(path, shared).catch(async () => {
      // One that another user left and that may not be opened: stale, since its writer held what this one holds now.
      await unlink(path).catch(() => undefined);
      return openLockFile(path, shared);
    });
  } catch (error) {
    throw isErrno(error) ? lockError('create', path, error) : error;
  }
}

/** Only root can, whose files nobody else reads. */
async function giveAs(path: string, file: FileHandle): Promise<void> {
  try {
    const { uid, gid } = await stat(path);
    await file.chown(uid, gid);
  } catch {
    // Another user's then stays another user's: who shares the directory reads it all the same.
  }
}

/**
 * Who has left word and lives; null for nobody. What is stale is cleared, where it may be. One that may not be opened says
 * nothing: to keep a node out for somebody who does not want it any more is the lesser evil.
 * @throws FshaError `journal` where it cannot be read, `refused` (no flock(1) here)
 */
export async function readWish(path: string): Promise<string | null> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, WRITE).catch(() => open(path, READ));
    const seen = await file.stat();
    if (!seen.isFile() || seen.size === 0) return null;
    if (await flock(file.fd, 'shared', path, new AbortController().signal)) {
      if (await isOwn(file)) await file.truncate(0).catch(() => undefined);
      return null;
    }
    // Not before: what was in it then may have been another one's.
    const { buffer, bytesRead } = await file.read(Buffer.alloc(LARGEST), 0, LARGEST, 0);
    const text = buffer.toString('utf8', 0, bytesRead);
    // Without its end it is being written still, or withdrawn.
    return text.endsWith('\n') ? printable(text.slice(0, -1), LONGEST) : null;
  } catch (error) {
    if (!isErrno(error)) throw error;
    if (isErrnoOf(error, 'ENOENT', 'EACCES', 'EPERM', 'ELOOP')) return null;
    throw lockError('read', path, error);
  } finally {
    await file?.close();
  }
}

/** A file of more names than this one is anybody's, put there by a link. */
async function isOwn(file: FileHandle): Promise<boolean> {
  const seen = await file.stat();
  return seen.isFile() && seen.nlink === 1;
}
