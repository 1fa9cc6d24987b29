/** Reads one thing over and over, at a pace that can be changed, sooner when woken. */
import { isInterruption } from '../domain/errors.ts';
import { hasFired } from './deadline.ts';
import type { Clock } from './ports.ts';

export interface Reading {
  /** Monotonic ms at which it began. */
  readonly at: number;
}

/** At most this often, however often hints wake it: ms between the beginnings of two readings. */
const FLOOR = 100;

export class EndpointWatch<T extends Reading> {
  readonly #read: (signal: AbortSignal) => Promise<T>;
  readonly #clock: Clock;
  readonly #onReading: () => void;
  #latest: T | undefined;
  /** Monotonic ms at which the reading under way began, or the last one. */
  #began = Number.NEGATIVE_INFINITY;
  /** What was read before says nothing any more: monotonic ms. */
  #outdated = Number.NEGATIVE_INFINITY;
  #pace: number;
  #wake: AbortController = new AbortController();
  #urgent = false;

  constructor(read: (signal: AbortSignal) => Promise<T>, clock: Clock, pace: number, onReading: () => void) {
    this.#read = read;
    this.#clock = clock;
    this.#pace = pace;
    this.#onReading = onReading;
  }

  get latest(): T | undefined {
    return this.#latest;
  }

  /** Ms between the end of one reading and the next; takes effect at once. */
  setPace(ms: number): void {
    if (ms === this.#pace) return;
    this.#pace = ms;
    this.wake();
  }

  /** Reads soon, though not more often than ten times a second: for hints, of which there may be thousands. */
  wake(): void {
    this.#wake.abort();
  }

  /** Reads at once. A reading under way does not count: what it says may be older than the wish. */
  demand(): void {
    this.#urgent = true;
    this.#wake.abort();
  }

  /** What was read so far says nothing any more: something was done since. */
  outdate(): void {
    this.#outdated = this.#clock.now();
    this.demand();
  }

  /**
   * From when on a reading counts for who is content with one that began at `since`; reads at once where there is none, and
   * none under way.
   */
  want(since: number): number {
    const counts = Math.max(since, this.#outdated);
    if (this.#began < counts) this.demand();
    return counts;
  }

  /** Reads until the signal fires; then returns. @throws whatever `read` throws beside an interruption: a bug */
  async run(signal: AbortSignal): Promise<void> {
    const onStop = (): void => this.wake();
    signal.addEventListener('abort', onStop, { once: true });
    while (!signal.aborted) {
      this.#wake = new AbortController();
      this.#urgent = false;
      const began = this.#clock.now();
      this.#began = began;
      try {
        this.#latest = await this.#read(signal);
      } catch (error) {
        if (isInterruption(error) || hasFired(signal)) return;
        throw error;
      }
      this.#onReading();
      await this.#pause(began, signal);
    }
  }

  async #pause(began: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#clock.sleep(this.#pace, this.#wake.signal);
    } catch {
      const rest = this.#urgent ? 0 : began + FLOOR - this.#clock.now();
      if (!signal.aborted && rest > 0) await this.#clock.sleep(rest, signal).catch(() => undefined);
    }
  }
}
