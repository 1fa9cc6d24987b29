/** What going on with a run would do: a dry run of resume, and of a drain that would go on with one. */
import type { Cluster } from '../domain/cluster.ts';
import type { Resumption } from '../domain/resume.ts';
import { journalPath } from '../journal/journal-path.ts';
import { readJournal } from '../journal/read-journal.ts';
import { planLines } from '../output/plan-text.ts';
import type { Call } from './command.ts';
import { type GoingOn, whatRemains } from './go-on.ts';
import { withoutLock } from './run-lock.ts';

/**
 * Looks at everything as going on would, and prints what would be done.
 * @throws FshaError as going on would, where it would be refused
 */
export async function showRemains(
  call: Call,
  cluster: Cluster,
  run: string,
  how: Omit<GoingOn, 'lock'>,
): Promise<Resumption['mode']> {
  const { stdout } = call.host;
  const { events } = await readJournal(journalPath(cluster.state.dir, run));
  const lock = withoutLock(cluster);
  const { resumption, policy } = await whatRemains(call, cluster, events, { ...how, run, lock });
  const { mode, plan, why } = resumption;
  if (call.globals.json) {
    stdout.write(`${JSON.stringify({ v: 1, run, mode, plan, why })}\n`);
    return mode;
  }
  if (why !== null) stdout.write(`${why}\n`);
  const lines = mode === 'undo' ? ['give back what the run did'] : planLines(plan, { cluster, policy });
  for (const line of lines) stdout.write(`${line}\n`);
  return mode;
}
