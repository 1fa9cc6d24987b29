import { unlessAborted } from './deadline.ts';

/** Work that is done once for everybody who asks meanwhile, and ended when nobody waits for it any more. */
export class SharedWork<T> {
  readonly #controller = new AbortController();
  readonly #promise: Promise<T>;
  #waiting = 0;
  #settled = false;
  #givenUp = false;

  /** @param work has to end when its signal fires, and to dispose of what it has then */
  constructor(work: (ended: AbortSignal) => Promise<T>) {
    this.#promise = work(this.#controller.signal);
    const settle = (): void => void (this.#settled = true);
    this.#promise.then(settle, settle);
  }

  /** Whether it came to something, or was given up. */
  get isOver(): boolean {
    return this.#settled || this.#givenUp;
  }

  /** Whether it was ended before it came to anything: then nobody may wait for it any more. */
  get isGivenUp(): boolean {
    return this.#givenUp;
  }

  /** @throws whatever the work throws, or FshaError `interrupted` when the signal fires first */
  async join(signal: AbortSignal, what: string): Promise<T> {
    this.#waiting++;
    try {
      return await unlessAborted(this.#promise, signal, what);
    } finally {
      this.#waiting--;
      if (this.#waiting === 0) this.#giveUp();
    }
  }

  /** What it came to; null where it failed. */
  result(): Promise<T | null> {
    return this.#promise.catch(() => null);
  }

  /** Ends it whoever waits, and resolves when it is over. */
  async end(): Promise<void> {
    this.#giveUp();
    await this.#promise.catch(() => undefined);
  }

  #giveUp(): void {
    if (this.#settled) return;
    this.#givenUp = true;
    this.#controller.abort();
  }
}
