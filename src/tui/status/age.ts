/** How old readings are. */
import { formatDuration } from '../../domain/duration.ts';

/** Whole seconds, so that a line does not change with every frame: `32s`. */
export function ageText(at: number, now: number): string {
  return formatDuration(Math.floor(Math.max(0, now - at) / 1_000) * 1_000);
}

/** Whether a reading is older than two polls: something keeps the next one back. */
export function isOld(at: number, now: number, poll: number): boolean {
  return now - at > 2 * poll;
}
