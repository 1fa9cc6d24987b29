/** Moments as they are shown: in the time zone of who reads. */

/** `2026-11-22 21:31:34` of an ISO 8601 text. */
export function localSecond(at: string): string {
  const date = new Date(at);
  return isMoment(date) ? `${dayOf(date)} ${timeOf(date)}` : 'at an unknown time';
}

/** `21:31:34`; undefined for what is no moment. */
export function localTime(at: string): string | undefined {
  const date = new Date(at);
  return isMoment(date) ? timeOf(date) : undefined;
}

/** The time alone where it is of the same day as `seenFrom` (ISO 8601) or nothing is known of that, else with its day. */
export function localMoment(at: string, seenFrom?: string): string {
  const date = new Date(at);
  if (!isMoment(date)) return 'an unknown time';
  const other = seenFrom === undefined ? date : new Date(seenFrom);
  return isMoment(other) && dayOf(other) !== dayOf(date) ? `${dayOf(date)} ${timeOf(date)}` : timeOf(date);
}

function isMoment(date: Date): boolean {
  return !Number.isNaN(date.getTime());
}

function dayOf(date: Date): string {
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

function timeOf(date: Date): string {
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

function two(part: number): string {
  return String(part).padStart(2, '0');
}
