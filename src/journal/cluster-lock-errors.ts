/** What goes wrong with the lock of a cluster, and what to do about it. */
import { FshaError } from '../domain/errors.ts';
import type { LockHolder } from '../domain/lock-holder.ts';
import { printable } from '../domain/text.ts';
import { fileTrouble } from './journal-errors.ts';
import { isStopped } from './lock-holder-process.ts';
import { holderWords } from './lock-holder-words.ts';

/** An FshaError `journal` for what the file system said about the lock or the file beside it. */
export function lockError(
  action: 'create' | 'open' | 'read' | 'lock',
  path: string,
  cause: unknown,
): FshaError {
  const { what, hint } = fileTrouble(cause);
  return new FshaError('journal', `Cannot ${action} ${printable(path, 1000)}: ${what}.`, hint, cause);
}

/** Whoever is refused is told who has it, and where that one hears nothing. */
export async function lockedError(
  cluster: string,
  path: string,
  holder: LockHolder | null,
  call: string,
): Promise<FshaError> {
  if (holder === null) {
    return new FshaError(
      'locked',
      `Another run changes ${cluster}, and ${printable(path, 1000)} is held, but nothing beside it says by whom.`,
      `See with: ${call} runs. Then try again, or find the process with: fuser -v ${printable(path, 1000)}`,
    );
  }
  if (await isStopped(holder))
    return new FshaError(
      'locked',
      `Another run changes ${cluster}: ${holderWords(holder, Date.now())}; its process is stopped.`,
      `Let it go on with: kill -CONT ${holder.pid}. Then watch it: ${call} show ${holder.run} --follow. Ask it to stop: ${call} unlock`,
    );
  return new FshaError(
    'locked',
    `Another run changes ${cluster}: ${holderWords(holder, Date.now())}.`,
    `Watch it: ${call} show ${holder.run} --follow. Ask it to stop: ${call} unlock`,
  );
}

/** The lock file is no longer the one that was locked. */
export function lostError(path: string, run: string): FshaError {
  return new FshaError(
    'lock.lost',
    `The lock ${printable(path, 1000)} was removed or replaced while run ${run} held it: another run may have begun.`,
    'Find out who removes files there; a run is stopped with fsha unlock, never by removing its lock.',
  );
}
