/**
 * The file beside the lock that says who holds it. Its holder has it open and locked before it gets its name: a looker who
 * finds it unlocked knows that its writer has ended, whatever pid is in it, and never touches the lock itself.
 */
import { constants, type Stats } from 'node:fs';
import { open, rename, stat, unlink, type FileHandle } from 'node:fs/promises';
import { FshaError } from '../domain/errors.ts';
import type { LockHolder } from '../domain/lock-holder.ts';
import { printable } from '../domain/text.ts';
import { lockError } from './cluster-lock-errors.ts';
import { flock } from './cluster-lock-flock.ts';
import { isRunId } from './run-id.ts';
import { shareFile } from './shared-directory.ts';

/** Bytes. What fsha writes has a few hundred. */
const LARGEST = 8 * 1024;

const LEAVE_IT = 'Find out who locks files there, and try again.';

/**
 * Puts the file in place; only the holder of the lock may. It is as good as long as the handle is open.
 * @throws FshaError `journal`, `refused`, `interrupted`
 */
export async function publishHolder(
  path: string,
  holder: LockHolder,
  shared: Stats | null,
  signal: AbortSignal,
): Promise<FileHandle> {
  const draft = `${path}.new`;
  let handle: FileHandle | undefined;
  try {
    // Of a holder that was killed in the midst of this.
    await unlink(draft).catch(() => undefined);
    handle = await open(
      draft,
      constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
      0o600,
    );
    await shareFile(handle, shared);
    await handle.writeFile(`${JSON.stringify(holder)}\n`);
    if (!(await flock(handle.fd, 'exclusive', draft, signal)))
      throw new FshaError(
        'journal',
        `Somebody has locked ${printable(draft, 1000)}, which only fsha uses.`,
        LEAVE_IT,
      );
    await rename(draft, path);
    return handle;
  } catch (error) {
    await handle?.close().catch(() => undefined);
    await unlink(draft).catch(() => undefined);
    throw isErrno(error) ? lockError('create', path, error) : error;
  }
}

/** Takes the file away, where it is still this one, and closes it. What cannot be removed is stale from then on. */
export async function removeHolder(path: string, handle: FileHandle): Promise<void> {
  try {
    const [own, there] = await Promise.all([handle.stat(), stat(path)]);
    if (own.ino === there.ino && own.dev === there.dev) await unlink(path);
  } catch {
    // It is gone, or may not be removed: nothing hangs on it.
  }
  await handle.close().catch(() => undefined);
}

/** `live`: its writer has it open at this moment; who is null where the file does not say. */
export type HolderFile =
  { readonly live: false } | { readonly live: true; readonly holder: LockHolder | null };

/** @throws FshaError `journal` where it may not be read, `refused`, `interrupted` */
export async function readHolder(path: string, signal: AbortSignal): Promise<HolderFile> {
  let handle: FileHandle | undefined;
  try {
    // A pipe of that name must not hold anybody up.
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if (!(await handle.stat()).isFile()) return { live: false };
    const bytes = Buffer.alloc(LARGEST);
    const { bytesRead } = await handle.read(bytes, 0, LARGEST, 0);
    if (await flock(handle.fd, 'shared', path, signal)) return { live: false };
    return { live: true, holder: holderIn(bytes.toString('utf8', 0, bytesRead)) };
  } catch (error) {
    if (!isErrno(error)) throw error;
    if (error.code === 'ENOENT') return { live: false };
    throw lockError('read', path, error);
  } finally {
    await handle?.close();
  }
}

/** Whoever may write in the directory may have written this: what does not fit names nobody. */
function holderIn(text: string): LockHolder | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { run, command, who, pid, started, since } = value as Readonly<Record<string, unknown>>;
  if (typeof run !== 'string' || !isRunId(run)) return null;
  if (typeof command !== 'string' || typeof who !== 'string' || typeof since !== 'string') return null;
  if (!isCount(pid) || pid < 2 || !isCount(started)) return null;
  const taken = new Date(since);
  if (Number.isNaN(taken.getTime())) return null;
  return {
    run,
    command: printable(command, 500),
    who: printable(who, 200),
    pid,
    started,
    since: taken.toISOString(),
  };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isErrno(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && 'syscall' in error;
}
