/** Reads a journal from its beginning, as far as somebody wants to know. */
import { open, type FileHandle } from 'node:fs/promises';
import { FshaError } from '../domain/errors.ts';
import type { RunEvent } from '../domain/run-events.ts';
import { journalError } from './journal-errors.ts';
import { JournalLines } from './journal-lines.ts';
import { NodeTraces } from './node-traces.ts';

/** What is wanted is mostly near the beginning: pieces grow from the first size to the last. */
const FIRST_CHUNK = 8 * 1024;
const LAST_CHUNK = 256 * 1024;

/**
 * Gives the events one by one, in pieces of the file, until `take` returns true or there are no more. An unfinished last line
 * is left out.
 * @param take whether that is enough
 * @throws FshaError `journal` naming the file, and the line where one is damaged
 */
async function scanJournal(path: string, take: (event: RunEvent) => boolean): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r');
    const lines = new JournalLines(path);
    for (let offset = 0, length = FIRST_CHUNK; ; length = Math.min(2 * length, LAST_CHUNK)) {
      const chunk = Buffer.alloc(length);
      const { bytesRead } = await handle.read(chunk, 0, length, offset);
      if (bytesRead === 0) return;
      offset += bytesRead;
      for (const event of lines.push(chunk.subarray(0, bytesRead))) if (take(event)) return;
    }
  } catch (error) {
    throw error instanceof FshaError ? error : journalError('read', path, error);
  } finally {
    await handle?.close();
  }
}

/**
 * What a run did to these nodes: read until it has touched all of them, which is near the beginning. Whether it restarted one is
 * only known of a run that was read to its end.
 * @throws FshaError `journal`
 */
export async function scanTraces(path: string, nodes: readonly string[]): Promise<NodeTraces> {
  const traces = new NodeTraces();
  await scanJournal(path, (event) => {
    traces.take(event);
    if (event.type !== 'effect.intended' || nodes.length === 0) return false;
    return nodes.every((node) => traces.of(node).touched && traces.of(node).baseline !== undefined);
  });
  return traces;
}
