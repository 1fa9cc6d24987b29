/** Lines on stderr while a screen is shown: they would stand on it, and go with it. */
import { Writable } from 'node:stream';

/** Keeps back what would be written over a screen, until that is gone. */
export class HeldWords extends Writable {
  readonly #to: Writable;
  #held: string[] | null;

  constructor(to: Writable, isHolding: boolean) {
    super({ decodeStrings: false });
    this.#to = to;
    this.#held = isHolding ? [] : null;
  }

  override _write(chunk: string | Buffer, _encoding: string, done: () => void): void {
    if (this.#held === null) this.#to.write(chunk);
    else this.#held.push(chunk.toString());
    done();
  }

  /** From here on everything passes; what was kept back comes first. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const text of held) this.#to.write(text);
  }
}
