/** Finds the key that was meant. */

/**
 * The number of single-character insertions, deletions, replacements and swaps of neighbours between two texts
 * (optimal string alignment).
 */
export function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const replaced = at(last, j - 1) + (from[i - 1] === to[j - 1] ? 0 : 1);
      let best = Math.min(replaced, at(last, j) + 1, at(row, j - 1) + 1);
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) {
        best = Math.min(best, at(beforeLast, j - 2) + 1);
      }
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return at(last, to.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}

/** The candidate that `written` most likely stands for; undefined where none is near. Case, `-` and `_` count for nothing. */
export function nearestKey(written: string, candidates: readonly string[]): string | undefined {
  // Longer than any key: no need to measure.
  if (written.length > 40) return undefined;
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[-_]/g, '');
  let nearest: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const distance = editDistance(plain(written), plain(candidate));
    const allowed = Math.max(1, Math.floor(Math.min(written.length, candidate.length) / 3));
    if (distance <= allowed && distance < least) {
      nearest = candidate;
      least = distance;
    }
  }
  return nearest;
}
