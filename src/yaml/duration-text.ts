/** How a duration is read, and what is said where it is none. */
import { formatDuration, parseDuration } from '../domain/duration.ts';
import { quoted } from './said-back.ts';
import { mismatch, wrong } from './scalar.ts';
import type { Reading } from './scalar.ts';

/** The longest that a timer of Node's can wait: beyond 2³¹−1 ms it fires at once. */
const LONGEST = 2_147_483_647;
/** What JSON Schema knows of it. */
export const DURATION_PATTERN = '^(?=.)([0-9]+h)?([0-9]+m(?!s))?([0-9]+s)?([0-9]+ms)?$';

/**
 * @param least the shortest that is allowed, ms
 * @param expected what it is, with its article
 * @param most the longest that is allowed, ms
 * @returns milliseconds
 */
export function readDuration(
  written: unknown,
  least: number,
  expected: string,
  most = LONGEST,
): Reading<number> {
  if (typeof written === 'number') {
    const example = Number.isInteger(written) && written > 0 ? `${written}s` : '30s';
    return wrong(`A duration needs a unit: write ${example}, or another of h, m, s, ms.`);
  }
  if (typeof written !== 'string') return wrong(mismatch(written, expected));
  if (/^\d+$/.test(written))
    return wrong(`A duration needs a unit: write ${written.slice(0, 12)}s, or another of h, m, s, ms.`);
  const ms = parseDuration(written);
  if (ms === undefined) {
    return wrong(
      `${quoted(written)} is not a duration: write whole numbers with h, m, s, ms, largest first, such as 1h30m.`,
    );
  }
  if (ms > most)
    return wrong(`${quoted(written)} is too long: ${Math.floor(most / 3_600_000)}h is the most.`);
  return ms >= least
    ? { value: ms }
    : wrong(`${quoted(written)} is too short: ${formatDuration(least)} is the least.`);
}
