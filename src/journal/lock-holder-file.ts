/**
 * The file beside the lock that says who holds it. Its holder has it open and locked before it gets its name: a looker who
 * finds it unlocked knows that its writer has ended, whatever pid is in it, and never touches the lock itself.
 */
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { LockHolder } from '../domain/lock-holder.ts';
import { printable } from '../domain/text.ts';
import { lockError } from './cluster-lock-errors.ts';
import { flock } from './cluster-lock-flock.ts';
import { isRunId } from './run-id.ts';
import { isErrno, isErrnoOf } from './errno.ts';

/** Bytes. What fsha writes has a few hundred. */
const LARGEST = 8 * 1024;

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
    if (isErrnoOf(error, 'ENOENT')) return { live: false };
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
