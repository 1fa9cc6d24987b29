/** State directories with the journals of runs that took place one after the other. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NewEvent, RunEvent } from '../../src/domain/run-events.ts';
import { enveloped, lines } from './events.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const HOUR = 3_600_000;
/** When the first of them began: midnight. */
const FIRST = Date.parse('2026-11-10T00:00:00.000Z');

/** The name of run number `index`, which began so many hours after the first. */
export function runId(index: number): string {
  const digits = new Date(FIRST + index * HOUR).toISOString().replace(/\D/g, '');
  return `${digits.slice(0, 8)}-${digits.slice(8, 14)}-aaaa`;
}

/** When event number `event` (from 0) of run number `index` was written: one a second. */
export function momentOf(index: number, event = 0): string {
  return new Date(FIRST + index * HOUR + event * 1_000).toISOString();
}

/** Run number `index` with its envelopes. */
export function eventsOf(index: number, events: readonly NewEvent[]): readonly RunEvent[] {
  return enveloped(events, runId(index)).map((event, at) => ({ ...event, at: momentOf(index, at) }));
}

/** One after the other, an hour apart; a text stands in its file as it is. */
export async function runsDirectory(...runs: readonly (readonly NewEvent[] | string)[]): Promise<string> {
  const dir = await temporaryDirectory();
  await mkdir(join(dir, 'runs'));
  for (const [index, run] of runs.entries())
    await writeJournal(dir, index, typeof run === 'string' ? run : lines(eventsOf(index, run)));
  return dir;
}

export async function writeJournal(dir: string, index: number, text: string): Promise<void> {
  await writeFile(journalOf(dir, index), text);
}

export function journalOf(dir: string, index: number): string {
  return join(dir, 'runs', `${runId(index)}.ndjson`);
}
