/** How much of something is in which state, as one bar. No two states look the same without colours. */
import { type Span, type Style, styled } from '../line.ts';

export interface BarPart {
  readonly count: number;
  readonly block: string;
  readonly style: Style;
}

/** Exactly `width` columns; what there is of at all takes one at least. Empty where there is nothing. */
export function bar(parts: readonly BarPart[], width: number): readonly Span[] {
  const total = parts.reduce((sum, { count }) => sum + count, 0);
  const shown = parts.filter(({ count }) => count > 0);
  if (total === 0 || width < shown.length) return [];
  const exact = shown.map(({ count }) => (count / total) * width);
  const cells = exact.map((share) => Math.max(1, Math.floor(share)));
  const sum = (): number => cells.reduce((all, one) => all + one, 0);
  while (sum() < width) grow(cells, exact, 1);
  while (sum() > width) grow(cells, exact, -1);
  return shown.map(({ block, style }, index) => styled(style, block.repeat(cells[index] ?? 0)));
}

/** Gives one cell to whoever lacks most, or takes it from whoever has most too many. */
function grow(cells: number[], exact: readonly number[], by: 1 | -1): void {
  let best = -1;
  let most = Number.NEGATIVE_INFINITY;
  cells.forEach((cell, index) => {
    const lack = ((exact[index] ?? 0) - cell) * by;
    if (lack > most && (by > 0 || cell > 1)) [best, most] = [index, lack];
  });
  cells[best] = (cells[best] ?? 0) + by;
}
