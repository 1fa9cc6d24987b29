/** A clock that stands until it is moved: what a test says passes is all that passes. */
import { interrupted } from '../../src/domain/errors.ts';
import type { Clock } from '../../src/workflow/ports.ts';

interface Sleeper {
  readonly until: number;
  readonly wake: () => void;
}

export class ManualClock implements Clock {
  #now = 0;
  #wallSetBy = 0;
  readonly #sleepers = new Set<Sleeper>();

  now(): number {
    return this.#now;
  }

  wall(): Date {
    return new Date(Date.parse('2026-11-22T20:00:00Z') + this.#now + this.#wallSetBy);
  }

  /** Somebody sets the wall clock of this host: ms by which it is off from then on. */
  setWall(by: number): void {
    this.#wallSetBy = by;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        this.#sleepers.delete(sleeper);
        signal.removeEventListener('abort', onAbort);
        settle();
      };
      const onAbort = (): void => end(() => reject(interrupted('a wait')));
      const sleeper = { until: this.#now + ms, wake: () => end(resolve) };
      this.#sleepers.add(sleeper);
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
    });
  }

  /** Lets `ms` pass, waking sleepers in the order of their time; what they do happens in between. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settled();
    for (;;) {
      const due = [...this.#sleepers].filter((one) => one.until <= end).sort((a, b) => a.until - b.until)[0];
      if (due === undefined) break;
      this.#now = Math.max(this.#now, due.until);
      due.wake();
      await settled();
    }
    this.#now = end;
  }

  /** Lets `ms` pass in which nothing happens: the process was stopped. */
  jump(ms: number): void {
    this.#now += ms;
  }

  /** How many sleep now. */
  get sleeping(): number {
    return this.#sleepers.size;
  }
}

/** Lets everything happen that can happen without the clock. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}
