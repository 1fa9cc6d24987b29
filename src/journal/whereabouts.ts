/** What the journals of this host know of a run that a mark names. */
import { FshaError } from '../domain/errors.ts';
import type { LockUse } from '../domain/lock-holder.ts';
import { isSameLock } from '../domain/lock-name.ts';
import type { Whereabouts } from '../domain/mark.ts';
import { guardOf } from './guard-lock.ts';
import { isUnreadable } from './journal-errors.ts';
import { readJournalEnds } from './journal-ends.ts';
import { journalPath } from './journal-path.ts';
import { readJournal } from './read-journal.ts';
import { isRunId } from './run-id.ts';

/**
 * A journal that cannot be read tells nothing, and neither does one that was copied here: its process may be alive where it
 * came from.
 * @param lock this host's lock of the cluster, as journals name it, and who has it now
 */
export async function whereaboutsOf(
  dir: string,
  run: string,
  lock: { readonly name: string; readonly use: () => Promise<LockUse> },
): Promise<Whereabouts> {
  if (!isRunId(run)) return 'elsewhere';
  try {
    const { started, settled } = await readJournalEnds(journalPath(dir, run));
    if (settled !== null) return 'ended';
    if (started === null || !isSameLock(started.data.lock ?? lock.name, lock.name)) return 'elsewhere';
    for (const { node } of started.data.plan.nodes) {
      const guard = await guardOf({ dir, cluster: started.data.cluster, node });
      if (guard === 'unnamed' || guard?.run === run) return 'guarding';
    }
    const use = await lock.use();
    // Who has it may not be told: it may be this very run.
    if (use.held && (use.run === null || use.run === run)) return 'under way';
    return (await isDamaged(dir, run)) ? 'damaged' : 'interrupted';
  } catch (error) {
    if (error instanceof FshaError) return 'elsewhere';
    throw error;
  }
}

/** Whether it cannot be gone on with: read whole, as whoever goes on with it does. */
async function isDamaged(dir: string, run: string): Promise<boolean> {
  try {
    await readJournal(journalPath(dir, run));
    return false;
  } catch (error) {
    if (error instanceof FshaError) return !isUnreadable(error);
    throw error;
  }
}
