import { performance } from 'node:perf_hooks';

/** Microseconds since 1970, as FreeSWITCH stamps everything. */
export function microseconds(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1000);
}

/** `2026-11-22 19:44:19` in local time. */
export function localStamp(atMicroseconds: number): string {
  const at = new Date(atMicroseconds / 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** `Sun, 22 Nov 2026 19:44:19 GMT`. */
export function gmtStamp(atMicroseconds: number): string {
  return new Date(atMicroseconds / 1000).toUTCString();
}

export interface Uptime {
  readonly years: number;
  readonly days: number;
  readonly hours: number;
  readonly minutes: number;
  readonly seconds: number;
  readonly milliseconds: number;
  readonly microseconds: number;
}

export function splitUptime(total: number): Uptime {
  const part = (size: number, of: number): number => Math.floor(total / size) % of;
  return {
    years: Math.floor(total / (365 * 86_400_000_000)),
    days: part(86_400_000_000, 365),
    hours: part(3_600_000_000, 24),
    minutes: part(60_000_000, 60),
    seconds: part(1_000_000, 60),
    milliseconds: part(1000, 1000),
    microseconds: total % 1000,
  };
}

/** `0 years, 0 days, 0 hours, 1 minute, 11 seconds, 472 milliseconds, 906 microseconds`. */
export function uptimeWords(total: number): string {
  return Object.entries(splitUptime(total))
    .map(([unit, count]: [string, number]) => `${count} ${count === 1 ? unit.slice(0, -1) : unit}`)
    .join(', ');
}
