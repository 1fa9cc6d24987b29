/** The screen of `fsha runs`. */
import type { Service } from '../domain/run-events.ts';
import type { ListedRun } from '../domain/run-summary.ts';
import { printable } from '../domain/text.ts';
import { type Column, renderTable } from './table.ts';

const COLUMNS: readonly Column[] = [
  { title: 'RUN' },
  { title: 'STARTED' },
  { title: 'END' },
  { title: 'COMMAND', least: 12 },
  { title: 'BY', least: 6 },
];

/** One line for each run, in the order given; below them what is wrong with journals that cannot be read. */
export function runsTable(rows: readonly ListedRun[], width = 80): readonly string[] {
  if (rows.length === 0) return ['no runs'];
  const damaged = rows.flatMap(({ damage }) =>
    damage === null ? [] : [`damaged: ${printable(damage, 1000)}`],
  );
  const lines = renderTable(
    COLUMNS,
    rows.map((row) => [
      row.run,
      localMinute(row.startedAt),
      endText(row),
      row.command ?? '-',
      row.who ?? '-',
    ]),
    width,
  );
  return damaged.length === 0 ? lines : [...lines, '', ...damaged];
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
