/** Reads only the first and the last line of a journal, so that thousands of journals are listed quickly. */
import { open, type FileHandle } from 'node:fs/promises';
import type { EventOf, RunEvent } from '../domain/run-events.ts';
import { isErrno } from './errno.ts';
import { readEventLine } from './event-line.ts';
import { damagedJournal, journalError } from './journal-errors.ts';
import { JournalLines, LONGEST_LINE } from './journal-lines.ts';

const HEAD = 16 * 1024;
const TAIL = 8 * 1024;
const LINE_FEED = 0x0a;

export interface JournalEnds {
  /** null: nothing was recorded, so nothing was done. */
  readonly started: EventOf<'run.started'> | null;
  /** The last event, where it ends the run; null: the run goes on, or its process was ended. */
  readonly settled: EventOf<'run.settled'> | null;
}

/** @throws FshaError `journal` naming the file, and the line where one is damaged */
export async function readJournalEnds(path: string): Promise<JournalEnds> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r');
    const { size } = await handle.stat();
    const first = await firstEvent(handle, path, size);
    if (first === null) return { started: null, settled: null };
    if (first.type !== 'run.started')
      throw damagedJournal(path, 1, 'a journal that does not begin with run.started');
    const last = await lastLine(handle, path, size);
    return { started: first, settled: settledIn(last, path, first.run) };
  } catch (error) {
    throw isErrno(error) ? journalError('read', path, error) : error;
  } finally {
    await handle?.close();
  }
}

async function firstEvent(handle: FileHandle, path: string, size: number): Promise<RunEvent | null> {
  const lines = new JournalLines(path);
  const chunk = Buffer.alloc(Math.min(HEAD, size));
  for (let offset = 0; offset < size;) {
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, offset);
    if (bytesRead === 0) break;
    const bytes = chunk.subarray(0, bytesRead);
    const end = bytes.indexOf(LINE_FEED);
    const [event] = lines.push(end === -1 ? bytes : bytes.subarray(0, end + 1));
    if (event !== undefined) return event;
    offset += bytesRead;
  }
  return null;
}

/** The last whole line, without its line feed. Reads from the end, twice as far each time. */
async function lastLine(handle: FileHandle, path: string, size: number): Promise<Buffer> {
  for (let length = Math.min(TAIL, size); ; length = Math.min(length * 2, size)) {
    const tail = Buffer.alloc(length);
    const { bytesRead } = await handle.read(tail, 0, length, size - length);
    const end = tail.subarray(0, bytesRead).lastIndexOf(LINE_FEED);
    const start = end <= 0 ? -1 : tail.lastIndexOf(LINE_FEED, end - 1);
    if (end !== -1 && (start !== -1 || length === size)) return tail.subarray(start + 1, end);
    if (length === size || length > 2 * LONGEST_LINE)
      throw damagedJournal(path, 'last', 'a line of more than 16 MiB');
  }
}

/** The run.settled in a last line; null for any other event. */
function settledIn(line: Buffer, path: string, run: string): EventOf<'run.settled'> | null {
  const event = readEventLine(line);
  if (typeof event === 'string') throw damagedJournal(path, 'last', event);
  if (event.run !== run) throw damagedJournal(path, 'last', `not an event of run ${run}`);
  return event.type === 'run.settled' ? event : null;
}
