/** Panels one below the other, each with as much room as its weight gives it. */
import { errorInfo } from '../../domain/errors.ts';
import { EMPTY_LINE, type Line, line, styled, widthOf } from '../line.ts';
import type { RunView } from './view.ts';

export interface Panel {
  /**
   * How many lines it can use at each level of room, ascending; 0: none. Level 0 is what one must see on the smallest
   * screen, 4 everything there is.
   */
  heights(view: RunView, columns: number): readonly [number, number, number, number, number];
  /** At most `rows` lines, where that is at least 1. */
  draw(view: RunView, columns: number, rows: number): readonly Line[];
  /** An empty line may stand above it. */
  readonly isGroup: boolean;
  /** Whether some of the lines of a level are of use where not all of them have room. */
  readonly inPieces: boolean;
}

/** From so many columns on labels have a column of their own. */
const WITH_GUTTER = 72;
const GUTTER = 10;

/**
 * @param panels as they stand on the screen
 * @param weighty the same, what matters most first
 */
export function stack(
  panels: readonly Panel[],
  weighty: readonly Panel[],
  view: RunView,
  columns: number,
  rows: number,
): readonly Line[] {
  const heights = new Map(panels.map((panel) => [panel, heightsOf(panel, view, columns)]));
  const given = new Map(panels.map((panel) => [panel, 0]));
  let left = rows;
  const grow = (level: 0 | 1 | 2 | 3 | 4): void => {
    for (const panel of weighty) {
      const has = given.get(panel) ?? 0;
      const wanted = Math.max(0, (heights.get(panel)?.[level] ?? 0) - has);
      const more = wanted <= left ? wanted : panel.inPieces ? left : 0;
      given.set(panel, has + more);
      left -= more;
    }
  };
  for (const level of [0, 1, 2, 3] as const) grow(level);
  const groups = panels.filter((panel) => panel.isGroup && (given.get(panel) ?? 0) > 0).length;
  const isAiry = left >= groups;
  if (isAiry) left -= groups;
  grow(4);
  return panels.flatMap((panel) => {
    const room = given.get(panel) ?? 0;
    if (room === 0) return [];
    const lines = drawn(panel, view, columns, room).slice(0, room);
    return isAiry && panel.isGroup && lines.length > 0 ? [EMPTY_LINE, ...lines] : lines;
  });
}

/** A journal may hold what no version wrote: one part that cannot be drawn is not to take the others with it. */
function heightsOf(panel: Panel, view: RunView, columns: number): ReturnType<Panel['heights']> {
  try {
    return panel.heights(view, columns);
  } catch {
    return [1, 1, 1, 1, 1];
  }
}

/** What the panel draws; where it cannot, one line that says so. */
export function drawn(panel: Panel, view: RunView, columns: number, rows: number): readonly Line[] {
  try {
    return panel.draw(view, columns, rows);
  } catch (error) {
    return [line(styled('warning', `this part cannot be shown: ${errorInfo(error).message}`))];
  }
}

/** The width that is left beside labels. */
export function innerWidth(columns: number): number {
  return columns >= WITH_GUTTER ? columns - GUTTER : columns;
}

/** Lines with a label before the first; on a wide screen all of them to the right of it. */
export function labelled(label: string, lines: readonly Line[], columns: number): readonly Line[] {
  const isWide = columns >= WITH_GUTTER;
  return lines.map((one, index) => {
    const head = index === 0 ? label : '';
    if (isWide) return line(styled('dim', head.padEnd(GUTTER)), ...one);
    return head === '' ? one : line(styled('dim', `${head} `), ...one);
  });
}

/** The first that fits into `columns`, else the last. */
export function fitting(columns: number, ...variants: readonly Line[]): Line {
  return variants.find((one) => widthOf(one) <= columns) ?? variants.at(-1) ?? EMPTY_LINE;
}
