/**
 * flock(1) of util-linux on a file that this process has open: Node itself cannot lock. The lock belongs to the open file, not
 * to the child, which is gone within milliseconds: it lasts until this process closes the file or ends, however it ends. No
 * other child gets the file: Node opens all with O_CLOEXEC.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { FshaError, interrupted } from '../domain/errors.ts';
import { printable } from '../domain/text.ts';
import { lockError } from './cluster-lock-errors.ts';
import { isErrnoOf } from './errno.ts';

/** Of flock(1), where somebody else has it (sysexits: EX_TEMPFAIL). */
const CONFLICT = 75;
/** It does not wait for the lock: whoever takes longer waits for a disk, or for a processor. ms */
const LIMIT = 10_000;
/** Characters of what it complains about. */
const COMPLAINT = 4_096;

/**
 * Tries once to lock the open file `fd`.
 * @param path names it in errors
 * @param limit ms
 * @returns false where somebody else holds a lock that excludes it
 * @throws FshaError `refused` where there is no flock on this machine, `journal` where it fails or takes too long,
 *   `interrupted`. It may then have been locked all the same: close it
 */
export async function flock(
  fd: number,
  mode: 'exclusive' | 'shared',
  path: string,
  signal: AbortSignal,
  limit = LIMIT,
): Promise<boolean> {
  const args = ['--nonblock', `--${mode}`, '--conflict-exit-code', String(CONFLICT), '3'];
  const { code, said } = await runFlock(args, fd, path, signal, limit);
  if (code === 0) return true;
  if (code === CONFLICT) return false;
  const why = said === '' ? `flock ended with ${code ?? 'a signal'}` : said;
  throw new FshaError(
    'journal',
    `Cannot lock ${printable(path, 1000)}: ${printable(why, 500)}.`,
    'It needs the flock of util-linux, and a state.dir on a file system that has locks.',
  );
}

/** @throws FshaError `refused` where there is no flock on this machine, `journal` where it is another program of that name */
export async function mustHaveFlock(signal: AbortSignal): Promise<void> {
  // Any file that is no lock of fsha's does.
  const handle = await open('/dev/null');
  try {
    await flock(handle.fd, 'shared', '/dev/null', signal);
  } finally {
    await handle.close();
  }
}

interface Ended {
  /** null where a signal ended it. */
  readonly code: number | null;
  readonly said: string;
}

function runFlock(
  args: readonly string[],
  fd: number,
  path: string,
  signal: AbortSignal,
  limit: number,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(interrupted('taking the lock'));
      return;
    }
    let child: ChildProcess;
    try {
      child = spawn('flock', args, {
        // Any directory that is there: where this process stands may be gone.
        cwd: '/',
        // In a session of its own: what the terminal sends misses it.
        detached: true,
        env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C' },
        stdio: ['ignore', 'ignore', 'pipe', fd],
      });
    } catch (error) {
      reject(notBegun(path, error));
      return;
    }
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (said.length < COMPLAINT) said += text.slice(0, COMPLAINT);
    });
    const leave = (error: FshaError): void => {
      child.kill('SIGKILL');
      // One that waits for a dead disk cannot be ended: it is no reason for this process to stay.
      child.stderr?.destroy();
      child.unref();
      finish(() => reject(error));
    };
    const onAbort = (): void => leave(interrupted('taking the lock'));
    const timer = setTimeout(
      () => leave(lockError('lock', path, Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }))),
      limit,
    );
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      settle();
    };
    signal.addEventListener('abort', onAbort, { once: true });
    child.on('error', (error) => finish(() => reject(notBegun(path, error))));
    child.once('close', (code) => finish(() => resolve({ code, said: said.trim() })));
  });
}

function notBegun(path: string, cause: unknown): FshaError {
  if (!isErrnoOf(cause, 'ENOENT', 'EACCES')) return lockError('lock', path, cause);
  return new FshaError(
    'refused',
    'There is no flock on this machine, without which no run can be kept from another one.',
    'Install the package util-linux (RHEL: util-linux-core has it too), or put flock on the PATH.',
    cause,
  );
}
