/** What `status` says: sessions in memory, readiness, uptime, version. Pure. Forms as measured on 1.10.12. */
import { known, unknown, type Known } from '../domain/observation.ts';
import { printable } from '../domain/text.ts';
import { asCount, asRecord, parseJson } from './json-values.ts';
import { isRefusal, unreadable } from './plain-replies.ts';

export interface StatusReading {
  readonly ready: Known<boolean>;
  readonly uptimeMs: Known<number>;
  readonly version: Known<string>;
  readonly sessions: Known<number>;
  readonly peak5Min: Known<number>;
  readonly sessionLimit: Known<number>;
}

/** Largest first, in milliseconds; FreeSWITCH's year has 365 days. */
const UNITS = {
  years: 365 * 86_400_000,
  days: 86_400_000,
  hours: 3_600_000,
  minutes: 60_000,
  seconds: 1_000,
  milliseconds: 1,
} as const;

/** One number for each of UNITS. Whole lines only: of "25" cut in two the first half is a number too. */
const UPTIME =
  /^UP (\d+) years?, (\d+) days?, (\d+) hours?, (\d+) minutes?, (\d+) seconds?, (\d+) milliseconds?(?:, \d+ microseconds?)?[ \t\r]*$/m;

const absent = (what: string): { readonly known: false; readonly why: string } =>
  unknown(`the answer to status has no usable ${what}`);

/** `json {"command":"status","data":""}`; undefined where it is not such an answer, so that the text may be asked for. */
export function readStatusJson(body: string): StatusReading | undefined {
  const response = asRecord(asRecord(parseJson(body))?.['response']);
  if (response === undefined) return undefined;
  const count = asRecord(asRecord(response['sessions'])?.['count']);
  const number = (value: unknown, what: string): Known<number> => {
    const read = asCount(value);
    return read === undefined ? absent(what) : known(read);
  };
  const { systemStatus, version } = { systemStatus: response['systemStatus'], version: response['version'] };
  return {
    ready:
      typeof systemStatus === 'string'
        ? known(systemStatus.toLowerCase() === 'ready')
        : absent('systemStatus'),
    uptimeMs: uptimeOf((unit) => asCount(asRecord(response['uptime'])?.[unit])),
    version: typeof version === 'string' && version !== '' ? known(printable(version)) : absent('version'),
    sessions: number(count?.['active'], 'session count'),
    peak5Min: number(count?.['peak5Min'], 'peak'),
    sessionLimit: number(count?.['limit'], 'session limit'),
  };
}

/** `status`; every field is unknown where the answer is an error. */
export function readStatusText(body: string): StatusReading {
  if (isRefusal(body) || body.trim() === '') return unknownStatus(unreadable(body, 'the status').why);
  const number = (pattern: RegExp, what: string): Known<number> => {
    const read = asCount(pattern.exec(body)?.[1]);
    return read === undefined ? absent(what) : known(read);
  };
  const state = /^FreeSWITCH \(Version (.+)\) is (ready|not ready)\s*$/im.exec(body);
  const uptime = UPTIME.exec(body) ?? [];
  return {
    ready: state?.[2] === undefined ? absent('readiness') : known(state[2].toLowerCase() === 'ready'),
    uptimeMs: uptimeOf((_unit, index) => asCount(uptime[index + 1])),
    version: state?.[1] === undefined ? absent('version') : known(printable(state[1])),
    sessions: number(/^(\d+) session\(s\) - peak/m, 'session count'),
    peak5Min: number(/^\d+ session\(s\) - peak \d+, last 5min (\d+)[ \t\r]*\n/m, 'peak'),
    sessionLimit: number(/^(\d+) session\(s\) max[ \t\r]*$/m, 'session limit'),
  };
}

/** A status of which nothing could be read, for that reason. */
export function unknownStatus(why: string): StatusReading {
  const none = unknown(why);
  return { ready: none, uptimeMs: none, version: none, sessions: none, peak5Min: none, sessionLimit: none };
}

function uptimeOf(read: (unit: keyof typeof UNITS, index: number) => number | undefined): Known<number> {
  let total = 0;
  for (const [index, unit] of (Object.keys(UNITS) as (keyof typeof UNITS)[]).entries()) {
    const count = read(unit, index);
    if (count === undefined) return absent('uptime');
    total += count * UNITS[unit];
  }
  return Number.isSafeInteger(total) ? known(total) : absent('uptime');
}
