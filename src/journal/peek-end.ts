/** A short look at the end of a journal: how thousands of old ones are told from those that are to be read. */
import { close, open, read } from 'node:fs';
import { promisify } from 'node:util';
import type { RunSettled } from '../domain/run-events.ts';

/** The end of nearly every run. Those with hundreds of nodes are read like unfinished ones. */
const TAIL = 8 * 1024;
const LINE_FEED = 0x0a;

// Handles of fs/promises take twice as long, and there may be thousands of files.
const [openFile, readFile, closeFile] = [promisify(open), promisify(read), promisify(close)];

export interface PeekedEnd {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly nodes: RunSettled['nodes'];
  readonly next: RunSettled['next'];
}

/**
 * The run.settled with which the journal ends; null for every other end, whatever it is: then the journal has to be read.
 * @param size of the file
 * @throws what the file system says
 */
export async function peekEnd(path: string, run: string, size: number): Promise<PeekedEnd | null> {
  const length = Math.min(TAIL, size);
  const tail = Buffer.alloc(length);
  const file = await openFile(path, 'r');
  try {
    const { bytesRead } = await readFile(file, tail, 0, length, size - length);
    if (bytesRead < length || tail[length - 1] !== LINE_FEED) return null;
  } finally {
    await closeFile(file);
  }
  const start = tail.lastIndexOf(LINE_FEED, -2);
  return start === -1 ? null : endIn(tail.toString('utf8', start + 1), run);
}

function endIn(line: string, run: string): PeekedEnd | null {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch {
    return null;
  }
  if (!isRecord(event) || event['v'] !== 1 || event['run'] !== run || event['type'] !== 'run.settled')
    return null;
  const { at, data } = event;
  if (typeof at !== 'string' || !isRecord(data) || !isRecord(data['nodes'])) return null;
  const next: unknown = data['next'];
  const lines = Array.isArray(next) ? next.filter((one) => typeof one === 'string') : [];
  return { at, nodes: data['nodes'] as RunSettled['nodes'], next: lines };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
