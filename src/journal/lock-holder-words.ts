import { roughDuration } from '../domain/duration.ts';
import type { LockHolder } from '../domain/lock-holder.ts';

/**
 * `run 2026… (drain node-1) by ops@bastion, since 2026-11-22 21:31:34 UTC (12m3s), pid 4711`.
 * @param now wall clock, ms; where that is before the lock was taken, a clock was set and no age is said
 */
export function holderWords(holder: LockHolder, now: number): string {
  const { run, command, who, since, pid } = holder;
  const age = now - Date.parse(since);
  const moment = `${since.slice(0, 19).replace('T', ' ')} UTC`;
  return `run ${run} (${command}) by ${who}, since ${moment}${age < 0 ? '' : ` (${roughDuration(age)})`}, pid ${pid}`;
}
