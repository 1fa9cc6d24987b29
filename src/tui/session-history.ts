/** Sessions over time, bounded: what the line of blocks, the peak and the rate are made of. Times are monotonic ms. */
import type { CountSample } from '../domain/estimate.ts';

export interface Sample {
  /** When `sessions` was read. */
  readonly at: number;
  /** The last reading that is merged into it; `at` where none is. */
  readonly until: number;
  /** The highest of the readings in it; null: all of them were unknown. */
  readonly sessions: number | null;
  readonly calls: number | null;
  /** Rows of calls that are gone, which are among `calls`. */
  readonly ghostRows: number;
}

type KnownSample = Sample & { readonly sessions: number };

export interface Rate {
  /** Sessions more per minute; negative where they become fewer. */
  readonly perMinute: number;
  /** ms between the two readings that it is taken from. */
  readonly over: number;
}

export interface Columns {
  /** The highest known count in each column, oldest first; null where it was unknown. */
  readonly cells: readonly (number | null)[];
  /** ms from the left edge to now. */
  readonly span: number;
}

const CAPACITY = 600;
/** The rate is that of so many ms, and unknown for fewer than the second. */
const RATE_WINDOW = 300_000;
const RATE_LEAST = 60_000;
/** After so many polls without a reading it is unknown how many there were. */
export const STALE_POLLS = 3;

export class SessionHistory {
  readonly #capacity: number;
  #samples: Sample[] = [];
  #peak: number | null = null;

  constructor(capacity = CAPACITY) {
    this.#capacity = Math.max(4, capacity);
  }

  /** Takes in a reading; null is unknown. */
  add(at: number, sessions: number | null, calls: number | null, ghostRows = 0): void {
    const last = this.#samples.at(-1);
    const moment = Math.max(at, last?.until ?? at);
    this.#samples.push({ at: moment, until: moment, sessions, calls, ghostRows });
    if (sessions !== null) this.#peak = Math.max(this.#peak ?? 0, sessions);
    if (this.#samples.length > this.#capacity) this.#merge();
  }

  /** Moves everything by so many ms: another process goes on, whose clock has another zero. */
  shift(ms: number): void {
    this.#samples = this.#samples.map((one) => ({ ...one, at: one.at + ms, until: one.until + ms }));
  }

  get samples(): readonly Sample[] {
    return this.#samples;
  }

  /** The most that was ever seen; null: never known. */
  get peak(): number | null {
    return this.#peak;
  }

  /** The newest reading that is known, however old. */
  get lastKnown(): KnownSample | undefined {
    return this.#samples.findLast(isKnown);
  }

  /** How fast they become fewer, over the last minutes before the newest reading; null: too little is known. */
  get rate(): Rate | null {
    const newest = this.#samples.at(-1);
    if (newest === undefined || !isKnown(newest)) return null;
    const first = this.#samples.find(
      (one): one is KnownSample => isKnown(one) && one.at >= newest.at - RATE_WINDOW,
    );
    if (first === undefined || newest.at - first.at < RATE_LEAST) return null;
    const over = newest.at - first.at;
    return { perMinute: ((newest.sessions - first.sessions) * 60_000) / over, over };
  }

  /**
   * Calls over time for the estimate; sessions throughout where calls are not known, or cannot be right, in any reading:
   * what comes and goes in the database would look like calls that end and begin.
   */
  get counts(): readonly CountSample[] {
    const bySessions = this.#samples.some((one) => isKnown(one) && !hasTrueCalls(one));
    return this.#samples.map(({ at, sessions, calls }) => ({
      at,
      count: sessions === null ? null : bySessions ? sessions : calls,
    }));
  }

  /**
   * The whole time so far in at most `width` columns. A column is as long as a poll, or one of a few multiples of it: so
   * the line grows at its right end, and only now and then becomes narrower as a whole.
   */
  columns(width: number, now: number, poll: number): Columns {
    const [first] = this.#samples;
    if (first === undefined || width < 1) return { cells: [], span: 0 };
    const span = Math.max(0, now - first.at);
    const column = columnOf(span, width, Math.max(1, poll));
    const cells: (number | null)[] = [];
    let index = 0;
    let before: Sample | undefined;
    for (let from = first.at; from <= now; from += column) {
      const isCarried = before !== undefined && from - before.until <= STALE_POLLS * poll;
      let cell = isCarried ? (before?.sessions ?? null) : null;
      let isFirst = true;
      for (; index < this.#samples.length; index += 1) {
        const one = this.#samples[index];
        if (one === undefined || one.at >= from + column) break;
        // What was read in this column says more of it than what was read before.
        cell = isFirst || cell === null ? one.sessions : Math.max(cell, one.sessions ?? cell);
        isFirst = false;
        before = one;
      }
      cells.push(cell);
    }
    return { cells, span };
  }

  /** Neighbours of the older half become one each: the last part stays as fine as it was read. */
  #merge(): void {
    const half = Math.floor(this.#samples.length / 4) * 2;
    const merged: Sample[] = [];
    for (let index = 0; index < half; index += 2) {
      const [one, two] = [this.#samples[index], this.#samples[index + 1]];
      if (one !== undefined && two !== undefined) merged.push(mergedOf(one, two));
    }
    this.#samples = [...merged, ...this.#samples.slice(half)];
  }
}

function isKnown(sample: Sample): sample is KnownSample {
  return sample.sessions !== null;
}

/** Rows describe and memory decides: the database may have lost rows, and may have kept some of calls that are gone. */
function hasTrueCalls({ sessions, calls, ghostRows }: KnownSample): boolean {
  return calls !== null && ghostRows === 0 && calls <= sessions && (calls > 0 || sessions === 0);
}

/** The higher of two neighbours stays as it was read. */
function mergedOf(one: Sample, two: Sample): Sample {
  const kept = two.sessions !== null && two.sessions > (one.sessions ?? -1) ? two : one;
  return { ...kept, until: two.until };
}

/** 1, 2, 3, 4, 6, 8, 12, … polls: the least with which `span` takes no more than `width` columns. */
function columnOf(span: number, width: number, poll: number): number {
  for (let size = poll; ; size *= 2) {
    for (const column of [size, size * 1.5]) {
      if (column === size * 1.5 && size === poll) continue;
      if (Math.floor(span / column) + 1 <= width) return column;
    }
  }
}
