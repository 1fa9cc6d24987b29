import { FshaError } from '../domain/errors.ts';
import { readJournalEnds } from './journal-ends.ts';
import { journalPath } from './journal-path.ts';
import { isRunId } from './run-id.ts';

/** Whether the journal of this run is here and says that it came to its end. What cannot be read has not. */
export async function hasSettled(dir: string, run: string): Promise<boolean> {
  if (!isRunId(run)) return false;
  try {
    return (await readJournalEnds(journalPath(dir, run))).settled !== null;
  } catch (error) {
    if (error instanceof FshaError) return false;
    throw error;
  }
}
