/** Where journals lie: `<state.dir>/runs/<run>.ndjson`. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrnoOf } from './errno.ts';
import { journalsError } from './journal-errors.ts';
import { isRunId } from './run-id.ts';

const SUFFIX = '.ndjson';

export function runsDirectory(stateDir: string): string {
  return join(stateDir, 'runs');
}

export function journalPath(stateDir: string, run: string): string {
  return join(runsDirectory(stateDir), `${run}${SUFFIX}`);
}

/** The run ids of all journals in a state directory, newest first; none where there is no such directory. */
export async function listRunIds(stateDir: string): Promise<readonly string[]> {
  const directory = runsDirectory(stateDir);
  let names: string[];
  try {
    names = await readdir(directory);
  } catch (error) {
    if (isErrnoOf(error, 'ENOENT')) return [];
    throw journalsError(directory, error);
  }
  return names
    .filter((name) => name.endsWith(SUFFIX))
    .map((name) => name.slice(0, -SUFFIX.length))
    .filter(isRunId)
    .sort()
    .reverse();
}
