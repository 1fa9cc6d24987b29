/** Durations, rates and estimates as a live view shows them: nothing looks fresher or surer than it is. */
import type { Estimate } from '../domain/estimate.ts';
import type { Policy } from '../domain/policy.ts';
import { localTime } from './local-time.ts';

const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;

/** `42s`, `12m04s`, `1h07m`, `3d04h` of ms; parts of a second, and seconds behind an hour, are left away. */
export function spanWords(ms: number): string {
  const whole = Math.max(0, ms);
  if (whole < MINUTE) return `${Math.floor(whole / SECOND)}s`;
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)}m${two(Math.floor((whole % MINUTE) / SECOND))}s`;
  if (whole < DAY) return `${Math.floor(whole / HOUR)}h${two(Math.floor((whole % HOUR) / MINUTE))}m`;
  return `${Math.floor(whole / DAY)}d${two(Math.floor((whole % DAY) / HOUR))}h`;
}

/** `3s ago`; rounded up, so that what was read is never taken for fresher than it is. */
export function agoWords(ms: number): string {
  const unit = ms < HOUR ? SECOND : ms < DAY ? MINUTE : HOUR;
  return `${spanWords(Math.max(SECOND, Math.ceil(ms / unit) * unit))} ago`;
}

/** When the last call may have ended: always a range, or unknown with the reason. */
export function estimateWords(estimate: Estimate): string {
  if (estimate.kind === 'unknown') return `end unknown: ${estimate.why}`;
  if (estimate.to <= 0) return 'no call is left';
  const { from, to } = rounded(estimate);
  const latest = to > DAY ? 'more than a day' : shortSpan(to);
  if (from > DAY) return 'last call in more than a day';
  return from === 0
    ? `last call within ${latest} from now`
    : `last call between ${shortSpan(from)} and ${latest} from now`;
}

/**
 * When a rolling run may be over: `over in 12m to 20m`, and at what times of day that is. Always a range, or unknown.
 * @param wall now
 */
export function overWords(estimate: Estimate, wall: Date): readonly [words: string, times: string] {
  if (estimate.kind === 'unknown') return [`over: not known yet, ${estimate.why}`, ''];
  const { from, to } = rounded(estimate);
  if (from > DAY) return ['over in more than a day', ''];
  const latest = to > DAY ? 'more than a day' : shortSpan(to);
  const words = from === 0 ? `over within ${latest}` : `over in ${shortSpan(from)} to ${latest}`;
  const at = (ms: number): string =>
    (localTime(new Date(wall.getTime() + ms).toISOString()) ?? '').slice(0, 5);
  // What is that near is told by how long it takes.
  if (to > DAY || to < 10 * MINUTE) return [words, ''];
  return [words, from === 0 ? `by ${at(to)}` : `${at(from)} to ${at(to)}`];
}

/** Never a single time, however close the two are. */
function rounded({ from, to }: Estimate & { readonly kind: 'range' }): {
  readonly from: number;
  readonly to: number;
} {
  const unit = to <= 2 * MINUTE ? 10 * SECOND : to <= 3 * HOUR ? MINUTE : 10 * MINUTE;
  const least = Math.floor(from / unit) * unit;
  return { from: least, to: Math.max(least + unit, Math.ceil(to / unit) * unit) };
}

/** `falling 9.4/min over 5m` of a change per minute and the ms over which it was seen. */
export function rateWords(rate: { readonly perMinute: number; readonly over: number } | null): string {
  if (rate === null) return 'rate not known yet';
  const over = `over ${shortSpan(Math.round(rate.over / MINUTE) * MINUTE)}`;
  const amount = Math.abs(rate.perMinute).toFixed(1);
  if (amount === '0.0') return `steady ${over}`;
  return `${rate.perMinute < 0 ? 'falling' : 'rising'} ${amount}/min ${over}`;
}

/** What becomes of the node at the deadline, long and short. */
export function atDeadlineWords({ onTimeout, hold }: Policy): readonly [long: string, short: string] {
  if (hold) return ['then it stays out (hold)', 'then held'];
  switch (onTimeout) {
    case 'restore':
      return ['then it is given back as found', 'then given back'];
    case 'hold':
      return ['then it stays out, not restarted', 'then held'];
    case 'hangup':
      return ['then the calls that are left are cut', 'then calls cut'];
    default:
      return ['', ''];
  }
}

/** Whole minutes and hours without what is zero: `4m`, `1h`, `1h30m`, `40s`. */
function shortSpan(ms: number): string {
  const hours = Math.floor(ms / HOUR);
  const minutes = Math.floor((ms % HOUR) / MINUTE);
  const seconds = Math.round((ms % MINUTE) / SECOND);
  const text = `${hours > 0 ? `${hours}h` : ''}${minutes > 0 ? `${minutes}m` : ''}${seconds > 0 ? `${seconds}s` : ''}`;
  return text === '' ? '0s' : text;
}

function two(part: number): string {
  return String(part).padStart(2, '0');
}
