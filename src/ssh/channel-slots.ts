import { interrupted } from '../domain/errors.ts';

/** OpenSSH allows ten sessions on a connection (MaxSessions); two stay free for people who share it. */
export const CHANNELS_PER_CONNECTION = 8;

/** Lets a fixed number in at a time; the others wait in the order in which they came. */
export class ChannelSlots {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(limit: number = CHANNELS_PER_CONNECTION) {
    this.#free = limit;
  }

  /**
   * @returns the function that gives the slot back; calling it again does nothing
   * @throws FshaError `interrupted` when the signal fires first
   */
  async acquire(signal: AbortSignal): Promise<() => void> {
    if (signal.aborted) throw interrupted('waiting for a free SSH channel');
    if (this.#free > 0) this.#free--;
    else await this.#turn(signal);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#release();
    };
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        this.#waiting.delete(enter);
        reject(interrupted('waiting for a free SSH channel'));
      };
      this.#waiting.add(enter);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  #release(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free++;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
