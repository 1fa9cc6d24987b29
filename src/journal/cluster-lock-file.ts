/** The file that is locked. It is made once and never removed: whoever removed it would let a second holder in. */
import { type BigIntStats, constants, type Stats, statSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { lockError } from './cluster-lock-errors.ts';
import { isErrnoOf } from './errno.ts';
import { shareFile } from './shared-directory.ts';

/** What tells one file from another of the same name. */
export interface FileIdentity {
  readonly device: bigint;
  readonly inode: bigint;
}

/** Whoever makes the file gives it to the group a moment later: tries, and ms between them. */
const TRIES = 10;
const PAUSE = 50;

/** Opens the file, and makes it where it is missing. @throws FshaError `journal` */
export async function openLockFile(path: string, shared: Stats | null): Promise<FileHandle> {
  for (let tries = 1; ; tries += 1) {
    try {
      return (await openExisting(path)) ?? (await create(path, shared)) ?? (await open(path, EXISTING));
    } catch (error) {
      if (shared === null || tries === TRIES || !isErrnoOf(error, 'EACCES'))
        throw lockError('open', path, error);
    }
    await wait(PAUSE);
  }
}

// Not with O_CREAT: Linux refuses that for another user's file in a sticky directory (fs.protected_regular).
const EXISTING = constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Opens it and closes it again, which is no try to lock it. @throws FshaError `journal` where it is there and may not be opened */
export async function mayOpenLock(path: string): Promise<void> {
  try {
    await (await openExisting(path))?.close();
  } catch (error) {
    throw lockError('open', path, error);
  }
}

/** null: there is none yet. */
async function openExisting(path: string): Promise<FileHandle | null> {
  return open(path, EXISTING).catch((error: unknown) => unless('ENOENT', error));
}

/** null: somebody else was faster. */
async function create(path: string, shared: Stats | null): Promise<FileHandle | null> {
  const handle = await open(path, EXISTING | constants.O_CREAT | constants.O_EXCL, 0o600).catch(
    (error: unknown) => unless('EEXIST', error),
  );
  if (handle !== null) await shareFile(handle, shared);
  return handle;
}

function unless(code: string, error: unknown): null {
  if (isErrnoOf(error, code)) return null;
  throw error;
}

export async function identityOf(handle: FileHandle): Promise<FileIdentity> {
  return identityIn(await handle.stat({ bigint: true }));
}

/** Whether the file of that name is this one. At once: what hangs on it is done in the same moment. */
export function isAt(path: string, { device, inode }: FileIdentity): boolean {
  try {
    const there = identityIn(statSync(path, { bigint: true }));
    return there.device === device && there.inode === inode;
  } catch {
    return false;
  }
}

function identityIn({ dev, ino }: BigIntStats): FileIdentity {
  return { device: dev, inode: ino };
}
