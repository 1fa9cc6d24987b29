/** The end of what a command wrote: everything is read, so that it never waits for a reader, and the last part is kept. */
import type { Readable } from 'node:stream';

/** 64 KiB: what a person or a log can use of a command's output. */
const LIMIT = 64 * 1024;

export class OutputEnd {
  /** Resolves when nobody can write any more, or `stop` was called. */
  readonly ended: Promise<void>;
  readonly #stream: Readable;
  readonly #chunks: Buffer[] = [];
  #kept = 0;
  #received = 0;

  constructor(stream: Readable) {
    this.#stream = stream;
    this.ended = new Promise((resolve) => stream.once('close', resolve));
    stream.on('data', (chunk: Buffer) => this.#push(chunk));
    // The end of a pipe, however it comes, is its end.
    stream.on('error', () => undefined);
  }

  /** Bytes so far, kept or not. */
  get received(): number {
    return this.#received;
  }

  /** UTF-8; a character that the limit has cut in two is left out. */
  text(): string {
    const whole = Buffer.concat(this.#chunks);
    if (this.#received <= LIMIT) return whole.toString('utf8');
    const end = whole.subarray(-LIMIT);
    const first = end.findIndex((byte) => (byte & 0xc0) !== 0x80);
    return end.subarray(Math.max(0, first)).toString('utf8');
  }

  stop(): void {
    this.#stream.destroy();
  }

  #push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#kept += chunk.length;
    this.#received += chunk.length;
    for (
      let [oldest] = this.#chunks;
      oldest !== undefined && this.#kept - oldest.length >= LIMIT;
      [oldest] = this.#chunks
    ) {
      this.#chunks.shift();
      this.#kept -= oldest.length;
    }
  }
}
