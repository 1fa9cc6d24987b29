/** The screen of `fsha runs`. */
import type { Service } from '../domain/run-events.ts';
import type { ListedRun } from '../domain/run-summary.ts';
import { printable } from '../domain/text.ts';
import { type Column, naturalWidth, renderTable } from './table.ts';

const COLUMNS: readonly Column[] = [
  { title: 'RUN' },
  { title: 'STARTED' },
  { title: 'END' },
  { title: 'COMMAND', least: 12 },
];
const BY: Column = { title: 'BY' };

/**
 * One line for each run, in the order given; below them what is wrong with journals that cannot be read. Where the table is too
 * wide, who began a run is the first thing to go: `fsha show RUN` says it too.
 */
export function runsTable(rows: readonly ListedRun[], width = 80): readonly string[] {
  if (rows.length === 0) return ['no runs'];
  const damaged = rows.flatMap(({ state, damage }) =>
    damage === null ? [] : [`${state}: ${printable(damage, 1000)}`],
  );
  const cells = rows.map((row) => [row.run, localMinute(row.startedAt), endText(row), row.command ?? '-']);
  const withWho = (who: (row: ListedRun) => string): readonly (readonly string[])[] =>
    rows.map((row, index) => [...(cells[index] ?? []), who(row)]);
  const columns = [...COLUMNS, BY];
  const fitting = [withWho(({ who }) => who ?? '-'), withWho(({ who }) => userOf(who))].find(
    (table) => naturalWidth(columns, table) <= width,
  );
  const lines =
    fitting === undefined ? renderTable(COLUMNS, cells, width) : renderTable(columns, fitting, width);
  return damaged.length === 0 ? lines : [...lines, '', ...damaged];
}

/** `ops` of `ops@bastion`. */
function userOf(who: string | null): string {
  if (who === null) return '-';
  const at = who.lastIndexOf('@');
  return at <= 0 ? who : who.slice(0, at);
}

function endText({ state, outcome, exit, services, underWay, kind, untouched }: ListedRun): string {
  if (state === 'unfinished' && underWay !== null) return underWay ? 'in progress' : 'interrupted';
  if (state !== 'settled') return state;
  const out = Object.values(services).filter((service) => service !== 'in service');
  const end = `${outcome ?? 'ended'}${exit === 0 || exit === null ? '' : ` (${exit})`}`;
  if (kind === 'rolling') return `${end}${rollingNote(out, untouched.length)}`;
  // The ones to look after: what is not in service.
  const note = out.includes('unknown')
    ? outcome === 'unknown'
      ? ''
      : ', unknown'
    : out.length > 0
      ? ', out'
      : '';
  return `${end}${note}`;
}

/** Of several nodes how many: `, 1 out, 2 unknown, 3 not begun`. */
function rollingNote(services: readonly Service[], untouched: number): string {
  const unknown = services.filter((service) => service === 'unknown').length;
  const parts: readonly (readonly [number, string])[] = [
    [services.length - unknown, 'out'],
    [unknown, 'unknown'],
    [untouched, 'not begun'],
  ];
  return parts.map(([count, word]) => (count === 0 ? '' : `, ${count} ${word}`)).join('');
}

function localMinute(at: string | null): string {
  if (at === null) return '-';
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return '-';
  const two = (part: number): string => String(part).padStart(2, '0');
  return `${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}
