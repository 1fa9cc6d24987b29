/** Reads a journal while another process writes it. */
import { watch, type FSWatcher } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { FshaError } from '../domain/errors.ts';
import type { RunEvent } from '../domain/run-events.ts';
import { damagedJournal, journalError } from './journal-errors.ts';
import { JournalLines } from './journal-lines.ts';

const CHUNK = 64 * 1024;
/** Where the kernel tells of changes (not over NFS, not when its watches are used up) it is only the fallback. */
const POLL_MS = 500;

/**
 * Yields the events of a journal, first those that are there, then each new one when its line is whole. Ends after a
 * run.settled that nothing follows, or when the signal fires. A writer that was killed never settles: the caller's
 * signal ends the wait.
 * @throws FshaError `journal` where the file cannot be read, is damaged, or was cut or taken away
 */
export async function* followJournal(
  path: string,
  signal: AbortSignal,
): AsyncGenerator<RunEvent, void, undefined> {
  let handle: FileHandle | undefined;
  let changes: Changes | undefined;
  try {
    handle = await open(path, 'r');
    // Before the first read: what is appended after it is told.
    changes = watchFor(path, signal);
    const lines = new JournalLines(path);
    const chunk = Buffer.alloc(CHUNK);
    let offset = 0;
    let settled = false;
    const stopped = (): boolean => signal.aborted;
    while (!stopped()) {
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, offset);
      offset += bytesRead;
      for (const event of lines.push(chunk.subarray(0, bytesRead))) {
        if (stopped()) return;
        settled = event.type === 'run.settled';
        yield event;
      }
      if (bytesRead > 0) continue;
      if (settled) return;
      await mustStillBeThere(handle, path, offset);
      await changes.next();
    }
  } catch (error) {
    throw error instanceof FshaError ? error : journalError('read', path, error);
  } finally {
    changes?.close();
    await handle?.close();
  }
}

async function mustStillBeThere(handle: FileHandle, path: string, offset: number): Promise<void> {
  const { size, nlink } = await handle.stat();
  if (size < offset) throw damagedJournal(path, 'last', 'the file became shorter while it was being read');
  if (nlink === 0) throw damagedJournal(path, 'last', 'the file was removed while it was being read');
}

interface Changes {
  /** Returns at the next change since the last call, after the poll interval, or when the signal fires. */
  next(): Promise<void>;
  close(): void;
}

function watchFor(path: string, signal: AbortSignal): Changes {
  let changed = false;
  let wake: (() => void) | undefined;
  const onChange = (): void => {
    changed = true;
    wake?.();
  };
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(path, onChange);
    watcher.on('error', () => watcher?.close());
  } catch {
    // No watches left: polling alone does it.
  }
  signal.addEventListener('abort', onChange);
  return {
    next: async () => {
      if (!changed && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, POLL_MS);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        wake = undefined;
      }
      changed = false;
    },
    close: () => {
      signal.removeEventListener('abort', onChange);
      watcher?.close();
    },
  };
}
