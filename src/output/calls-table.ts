/** The screen of `fsha calls`. */
import { ageOf, type CallList, clockAhead, type ListedCall, listedCalls } from '../domain/call-list.ts';
import type { LiveCall } from '../domain/cutting.ts';
import { formatDuration } from '../domain/duration.ts';
import { printable } from '../domain/text.ts';
import { counted } from './count-words.ts';
import { type Column, naturalWidth, renderTable, type Row } from './table.ts';

export interface CallsTableOptions {
  readonly node: string;
  /** Wall clock of the look. */
  readonly now: Date;
  readonly showNumbers: boolean;
  readonly width: number;
}

const COLUMNS: readonly Column[] = [
  { title: 'AGE', align: 'right' },
  { title: 'DIR' },
  { title: 'APP', least: 4 },
  { title: 'FROM', least: 4 },
  { title: 'TO', least: 4 },
  { title: 'LEGS', align: 'right' },
  { title: 'STATE', least: 5 },
  { title: 'KIND' },
];
/** Between a clock that is ahead and the second that FreeSWITCH rounds to: ms. */
const ROUNDING = 1_500;

/** Left out where even without the id there is no room for all. */
const SPARE: ReadonlySet<string> = new Set(['DIR', 'APP', 'STATE']);
/** So wide is a line without the id when everything is cut that may be. */
const LEAST_WIDTH = 55;

/**
 * One line a call, oldest first, with its id last; where that is wider than `width` the id stands below its call, since it
 * is there to be copied whole.
 */
export function callsTable(calls: readonly LiveCall[], options: CallsTableOptions): readonly string[] {
  if (calls.length === 0) return [];
  const { now, showNumbers, width } = options;
  const listed = listedCalls(calls, showNumbers);
  const rows = listed.map((call) => rowOf(call, now));
  const withId = [...COLUMNS, { title: 'ID' }];
  const wide = rows.map((row, index) => [...row, listed[index]?.id ?? '']);
  if (naturalWidth(withId, wide) <= width) return renderTable(withId, wide, width);
  const kept = COLUMNS.map(({ title }) => width >= LEAST_WIDTH || !SPARE.has(title));
  const isKept = (_: unknown, index: number): boolean => kept[index] === true;
  const [title = '', ...lines] = renderTable(
    COLUMNS.filter(isKept),
    rows.map((row) => row.filter(isKept)),
    width,
  );
  return [title, ...lines.flatMap((line, index) => [line, `  ${listed[index]?.id ?? ''}`])];
}

/**
 * What there is in all, and what is not in the table, and why.
 * @param shown how many calls of the list are in the table
 */
export function callsNotes(
  { calls, sessions, unlisted, ghosts }: CallList,
  shown: number,
  { node, now }: Pick<CallsTableOptions, 'node' | 'now'>,
): readonly string[] {
  const name = printable(node);
  const younger = calls.length - shown;
  const ahead = clockAhead(calls, now);
  return [
    `${name}: ${counted(calls.length, 'call')}, ${counted(sessions, 'session')}${younger > 0 ? `; ${younger} not so old left out` : ''}`,
    ...(unlisted > 0
      ? [
          `${name}: ${counted(unlisted, 'session')} in memory ${unlisted === 1 ? 'has' : 'have'} no row in the core database: not every call is listed`,
        ]
      : []),
    ...(ghosts > 0
      ? [`${name}: ${counted(ghosts, 'row')} of calls that are gone left out (their process was killed)`]
      : []),
    ...(ahead > ROUNDING
      ? [
          `${name}: its clock is at least ${formatDuration(Math.floor(ahead / 1_000) * 1_000)} ahead of this machine's: calls are older than shown`,
        ]
      : []),
  ];
}

function rowOf(call: ListedCall, now: Date): Row {
  const age = ageOf(call, now);
  return [
    age === null ? '?' : ageText(age),
    directionWord(call.direction),
    orDash(call.application),
    call.from === '' ? '?' : call.from,
    call.to === '' ? '?' : call.to,
    String(call.legs),
    orDash(call.state.replace(/^CS_/, '')),
    call.kind === 'ordinary' ? '-' : call.kind,
  ];
}

const DIRECTIONS: Readonly<Record<string, string>> = { inbound: 'in', outbound: 'out' };

/** `in` and `out` for FreeSWITCH's `inbound` and `outbound`; any other word as it is, `-` where there is none. */
export function directionWord(direction: string): string {
  return DIRECTIONS[direction] ?? orDash(direction);
}

/** `42s`, `12m5s`, `3h12m`, `2d4h`: two units, whole ones. */
export function ageText(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return formatDuration(Math.floor(ms / 1_000) * 1_000);
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return formatDuration(minutes * 60_000);
  return `${Math.floor(hours / 24)}d${hours % 24 === 0 ? '' : `${hours % 24}h`}`;
}

function orDash(text: string): string {
  return text === '' ? '-' : text;
}
