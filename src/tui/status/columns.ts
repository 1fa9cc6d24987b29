/** The columns of the list of nodes: as many as the terminal has room for, what matters least left out first. */
import stringWidth from 'string-width';
import type { Cluster } from '../../domain/cluster.ts';
import { printable } from '../../domain/text.ts';
import { counted } from '../../output/count-words.ts';
import { UNKNOWN } from '../../output/status-cells.ts';
import { pad, truncate } from '../../output/table.ts';
import { type Line, type Span, styled, type Style } from '../line.ts';
import type { Cell, NodeRow } from './rows.ts';

interface Column {
  readonly title: string;
  readonly cell: (row: NodeRow) => Cell;
  readonly align: 'left' | 'right';
}

/** Columns with the width that each gets. */
export interface Layout {
  readonly columns: readonly (Column & { readonly width: number })[];
  /** Columns left for notes; 0 for none. */
  readonly note: number;
  /** Whether what is paused has no column of its own. */
  readonly pauseInNote: boolean;
}

const GAP = 2;
/** The mark of the selected line. */
const GUTTER = 2;
/** Less is no room for a note. */
const LEAST_NOTE = 11;

const VALUES = {
  sessions: { title: 'SESSIONS', align: 'right', cell: (row) => row.sessions },
  calls: { title: 'CALLS', align: 'right', cell: (row) => row.calls },
  uptime: { title: 'UPTIME', align: 'right', cell: (row) => row.uptime },
  version: { title: 'VERSION', align: 'left', cell: (row) => row.version },
  pause: { title: 'PAUSE', align: 'left', cell: (row) => row.pause },
} as const satisfies Readonly<Record<string, Column>>;

type Value = keyof typeof VALUES;

/** From all there is to what is needed least to decide anything. */
const LADDER: readonly (readonly Value[])[] = [
  ['sessions', 'calls', 'uptime', 'version', 'pause'],
  ['sessions', 'calls', 'uptime', 'pause'],
  ['sessions', 'calls', 'pause'],
  ['sessions', 'calls'],
  ['sessions'],
];

/**
 * Chooses what fits into `width`: the state on each proxy side by side if that is possible at all, else in one column.
 * @param hasNotes whether any line needs room for a note
 */
export function layoutOf(
  cluster: Cluster,
  rows: readonly NodeRow[],
  width: number,
  hasNotes: boolean,
): Layout {
  const name = sized({ title: 'NODE', align: 'left', cell: (row) => row.name }, rows);
  // A name of 63 characters must not push out everything else.
  const node = { ...name, width: Math.min(name.width, Math.max(14, Math.floor(width / 3))) };
  const apart = cluster.proxies.map((proxy, index) =>
    sized(
      { title: printable(proxy.name), align: 'left', cell: (row) => row.states[index] ?? row.grouped },
      rows,
    ),
  );
  const together = sized(
    {
      title: `ON ${counted(cluster.proxies.length, 'PROXY', 'PROXIES')}`,
      align: 'left',
      cell: (row) => row.grouped,
    },
    rows,
  );
  const values = new Map<Value, Sized>();
  const value = (key: Value): Sized => {
    const made = values.get(key) ?? sized(VALUES[key], rows);
    values.set(key, made);
    return made;
  };
  for (const reserve of hasNotes ? [GAP + LEAST_NOTE, 0] : [0])
    for (const states of [apart, [together]])
      for (const keys of LADDER) {
        const columns = [node, ...states, ...keys.map(value)];
        if (total(columns) <= width - GUTTER - reserve) return { columns, ...noteRoom(columns, width, keys) };
      }
  // Narrower than anything that is foreseen: sessions and name, and of the states as much as there is room for.
  const sessions = value('sessions');
  const least = { ...together, width: Math.max(4, width - GUTTER - total([node, sessions]) - GAP) };
  return { columns: [node, least, sessions], note: 0, pauseInNote: true };
}

type Sized = Column & { readonly width: number };

function sized(column: Column, rows: readonly NodeRow[]): Sized {
  const width = rows.reduce(
    (widest, row) => Math.max(widest, column.cell(row).width),
    stringWidth(column.title),
  );
  return { ...column, width };
}

function total(columns: readonly Sized[]): number {
  return columns.reduce((sum, { width }) => sum + width, 0) + GAP * (columns.length - 1);
}

function noteRoom(
  columns: readonly Sized[],
  width: number,
  keys: readonly Value[],
): Pick<Layout, 'note' | 'pauseInNote'> {
  const left = width - GUTTER - total(columns) - GAP;
  return { note: left < LEAST_NOTE ? 0 : left, pauseInNote: !keys.includes('pause') };
}

export function titleLine({ columns, note }: Layout): Line {
  const titles = columns.map(({ title, width, align }) => pad(truncate(title, width), width, align));
  return [
    styled('dim', `${' '.repeat(GUTTER)}${[...titles, ...(note > 0 ? ['NOTE'] : [])].join(' '.repeat(GAP))}`),
  ];
}

/** The line of a node. @param age how old its reading is, in words; empty where it is new */
export function nodeLine(layout: Layout, row: NodeRow, age: string, isSelected: boolean): Line {
  const style = (own: Style): Style => (isSelected ? 'inverse' : own);
  const gap = ' '.repeat(GAP);
  const spans: Span[] = [styled(style('plain'), isSelected ? '> ' : ' '.repeat(GUTTER))];
  layout.columns.forEach(({ cell, width, align }, index) => {
    const { text, style: own } = cell(row);
    spans.push(styled(style(own), pad(truncate(text, width), width, align)));
    if (index < layout.columns.length - 1) spans.push(styled(style('plain'), gap));
  });
  const text = noteText(layout, row, age);
  if (text !== '' && layout.note > 0)
    spans.push(styled(style('warning'), `${gap}${truncate(text, layout.note)}`));
  return spans;
}

/** In full where that fits, else in short. How old it is goes before a word is cut: the details say that too. */
function noteText({ note, pauseInNote }: Layout, { notes, pause, at }: NodeRow, age: string): string {
  const isPaused = pauseInNote && at !== null && pause.text !== 'no' && pause.text !== UNKNOWN;
  const paused = isPaused ? [`paused: ${pause.text}`] : [];
  const joined = (own: readonly string[]): string => [...own, ...paused].join(', ');
  const [long, short] = [joined(notes.map(({ text }) => text)), joined(notes.map((one) => one.short))];
  const aged = (text: string): string => [age, text].filter((part) => part !== '').join(', ');
  return [aged(long), aged(short)].find((text) => stringWidth(text) <= note) ?? (short === '' ? age : short);
}
