/** Durations as people write them (`1h30m`) and as they are shown. Inside fsha a duration is a number of milliseconds. */

const UNITS = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const;

const SHAPE = /^(?:(\d{1,10})h)?(?:(\d{1,8})m(?!s))?(?:(\d{1,10})s)?(?:(\d{1,12})ms)?$/;

/**
 * Reads a duration: integers with h, m, s, ms, largest first, each at most once; never a bare number.
 * @returns milliseconds, or undefined where the text is not a duration
 */
export function parseDuration(text: string): number | undefined {
  const match = SHAPE.exec(text);
  if (match === null || text === '') return undefined;
  let total = 0;
  UNITS.forEach(([, size], index) => (total += Number(match[index + 1] ?? 0) * size));
  return Number.isSafeInteger(total) ? total : undefined;
}

/** Prints milliseconds in the form that {@link parseDuration} reads, exactly: `1h30m`, `90s` becomes `1m30s`, 0 is `0s`. */
export function formatDuration(ms: number): string {
  let rest = Math.max(0, Math.round(ms));
  let text = '';
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) text += `${count}${unit}`;
  }
  return text === '' ? '0s' : text;
}

/** Prints milliseconds for people: tenths below ten seconds, whole seconds below an hour, then minutes. */
export function roughDuration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))}ms`;
  if (ms < 9_950) return `${(ms / 1_000).toFixed(1)}s`;
  if (ms < 3_600_000) return formatDuration(Math.round(ms / 1_000) * 1_000);
  return formatDuration(Math.round(ms / 60_000) * 60_000);
}
