import type { Clock } from '../workflow/ports.ts';
import { startDeadline } from './cancellable-deadline.ts';

interface Due {
  /** Monotonic ms. */
  readonly at: number;
  readonly onExpiry: () => void;
}

/**
 * The deadlines of the commands of one connection, by one timer. Nearly all commands are answered long before theirs: a timer
 * for each, made and cancelled, was a tenth of what a look at hundreds of nodes costs.
 */
export class CommandDeadlines {
  readonly #clock: Clock;
  readonly #waiting = new Set<Due>();
  #timer: { readonly at: number; readonly cancel: () => void } | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Calls `onExpiry` once after `ms`, unless it is cancelled before.
   * @returns the function that cancels; harmless when called late or twice
   */
  start(ms: number, onExpiry: () => void): () => void {
    const due = { at: this.#clock.now() + ms, onExpiry };
    this.#waiting.add(due);
    this.#ringBy(due.at);
    return () => this.#waiting.delete(due);
  }

  /** None of them is called any more. */
  close(): void {
    this.#waiting.clear();
    this.#timer?.cancel();
    this.#timer = null;
  }

  #ringBy(at: number): void {
    if (this.#timer !== null && this.#timer.at <= at) return;
    this.#timer?.cancel();
    this.#timer = { at, cancel: startDeadline(this.#clock, at - this.#clock.now(), () => this.#ring()) };
  }

  #ring(): void {
    this.#timer = null;
    const now = this.#clock.now();
    for (const due of [...this.#waiting]) {
      if (due.at > now || !this.#waiting.delete(due)) continue;
      due.onExpiry();
    }
    const next = Math.min(...[...this.#waiting].map(({ at }) => at));
    if (Number.isFinite(next)) this.#ringBy(next);
  }
}
