/** Appends events to an open file: whole lines, in order, on the disk before the append is reported done. */
import type { FileHandle } from 'node:fs/promises';
import { FshaError } from '../domain/errors.ts';
import type { EventType, RunEvent } from '../domain/run-events.ts';
import type { JournalPort } from '../workflow/ports.ts';
import { journalError } from './journal-errors.ts';

/** Nothing hangs on these: a run that lost the last of them resumes just as well. */
const UNSYNCED: ReadonlySet<EventType> = new Set<EventType>(['step.progress', 'step.retrying']);

/** A disk that takes longer does not answer (a network file system whose server is gone): ms. */
const LIMIT = 30_000;

export interface JournalIdentity {
  readonly path: string;
  readonly run: string;
  readonly cluster: string;
  /** `seq` of the last event that is in it already; 0 by default. */
  readonly lastSeq?: number;
}

/**
 * A journal that writes to `handle`, and owns it. Appends are written in the order in which they were asked for; syncs
 * are shared by appends that wait at the same time. After the first failure every append fails with the same error,
 * since a torn line must not be continued; a disk that does not answer within `limit` ms is such a failure: a run must not
 * wait for ever with a node half out.
 */
export function writeJournal(handle: FileHandle, identity: JournalIdentity, limit = LIMIT): JournalPort {
  let written = 0;
  let synced = 0;
  let nextSeq = (identity.lastSeq ?? 0) + 1;
  let failure: FshaError | undefined;
  let writes: Promise<unknown> = Promise.resolve();
  let syncing: Promise<void> | undefined;
  let closing: Promise<void> | undefined;

  const fail = (cause: unknown): FshaError => {
    failure ??= cause instanceof FshaError ? cause : journalError('write', identity.path, cause);
    return failure;
  };

  /** Returns the length of the file with this line in it. */
  const write = async (line: Buffer): Promise<number> => {
    if (failure !== undefined) throw failure;
    try {
      for (let offset = 0; offset < line.length;) {
        const { bytesWritten } = await within(limit, handle.write(line, offset));
        offset += bytesWritten;
      }
      written += line.length;
      return written;
    } catch (error) {
      throw fail(error);
    }
  };

  const syncOnce = async (): Promise<void> => {
    const target = written;
    try {
      await within(limit, handle.datasync());
      synced = Math.max(synced, target);
    } catch (error) {
      // After a failed fsync Linux may have dropped the pages and report success the next time: no second try.
      throw fail(error);
    } finally {
      syncing = undefined;
    }
  };

  const syncTo = async (offset: number): Promise<void> => {
    while (synced < offset) {
      if (failure !== undefined) throw failure;
      syncing ??= syncOnce();
      await syncing;
    }
  };

  const append = async (event: RunEvent): Promise<void> => {
    if (failure !== undefined) throw failure;
    if (closing !== undefined) {
      throw new FshaError(
        'journal',
        `The journal ${identity.path} is closed: ${event.type} was not recorded.`,
      );
    }
    mustBelong(event, identity, nextSeq);
    nextSeq = event.seq + 1;
    const line = Buffer.from(`${JSON.stringify(event)}\n`);
    const done = writes.then(() => write(line));
    writes = done.catch(() => undefined);
    const end = await done;
    if (!UNSYNCED.has(event.type)) await syncTo(end);
  };

  const finish = async (): Promise<void> => {
    await writes;
    try {
      if (failure === undefined) await syncTo(written);
    } finally {
      await within(limit, handle.close()).catch((error: unknown) => {
        throw fail(error);
      });
    }
  };

  return {
    append,
    close: () => (closing ??= finish()),
  };
}

/** What the disk says, or an error of its kind; what it says later is nobody's any more. */
async function within<T>(limit: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })), limit);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What is asserted here is fsha's own doing: a journal that could not be read again must not be written at all. */
function mustBelong(event: RunEvent, identity: JournalIdentity, nextSeq: number): void {
  if (event.run !== identity.run)
    throw new Error(`an event of run ${event.run} in the journal of ${identity.run}`);
  if (event.seq !== nextSeq) throw new Error(`event ${event.seq} follows ${nextSeq - 1} in the journal`);
  if (event.type === 'run.started' && event.data.cluster !== identity.cluster) {
    throw new Error(`a run on ${event.data.cluster} in a journal of ${identity.cluster}`);
  }
}
