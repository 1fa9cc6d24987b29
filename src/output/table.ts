/** Tables of a fixed width, in plain text. */
import stringWidth from 'string-width';
import { printable } from '../domain/text.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** May be cut, down to this many columns of the terminal, where the table is too wide. */
  readonly least?: number;
}

export type Row = readonly string[];

const GAP = 2;
const GRAPHEMES = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** The width that the table needs to show everything. */
export function naturalWidth(columns: readonly Column[], rows: readonly Row[]): number {
  return total(naturalWidths(columns, cleaned(rows)));
}

/**
 * Title line and rows, each at most `width` columns as far as the columns may shrink; those that may are cut with `…`,
 * the widest first. Cells are made printable; a wide character counts two.
 */
export function renderTable(columns: readonly Column[], rows: readonly Row[], width = 80): readonly string[] {
  const clean = cleaned(rows);
  const widths = shrink(columns, naturalWidths(columns, clean), width);
  return [columns.map(({ title }) => title), ...clean].map((row) =>
    columns
      .map((column, index) =>
        pad(truncate(row[index] ?? '', widths[index] ?? 0), widths[index] ?? 0, column.align),
      )
      .join(' '.repeat(GAP))
      .trimEnd(),
  );
}

/** Cuts `text` to `width` columns of a terminal, with `…` where something was cut. */
export function truncate(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  if (width < 1) return '';
  let kept = '';
  let used = 0;
  for (const { segment } of GRAPHEMES.segment(text)) {
    used += stringWidth(segment);
    if (used > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** Fills `text` up to `width` columns of a terminal. */
export function pad(text: string, width: number, align: Column['align'] = 'left'): string {
  const blank = ' '.repeat(Math.max(0, width - stringWidth(text)));
  return align === 'right' ? blank + text : text + blank;
}

function cleaned(rows: readonly Row[]): readonly Row[] {
  return rows.map((row) => row.map((cell) => printable(cell, 1000)));
}

function naturalWidths(columns: readonly Column[], rows: readonly Row[]): readonly number[] {
  return columns.map(({ title }, index) =>
    rows.reduce((widest, row) => Math.max(widest, stringWidth(row[index] ?? '')), stringWidth(title)),
  );
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + GAP * Math.max(0, widths.length - 1);
}

function shrink(columns: readonly Column[], natural: readonly number[], width: number): readonly number[] {
  const widths = [...natural];
  for (let excess = total(widths) - width; excess > 0; excess -= 1) {
    let widest = -1;
    columns.forEach(({ least }, index) => {
      const size = widths[index] ?? 0;
      if (least !== undefined && size > least && size > (widths[widest] ?? 0)) widest = index;
    });
    if (widest === -1) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}
