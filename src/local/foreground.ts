/** Job control: `fsha drain node-1 &` must not touch the terminal. */
import { readFileSync } from 'node:fs';

/**
 * Whether this process is in the foreground of its terminal. Setting raw mode from the background stops a process (SIGTTOU).
 * True where that cannot be told, and where no terminal controls the process: nothing stops it then.
 */
export function isForeground(statFile = '/proc/self/stat'): boolean {
  let stat: string;
  try {
    stat = readFileSync(statFile, 'latin1');
  } catch {
    return true;
  }
  // The command's name may hold blanks and parentheses: fields are counted from the last one. See proc_pid_stat(5).
  const [, , group, , , foregroundGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return foregroundGroup === undefined || foregroundGroup === '-1' || group === foregroundGroup;
}
