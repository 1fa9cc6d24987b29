/** How long the calls of a list have been up, as far as the clock of their node can be believed. */
import { ageOf, clockAhead } from '../domain/call-list.ts';
import { formatDuration } from '../domain/duration.ts';
import { printable } from '../domain/text.ts';
import type { CallsReading } from './run-calls.ts';

/** Less may be between two clocks that are right, as FreeSWITCH rounds to seconds: ms. */
const CLOCK_AHEAD = 5_000;

export interface CallAges {
  /** ms; null where one of them is not known, as that may be the oldest. */
  readonly ages: readonly number[] | null;
  /** ms by which the node's clock is ahead at least, where that shows for the first time. */
  readonly newlyAhead: number | null;
}

/** Remembers whose clock was ahead: once the calls have lasted for longer than that nothing shows it any more. */
export class NodeClocks {
  readonly #ahead = new Set<string>();

  /**
   * @param list null: it is not known which calls are up
   * @param now monotonic ms, the same moment as `wall`
   */
  agesOf(node: string, list: CallsReading['list'], now: number, wall: Date): CallAges {
    if (list === null) return { ages: null, newlyAhead: null };
    // When it was read, not now: meanwhile this clock may have caught up with what the list says.
    const readAt = new Date(wall.getTime() - Math.max(0, now - list.at));
    const ahead = clockAhead(list.calls, readAt);
    const isNew = ahead > CLOCK_AHEAD && !this.#ahead.has(node);
    if (isNew) this.#ahead.add(node);
    if (this.#ahead.has(node)) return { ages: null, newlyAhead: isNew ? ahead : null };
    const ages = list.calls.map((call) => ageOf(call, wall));
    return { ages: ages.every((age) => age !== null) ? ages : null, newlyAhead: null };
  }
}

/** @param node null where there is only one; @param ahead ms */
export function clockAheadWords(node: string | null, ahead: number): string {
  const whose = node === null ? 'its clock' : `${printable(node)}: its clock`;
  const least = formatDuration(Math.floor(ahead / 1_000) * 1_000);
  return `${whose} is at least ${least} ahead of this machine's: the estimate does without the ages of calls`;
}
