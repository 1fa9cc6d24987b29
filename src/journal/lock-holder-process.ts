/** The process that holds a lock, on this machine. */
import { readFile } from 'node:fs/promises';
import type { LockHolder } from '../domain/lock-holder.ts';

/**
 * When a process began, in ticks since boot (field 22 of /proc/PID/stat); null where there is none of that number, or it
 * cannot be seen from here (another container, hidepid).
 */
export async function processStart(pid: number | 'self'): Promise<number | null> {
  let stat: string;
  try {
    stat = await readFile(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return null;
  }
  // The command's name may hold blanks and parentheses: fields are counted from the last one, the third is the first.
  const started = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[22 - 3]);
  return Number.isSafeInteger(started) ? started : null;
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
    return error instanceof Error && 'code' in error && error.code === 'EPERM' ? 'forbidden' : 'unseen';
  }
}
