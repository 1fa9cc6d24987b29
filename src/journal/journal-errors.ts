/** Errors of the file system and of damaged journals, with what to do about each. */
import { FshaError } from '../domain/errors.ts';
import { shellQuote } from '../domain/shell-quote.ts';
import { printable } from '../domain/text.ts';
import { isErrno, isErrnoOf } from './errno.ts';

const WHAT: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file is larger than this process may write (ulimit -f)',
  EROFS: 'the file system is read-only',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOENT: 'there is no such file',
  ENOTDIR: 'a part of its path is not a directory',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'its path is too long',
  EEXIST: 'it exists already',
  EIO: 'the disk reported an input/output error',
  ESTALE: 'the network file system lost it',
  ETIMEDOUT: 'the disk does not answer',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open on this machine',
};

const DO: Readonly<Record<string, string>> = {
  ENOSPC: 'Free space there, or set state.dir to a directory on another file system.',
  EDQUOT: 'Free space there, or set state.dir to a directory on another file system.',
  EFBIG: 'Raise the limit on file sizes (ulimit -f) and run again.',
  EROFS: 'Mount it writable, or set state.dir to a directory that is.',
  EACCES: 'Run as a user who may use it, or set state.dir to a directory that you may write.',
  EPERM: 'Run as a user who may use it, or set state.dir to a directory that you may write.',
  ENOTDIR: 'Set state.dir to a directory.',
  EIO: 'Look at the machine’s kernel log for this disk before anything else.',
  ETIMEDOUT:
    'Look at the disk, or at the server of the network file system, or set state.dir to another one.',
  EMFILE: 'Raise the limit on open files (ulimit -n).',
};

/** An FshaError `journal` for what the file system said about `path`. */
export function journalError(
  action: 'create' | 'write' | 'read' | 'delete',
  path: string,
  cause: unknown,
): FshaError {
  const { what, hint } = fileTrouble(cause);
  return new FshaError(
    'journal',
    `Cannot ${action} the journal ${printable(path, 1000)}: ${what}.`,
    action === 'read' ? (readHint(path, 'g+r', cause) ?? hint) : hint,
    cause,
  );
}

/** The same for the directory in which they lie, which cannot be listed. */
export function journalsError(directory: string, cause: unknown): FshaError {
  const { what, hint } = fileTrouble(cause);
  return new FshaError(
    'journal',
    `Cannot read the journals in ${printable(directory, 1000)}: ${what}.`,
    readHint(directory, 'g+rx', cause) ?? hint,
    cause,
  );
}

/** Another state.dir is no help where something is to be read. */
function readHint(path: string, mode: string, cause: unknown): string | null {
  if (isErrnoOf(cause, 'ENOENT')) return 'List the runs there are with: fsha runs.';
  if (!isErrnoOf(cause, 'EACCES', 'EPERM')) return null;
  return `Run as its owner or root, or have one of them let your group read it: chmod ${mode} ${shellQuote([path])}`;
}

/**
 * Whether it is the file system that keeps a journal from being read (permission, a disk in trouble): nothing says then that it is
 * damaged, and it must stay where it is.
 */
export function isUnreadable(error: unknown): boolean {
  return error instanceof FshaError && error.code === 'journal' && isErrno(error.original());
}

/** What the file system said in words, and what to do about it. */
export function fileTrouble(cause: unknown): { readonly what: string; readonly hint: string } {
  const code = errnoOf(cause);
  return {
    what: WHAT[code] ?? (code === '' ? 'an unexpected error' : code),
    hint: DO[code] ?? 'Check that state.dir of the inventory is a directory on a working disk.',
  };
}

/** An FshaError `journal` for a journal that does not hold what it should; lines count from 1. */
export function damagedJournal(path: string, line: number | 'last', what: string): FshaError {
  const where = line === 'last' ? ', last line' : `:${line}`;
  return new FshaError(
    'journal',
    `${printable(path, 1000)}${where}: ${printable(what)}.`,
    'The file was changed or damaged after it was written: look at the nodes themselves with fsha status, and keep the file aside.',
  );
}

function errnoOf(cause: unknown): string {
  const code = cause instanceof Error ? (cause as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? code : '';
}
