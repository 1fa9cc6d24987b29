/** What has to be written so that a terminal shows other rows than before: only the rows that changed, each at its place. */

/** Terminals that know it show what is between them at once; others ignore it. */
const [BEGIN, END] = ['\u001b[?2026h', '\u001b[?2026l'];
const CLEAR = '\u001b[H\u001b[2J';
/** Before the text: behind one that fills the row it would erase its last character, on which the cursor still stands. */
const ERASE = '\u001b[K';

/**
 * '' where nothing changed. The cursor may stand anywhere before, and does behind.
 * @param before null: unknown, all is drawn anew
 */
export function rowChanges(before: readonly string[] | null, after: readonly string[]): string {
  const known = before ?? [];
  const changes: string[] = before === null ? [CLEAR] : [];
  for (let row = 0; row < Math.max(known.length, after.length); row += 1) {
    const text = after[row] ?? '';
    if (text !== (known[row] ?? '')) changes.push(`\u001b[${row + 1}H${ERASE}${text}`);
  }
  return changes.length === 0 ? '' : BEGIN + changes.join('') + END;
}
