/** Looking at the lock of a cluster without touching it: a try to lock it, even a shared one, could refuse a run. */
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { interrupted } from '../domain/errors.ts';
import type { LockState } from '../domain/lock-holder.ts';
import { lockError } from './cluster-lock-errors.ts';
import { holderPath, lockPath } from './cluster-lock-path.ts';
import { isErrnoOf } from './errno.ts';
import { readHolder } from './lock-holder-file.ts';

/** A new holder names itself within this time. ms */
const NAMELESS = 500;
const LOOK = 50;

/**
 * Whether a run holds the lock at this moment, and which. Looks only at the file beside it, which its holder has locked too,
 * and where that names nobody at the kernel's list of locks. No directory, no file: not held.
 * @throws FshaError `journal` where it cannot be seen, `refused` (no flock(1) here), `interrupted`
 */
export async function lockState(
  dir: string,
  cluster: string,
  signal: AbortSignal = new AbortController().signal,
): Promise<LockState> {
  const deadline = performance.now() + NAMELESS;
  for (;;) {
    const seen = await readHolder(holderPath(resolve(dir), cluster), signal);
    if (seen.live && seen.holder !== null) return { held: true, holder: seen.holder };
    if (!seen.live && !(await isListed(lockPath(resolve(dir), cluster)))) return { held: false };
    if (performance.now() > deadline) return { held: true, holder: null };
    try {
      await wait(LOOK, undefined, { signal });
    } catch {
      throw interrupted('looking at the lock');
    }
  }
}

/**
 * Whether the kernel lists it as locked. What it does not list may be locked all the same: in a container it leaves out what
 * was locked outside, and some file systems (btrfs) go by other numbers there. So this only adds to what the file says.
 */
async function isListed(path: string): Promise<boolean> {
  let file: { readonly dev: bigint; readonly ino: bigint };
  try {
    file = await stat(path, { bigint: true });
  } catch (error) {
    if (isErrnoOf(error, 'ENOENT')) return false;
    throw lockError('read', path, error);
  }
  const listed = await readFile('/proc/locks', 'latin1').catch(() => '');
  const wanted = `${deviceNumber(file.dev)}:${file.ino}`;
  // `1: FLOCK  ADVISORY  WRITE 826 fe:00:2147407 0 EOF`; those who wait have an arrow behind the number.
  return listed
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .some(([, kind, , mode, , where]) => kind === 'FLOCK' && mode === 'WRITE' && where === wanted);
}

/** As the kernel prints it: major and minor number in hexadecimal, two digits at least (see makedev(3)). */
function deviceNumber(device: bigint): string {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n);
  const minor = (device & 0xffn) | ((device >> 12n) & 0xffffff00n);
  return [major, minor].map((part) => part.toString(16).padStart(2, '0')).join(':');
}
