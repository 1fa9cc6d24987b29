/** What a node was before an earlier run of fsha left it out of service. */
import { FshaError } from '../domain/errors.ts';
import { readJournalEnds } from './journal-ends.ts';
import { journalPath, listRunIds } from './journal-path.ts';
import { mayHaveTouched, NodeTraces } from './node-traces.ts';
import { readJournal } from './read-journal.ts';
import { type RunTrace, type StandingBaseline, StandingWalk } from './standing-walk.ts';

/**
 * Looks through the runs of a cluster, newest first. Where the newest one that meant to change the node's destinations
 * did not leave it in service (it was held, failed, is unfinished, or its outcome is unknown), the baseline with which
 * the node was first taken out stands, and is returned; else undefined.
 * @throws FshaError `journal` where a journal that may matter cannot be read: without it fsha could take its own
 *   "disabled" for somebody else's
 */
export async function findStandingBaseline(
  dir: string,
  cluster: string,
  node: string,
): Promise<StandingBaseline | undefined> {
  const walk = new StandingWalk();
  for (const run of await listRunIds(dir)) {
    const trace = await traceOf(dir, run, cluster, node);
    if (trace !== null) walk.take(run, trace);
    if (walk.over) break;
  }
  return walk.result;
}

/** null for a run that has nothing to do with the node. */
async function traceOf(dir: string, run: string, cluster: string, node: string): Promise<RunTrace | null> {
  const path = journalPath(dir, run);
  try {
    const { started } = await readJournalEnds(path);
    if (started === null) return null;
    const { plan } = started.data;
    const planned = {
      cluster: started.data.cluster,
      kind: plan.kind,
      nodes: plan.nodes.map((one) => one.node),
    };
    if (!mayHaveTouched(planned, cluster, node)) return null;
    const traces = new NodeTraces();
    const { events } = await readJournal(path);
    for (const event of events) traces.take(event);
    const last = events.at(-1);
    const service = last?.type === 'run.settled' ? (last.data.nodes[node] ?? 'unknown') : 'unknown';
    return { ...traces.of(node), service, settled: last?.type === 'run.settled' };
  } catch (error) {
    if (!(error instanceof FshaError)) throw error;
    throw new FshaError(
      'journal',
      error.message,
      `This run may have left ${node} out of service: see with fsha status what ${node} is, then move the file out of its directory.`,
      error,
    );
  }
}
