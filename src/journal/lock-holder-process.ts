/** Whether a pid is still the process it was. */
import { readFile } from 'node:fs/promises';

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
