/** Locks on files of fsha's own that nobody has for longer than it takes to write a line. */
import type { FileHandle } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { FshaError, interrupted } from '../domain/errors.ts';
import { printable } from '../domain/text.ts';
import { flock } from './cluster-lock-flock.ts';

/** Whoever has it is done within milliseconds; then somebody else has locked that file. ms */
const PATIENCE = 5_000;
const LOOK = 50;

/**
 * Locks the open file for this process alone, until it is closed.
 * @param path names it in errors
 * @param by what else locks it: `fsha unlock`
 * @param doing what is interrupted by the signal, in words
 * @throws FshaError `journal` where it stays locked, `refused` (no flock(1) here), `interrupted`
 */
export async function lockBriefly(
  file: FileHandle,
  path: string,
  { by, doing }: { readonly by: string; readonly doing: string },
  signal: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + PATIENCE;
  while (!(await flock(file.fd, 'exclusive', path, signal))) {
    if (performance.now() > deadline)
      throw new FshaError(
        'journal',
        `Somebody has locked ${printable(path, 1000)}, which only ${by} uses.`,
        'Find out who locks files there, and try again.',
      );
    await wait(LOOK, undefined, { signal }).catch(() => {
      throw interrupted(doing);
    });
  }
}
