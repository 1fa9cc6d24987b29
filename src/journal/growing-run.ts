/** A run that is not over: its state, read on as its journal grows. */
import { open, type FileHandle } from 'node:fs/promises';
import { FshaError } from '../domain/errors.ts';
import { apply, type RunState } from '../domain/run.ts';
import type { RunEvent } from '../domain/run-events.ts';
import { damagedJournal, journalError } from './journal-errors.ts';
import { JournalLines } from './journal-lines.ts';
import { NodeTraces } from './node-traces.ts';

const CHUNK = 256 * 1024;

/** What its events said so far. */
export interface GrowingState {
  readonly state: RunState;
  /** Of the process that wrote last: who, and when it began. */
  readonly who: string;
  readonly since: string;
  readonly lastAt: string;
  /** The kind of the step that was begun last and has not ended. */
  readonly step: string | null;
  /** Under which lock that process ran; null where that is not written down. */
  readonly lock: string | null;
}

export class GrowingRun {
  readonly traces = new NodeTraces();
  readonly #path: string;
  readonly #lines: JournalLines;
  #offset = 0;
  #state: GrowingState | null = null;

  constructor(path: string) {
    this.#path = path;
    this.#lines = new JournalLines(path);
  }

  /** null where nothing was recorded. */
  get state(): GrowingState | null {
    return this.#state;
  }

  /** Reads what was appended since the last time. @throws FshaError `journal`; from then on it cannot be read on */
  async advance(): Promise<void> {
    let handle: FileHandle | undefined;
    try {
      handle = await open(this.#path, 'r');
      const { size } = await handle.stat();
      if (size < this.#offset)
        throw damagedJournal(this.#path, 'last', 'the file became shorter while it was being read');
      const chunk = Buffer.alloc(Math.min(CHUNK, size - this.#offset));
      while (this.#offset < size) {
        const { bytesRead } = await handle.read(chunk, 0, chunk.length, this.#offset);
        if (bytesRead === 0) return;
        this.#offset += bytesRead;
        for (const event of this.#lines.push(chunk.subarray(0, bytesRead))) this.#take(event);
      }
    } catch (error) {
      throw error instanceof FshaError ? error : journalError('read', this.#path, error);
    } finally {
      await handle?.close();
    }
  }

  #take(event: RunEvent): void {
    const before = this.#state;
    if (before === null && event.type !== 'run.started')
      throw damagedJournal(this.#path, 1, 'a journal that does not begin with run.started');
    const isBegin = event.type === 'run.started' || event.type === 'run.resumed';
    this.traces.take(event);
    this.#state = {
      state: apply(before?.state ?? null, event),
      who: isBegin ? event.data.who : (before?.who ?? ''),
      since: isBegin ? event.at : (before?.since ?? event.at),
      lastAt: event.at,
      step: stepAfter(before?.step ?? null, event),
      lock: isBegin ? (event.data.lock ?? null) : (before?.lock ?? null),
    };
  }
}

function stepAfter(before: string | null, event: RunEvent): string | null {
  const kind = event.step?.slice(event.step.indexOf('/') + 1) ?? null;
  if (event.type === 'step.started') return kind;
  if (event.type === 'run.resumed' || (event.type === 'step.settled' && kind === before)) return null;
  return before;
}
