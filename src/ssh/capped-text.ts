/** 64 KiB: what a person or a log can use of a command's output. */
const LIMIT = 64 * 1024;

/** Collects bytes up to a limit and forgets the rest. */
export class CappedText {
  readonly #limit: number;
  readonly #chunks: Buffer[] = [];
  #size = 0;
  #cut = false;

  constructor(limit: number = LIMIT) {
    this.#limit = limit;
  }

  push(chunk: Buffer): void {
    const room = this.#limit - this.#size;
    if (chunk.length > room) this.#cut = true;
    if (room <= 0) return;
    const kept = chunk.subarray(0, room);
    this.#chunks.push(kept);
    this.#size += kept.length;
  }

  /** UTF-8; a character that the limit has cut in two is left out. */
  text(): string {
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Buffer.concat(this.#chunks), {
      stream: this.#cut,
    });
  }
}
