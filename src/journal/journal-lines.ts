/** Reads the lines of a journal one after the other, and believes none that does not fit. */
import type { RunEvent } from '../domain/run-events.ts';
import { readEventLine, shortly } from './event-line.ts';
import { damagedJournal } from './journal-errors.ts';

const LINE_FEED = 0x0a;
/** The longest line fsha reads: a plan of hundreds of nodes is far below it. */
export const LONGEST_LINE = 16 * 1024 * 1024;

/** Takes a journal's bytes in pieces of any size, and gives its events. */
export class JournalLines {
  readonly #path: string;
  #rest: Buffer[] = [];
  #restLength = 0;
  #line = 0;
  #run: string | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Whether the bytes so far end within a line. */
  get torn(): boolean {
    return this.#restLength > 0;
  }

  /** The events that `bytes` complete. @throws FshaError `journal` with file and line */
  push(bytes: Buffer): readonly RunEvent[] {
    const events: RunEvent[] = [];
    let start = 0;
    for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, start)) {
      events.push(this.#read(Buffer.concat([...this.#rest, bytes.subarray(start, end)])));
      this.#rest = [];
      this.#restLength = 0;
      start = end + 1;
    }
    if (start < bytes.length) {
      // A copy: the caller may use its buffer again.
      this.#rest.push(Buffer.from(bytes.subarray(start)));
      this.#restLength += bytes.length - start;
      if (this.#restLength > LONGEST_LINE) throw this.#damaged(this.#line + 1, 'a line of more than 16 MiB');
    }
    return events;
  }

  #read(bytes: Buffer): RunEvent {
    this.#line += 1;
    const event = readEventLine(bytes);
    if (typeof event === 'string') throw this.#damaged(this.#line, event);
    if (event.seq !== this.#line)
      throw this.#damaged(this.#line, `event ${event.seq} where event ${this.#line} should be`);
    if (event.run !== (this.#run ?? event.run)) {
      throw this.#damaged(
        this.#line,
        `an event of run ${shortly(event.run)} in the journal of ${this.#run ?? 'a run'}`,
      );
    }
    this.#run = event.run;
    return event;
  }

  #damaged(line: number, what: string): Error {
    return damagedJournal(this.#path, line, what);
  }
}
