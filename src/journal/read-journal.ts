/** Reads a whole journal. */
import { open, type FileHandle } from 'node:fs/promises';
import { FshaError } from '../domain/errors.ts';
import type { RunEvent } from '../domain/run-events.ts';
import { printable } from '../domain/text.ts';
import { journalError } from './journal-errors.ts';
import { JournalLines } from './journal-lines.ts';

const LARGEST = 256 * 1024 * 1024;
const CHUNK = 256 * 1024;

export interface JournalContents {
  readonly events: readonly RunEvent[];
  /** The last line is unfinished: its writer was ended in the middle of it, or is writing it now. It is left out. */
  readonly torn: boolean;
}

/**
 * Reads a journal that may be under way. An unfinished last line is no error, since no append that was reported done is
 * lost by it; anything else that does not fit is one: events are never guessed at.
 * @throws FshaError `journal` naming the file, and the line where one is damaged
 */
export async function readJournal(path: string): Promise<JournalContents> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r');
    const { size } = await handle.stat();
    if (size > LARGEST) {
      throw new FshaError(
        'journal',
        `The journal ${printable(path, 1000)} has ${Math.round(size / 1024 / 1024)} MiB, more than the 256 MiB that fsha reads.`,
        'Read it with other tools, for example: tail -n 20 of the file.',
      );
    }
    return await readAll(handle, path, size);
  } catch (error) {
    throw error instanceof FshaError ? error : journalError('read', path, error);
  } finally {
    await handle?.close();
  }
}

async function readAll(handle: FileHandle, path: string, size: number): Promise<JournalContents> {
  const lines = new JournalLines(path);
  const events: RunEvent[] = [];
  const chunk = Buffer.alloc(Math.min(CHUNK, size));
  for (let offset = 0; offset < size;) {
    const { bytesRead } = await handle.read(chunk, 0, Math.min(chunk.length, size - offset), offset);
    if (bytesRead === 0) break;
    for (const event of lines.push(chunk.subarray(0, bytesRead))) events.push(event);
    offset += bytesRead;
  }
  return { events, torn: lines.torn };
}
