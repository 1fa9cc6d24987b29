/** All runs of a state directory, from the two ends of their journals. */
import { errorInfo } from '../domain/errors.ts';
import { isSameLock } from '../domain/lock-name.ts';
import type { ListedRun, RunSummary } from '../domain/run-summary.ts';
import { readJournalEnds } from './journal-ends.ts';
import { isUnreadable } from './journal-errors.ts';
import { journalPath, listRunIds } from './journal-path.ts';
import { goesOn, type RunLocks } from './run-locks.ts';

/** Files open at a time. */
const CONCURRENCY = 32;

/**
 * The runs whose journals are in `<dir>/runs`, newest first. A journal that cannot be read is listed as damaged and
 * hides no other.
 * @param limit how many to read at most
 * @throws FshaError `journal` where the directory itself cannot be read
 */
export async function listRuns(
  dir: string,
  limit = Number.POSITIVE_INFINITY,
): Promise<readonly RunSummary[]> {
  const runs = (await listRunIds(dir)).slice(0, limit);
  const summaries: RunSummary[] = [];
  for (let from = 0; from < runs.length; from += CONCURRENCY) {
    const some = runs.slice(from, from + CONCURRENCY);
    summaries.push(...(await Promise.all(some.map((run) => summariseRun(run, journalPath(dir, run))))));
  }
  return summaries;
}

/**
 * The same runs, with whether each goes on: the locks are looked at after them, and then once more at those that are unfinished
 * and hold none, since they may have ended in between.
 */
export async function withLocks(runs: readonly RunSummary[], locks: RunLocks): Promise<readonly ListedRun[]> {
  if (runs.every(({ state }) => state !== 'unfinished'))
    return runs.map((summary) => ({ ...summary, underWay: false }));
  const state = await locks.cluster().catch(() => null);
  return Promise.all(
    runs.map(async (summary): Promise<ListedRun> => {
      if (summary.state !== 'unfinished') return { ...summary, underWay: false };
      const isOn = await goesOn(summary, state, locks);
      if (isOn === true) return { ...summary, underWay: true };
      const again = await summariseRun(summary.run, summary.path);
      if (again.state !== 'unfinished') return { ...again, underWay: false };
      const isElsewhere = !isSameLock(summary.lock ?? locks.name, locks.name);
      return { ...again, underWay: isElsewhere ? null : isOn };
    }),
  );
}

/** One run. Never throws: what cannot be read is damaged or unreadable. */
export async function summariseRun(run: string, path: string): Promise<RunSummary> {
  const nothing: RunSummary = {
    run,
    path,
    state: 'empty',
    command: null,
    cluster: null,
    who: null,
    reason: null,
    startedAt: null,
    settledAt: null,
    kind: null,
    nodes: [],
    call: null,
    lock: null,
    outcome: null,
    exit: null,
    services: {},
    untouched: [],
    next: [],
    damage: null,
  };
  try {
    const { started, settled } = await readJournalEnds(path);
    if (started === null) return nothing;
    const begun: RunSummary = {
      ...nothing,
      state: 'unfinished',
      command: started.data.command,
      cluster: started.data.cluster,
      who: started.data.who,
      reason: started.data.reason,
      startedAt: started.at,
      kind: started.data.plan.kind,
      nodes: started.data.plan.nodes.map(({ node }) => node),
      call: started.data.call ?? 'fsha',
      lock: started.data.lock ?? null,
    };
    if (settled === null) return begun;
    const { outcome, exit, nodes, next, untouched = [] } = settled.data;
    return {
      ...begun,
      state: 'settled',
      settledAt: settled.at,
      outcome,
      exit,
      services: nodes,
      untouched,
      next,
    };
  } catch (error) {
    const state = isUnreadable(error) ? 'unreadable' : 'damaged';
    return { ...nothing, state, damage: errorInfo(error).message };
  }
}
