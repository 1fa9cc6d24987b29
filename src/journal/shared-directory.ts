/** The state directory, and who may read what fsha writes there: the user alone, or the group that shares it. */
import { constants, type Stats } from 'node:fs';
import { mkdir, open, stat, type FileHandle } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * Makes the directory where it is missing, for the user alone, and sees it on the disk.
 * @returns its own record where a group shares it, else null
 */
export async function makeStateDirectory(dir: string): Promise<Stats | null> {
  const firstMade = await mkdir(dir, { recursive: true, mode: 0o700 });
  if (firstMade !== undefined) await syncDirectories(dirname(resolve(dir)), dirname(resolve(firstMade)));
  return sharedBy(dir);
}

/** The directory's own record where a group shares it, else null. World-writable is nobody's in particular. */
export async function sharedBy(dir: string): Promise<Stats | null> {
  const seen = await stat(dir);
  return (seen.mode & 0o020) !== 0 && (seen.mode & 0o002) === 0 ? seen : null;
}

/** False for a user who may write there without being in the group (an ACL): then nobody else gets to read the file. */
export async function givenToGroup(handle: FileHandle, gid: number): Promise<boolean> {
  if ((await handle.stat()).gid === gid) return true;
  return handle.chown(-1, gid).then(
    () => true,
    () => false,
  );
}

/** Lets the group of a shared directory read and write a new file; leaves it to the user where none shares it. */
export async function shareFile(handle: FileHandle, shared: Stats | null): Promise<void> {
  // Explicitly, since the umask has taken the group's bits away.
  if (shared !== null && (await givenToGroup(handle, shared.gid))) await handle.chmod(0o660);
}

/** A new file is on the disk only when its directory is, and so on up to what was there before. */
export async function syncDirectories(from: string, upTo: string): Promise<void> {
  for (let directory = from; ; directory = dirname(directory)) {
    let handle: FileHandle | undefined;
    try {
      handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY);
      await handle.sync();
    } catch (error) {
      // Some network file systems cannot sync a directory, and one that may not be read cannot be synced by its users.
      const code = (error as NodeJS.ErrnoException).code ?? '';
      if (!['EINVAL', 'ENOTSUP', 'EBADF', 'EACCES'].includes(code)) throw error;
    } finally {
      await handle?.close();
    }
    if (directory === upTo || directory === dirname(directory)) return;
  }
}
