import { execFile } from 'node:child_process';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface StalledPipe {
  /** For a child's stdio. */
  readonly writingEnd: number;
  /** The child has its own copy of the writing end. */
  given(): void;
  close(): void;
}

/** A pipe that is full and has a reader that never reads: the next write blocks, or is kept by who does not block. */
export async function stalledPipe(): Promise<StalledPipe> {
  const directory = await mkdtemp(join(tmpdir(), 'fsha-pipe-'));
  const path = join(directory, 'pipe');
  await run('mkfifo', [path]);
  // For reading and writing, so that opening waits for nobody (fifo(7)); it stays open as the reader.
  const reader = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  for (const size of [4096, 1]) fill(reader, Buffer.alloc(size, '\n'));
  // A description of its own: what the child does to its flags does not concern the reader.
  const writingEnd = openSync(path, constants.O_WRONLY);
  await rm(directory, { recursive: true });
  return {
    writingEnd,
    given: () => closeSync(writingEnd),
    close: () => closeSync(reader),
  };
}

function fill(pipe: number, bytes: Buffer): void {
  for (;;) {
    try {
      writeSync(pipe, bytes);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return;
      throw error;
    }
  }
}
