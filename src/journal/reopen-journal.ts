/** Goes on with the journal of a run whose process has ended. */
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { FshaError } from '../domain/errors.ts';
import type { RunEvent } from '../domain/run-events.ts';
import type { OpenJournal } from './journal-file.ts';
import { journalError } from './journal-errors.ts';
import { journalPath } from './journal-path.ts';
import { writeJournal } from './journal-writer.ts';
import { readJournal } from './read-journal.ts';
import { isRunId } from './run-id.ts';

const LINE_FEED = 0x0a;
/** Bytes read at a time from the end. */
const CHUNK = 64 * 1024;

/**
 * Opens `<dir>/runs/<run>.ndjson` to append to it. To be called with the cluster's lock held: what its last process left
 * unfinished at its end is cut off, since no append that was reported done is lost by it, and the next event begins there.
 * @throws FshaError `journal` naming the file, and the line where one is damaged; nothing was changed then
 */
export async function reopenJournal(options: {
  readonly dir: string;
  readonly run: string;
  readonly cluster: string;
}): Promise<{ readonly journal: OpenJournal; readonly events: readonly RunEvent[] }> {
  const { dir, run, cluster } = options;
  if (!isRunId(run)) throw new Error(`${run} is not a run id`);
  const path = journalPath(dir, run);
  const { events, torn } = await readJournal(path);
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, constants.O_RDWR | constants.O_APPEND);
    if (torn) {
      await handle.truncate(await endOfLastLine(handle));
      await handle.sync();
    }
    const journal = writeJournal(handle, { path, run, cluster, lastSeq: events.at(-1)?.seq ?? 0 });
    return { journal: { path, ...journal }, events };
  } catch (error) {
    await handle?.close().catch(() => undefined);
    throw error instanceof FshaError ? error : journalError('write', path, error);
  }
}

/** Bytes up to the last line feed, that one included. */
async function endOfLastLine(handle: FileHandle): Promise<number> {
  const chunk = Buffer.alloc(CHUNK);
  let { size: end } = await handle.stat();
  while (end > 0) {
    const start = Math.max(0, end - CHUNK);
    const { bytesRead } = await handle.read(chunk, 0, end - start, start);
    const at = chunk.subarray(0, bytesRead).lastIndexOf(LINE_FEED);
    if (at !== -1) return start + at + 1;
    end = start;
  }
  return 0;
}
