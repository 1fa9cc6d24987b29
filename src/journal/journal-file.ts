/** Makes the journal of a new run. */
import { constants, type Stats } from 'node:fs';
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { resolve } from 'node:path';
import { FshaError } from '../domain/errors.ts';
import type { JournalPort } from '../workflow/ports.ts';
import { isErrnoOf } from './errno.ts';
import { journalError } from './journal-errors.ts';
import { journalPath, runsDirectory } from './journal-path.ts';
import { writeJournal } from './journal-writer.ts';
import { isRunId } from './run-id.ts';
import { givenToGroup, makeStateDirectory, shareFile, syncDirectories } from './shared-directory.ts';

export interface OpenJournal extends JournalPort {
  readonly path: string;
}

const SET_GROUP_ID = 0o2000;

/**
 * Creates `<dir>/runs/<run>.ndjson`, which must not exist yet, and the directories that are missing. Only the user may
 * read it; where `dir` is shared by a group (writable for the group and not for everybody), the group may too.
 * @throws FshaError `journal` with the path and what to do
 */
export async function openJournal(options: {
  readonly dir: string;
  readonly run: string;
  readonly cluster: string;
}): Promise<OpenJournal> {
  const { run, cluster } = options;
  if (!isRunId(run)) throw new Error(`${run} is not a run id`);
  const dir = resolve(options.dir);
  const runs = runsDirectory(dir);
  const path = journalPath(dir, run);
  let handle: FileHandle | undefined;
  try {
    const shared = await makeStateDirectory(dir);
    await makeRunsDirectory(runs, shared);
    handle = await open(
      path,
      constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_EXCL,
      0o600,
    );
    await shareFile(handle, shared);
    await syncDirectories(runs, dir);
    return { path, ...writeJournal(handle, { path, run, cluster }) };
  } catch (error) {
    await handle?.close().catch(() => undefined);
    throw error instanceof FshaError ? error : journalError('create', path, error);
  }
}

async function makeRunsDirectory(runs: string, shared: Stats | null): Promise<void> {
  try {
    await mkdir(runs, { mode: 0o700 });
  } catch (error) {
    if (isErrnoOf(error, 'EEXIST')) return;
    throw error;
  }
  if (shared === null) return;
  const handle = await open(runs, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    // Explicitly, since the umask has taken the group's bits away; chown and chmod would lose setgid.
    if (await givenToGroup(handle, shared.gid)) await handle.chmod(0o770 | (shared.mode & SET_GROUP_ID));
  } finally {
    await handle.close();
  }
}
