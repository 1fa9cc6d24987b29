/** The process that holds a lock, on this machine. */
import { readFile } from 'node:fs/promises';
import type { LockHolder } from '../domain/lock-holder.ts';
import { isErrnoOf } from './errno.ts';

/**
 * When a process began, in ticks since boot (field 22 of /proc/PID/stat); null where there is none of that number, or it
 * cannot be seen from here (another container, hidepid).
 */
export async function processStart(pid: number | 'self'): Promise<number | null> {
  const started = Number((await fieldsOf(pid))[22 - 3]);
  return Number.isSafeInteger(started) ? started : null;
}

/** Whether this very process is stopped (Ctrl-Z, SIGSTOP, a debugger): what it is sent it hears when it goes on. */
export async function isStopped({ pid, started }: Pick<LockHolder, 'pid' | 'started'>): Promise<boolean> {
  const fields = await fieldsOf(pid);
  return Number(fields[22 - 3]) === started && (fields[0] === 'T' || fields[0] === 't');
}

/** Of /proc/PID/stat, from the third on; none where it cannot be read. */
async function fieldsOf(pid: number | 'self'): Promise<readonly string[]> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
    // The command's name may hold blanks and parentheses: fields are counted from the last one.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

/**
 * Sends SIGTERM to this very process: to none that has got its number since.
 * @returns `unseen` where there is none that it can be, `forbidden` where it is another user's
 */
export async function askToStop({ pid, started }: LockHolder): Promise<'asked' | 'unseen' | 'forbidden'> {
  if ((await processStart(pid)) !== started) return 'unseen';
  try {
    process.kill(pid, 'SIGTERM');
    return 'asked';
  } catch (error) {
    return isErrnoOf(error, 'EPERM') ? 'forbidden' : 'unseen';
  }
}
