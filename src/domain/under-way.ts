/** Whether a run that has not come to its end goes on: only the lock of its cluster can tell. */
import type { LockState } from './lock-holder.ts';

/**
 * @param lock looked at after the run was seen to be unfinished; null where that is not known
 * @returns true: it goes on; false: its process has ended; null: that cannot be told
 */
export function isUnderWay(run: string, lock: LockState | null): boolean | null {
  if (lock === null) return null;
  if (!lock.held) return false;
  return lock.holder === null ? null : lock.holder.run === run;
}
