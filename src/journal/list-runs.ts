/** All runs of a state directory, from the two ends of their journals. */
import { errorInfo } from '../domain/errors.ts';
import type { LockState } from '../domain/lock-holder.ts';
import type { ListedRun, RunSummary } from '../domain/run-summary.ts';
import { isUnderWay } from '../domain/under-way.ts';
import { type JournalEnds, readJournalEnds } from './journal-ends.ts';
import { damagedJournal } from './journal-errors.ts';
import { journalPath, listRunIds } from './journal-path.ts';

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

export interface LockLook {
  /** By which journals name the lock of the cluster here. */
  readonly name: string;
  /** Looks at it. */
  readonly state: () => Promise<LockState>;
}

/**
 * The same runs, with whether each goes on: the lock is looked at after them, and then once more at those that are unfinished
 * and do not hold it, since they may have ended in between.
 */
export async function withLock(runs: readonly RunSummary[], lock: LockLook): Promise<readonly ListedRun[]> {
  if (runs.every(({ state }) => state !== 'unfinished'))
    return runs.map((summary) => ({ ...summary, underWay: false }));
  const state = await lock.state().catch(() => null);
  return Promise.all(
    runs.map(async (summary): Promise<ListedRun> => {
      if (summary.state !== 'unfinished') return { ...summary, underWay: false };
      const goesOn = isUnderWay(summary.run, state);
      if (goesOn === true) return { ...summary, underWay: true };
      const again = await summariseRun(summary.run, summary.path);
      if (again.state !== 'unfinished') return { ...again, underWay: false };
      const isOther = summary.kind === 'hangup' || (summary.lock ?? lock.name) !== lock.name;
      return { ...again, underWay: isOther ? null : goesOn };
    }),
  );
}

/** One run. Never throws: what cannot be read is damaged. */
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
    next: [],
    damage: null,
  };
  try {
    const { started, settled } = await readJournalEnds(path);
    if (started === null) return nothing;
    mustBeWhole(path, started, settled);
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
    const { outcome, exit, nodes, next } = settled.data;
    return { ...begun, state: 'settled', settledAt: settled.at, outcome, exit, services: nodes, next };
  } catch (error) {
    return { ...nothing, state: 'damaged', damage: errorInfo(error).message };
  }
}

/** What was changed by hand, or written by something else, must not be taken for a run. @throws FshaError `journal` */
function mustBeWhole(path: string, started: JournalEnds['started'], settled: JournalEnds['settled']): void {
  const first: unknown = started?.data;
  const last: unknown = settled?.data;
  const isText = (value: unknown): boolean => typeof value === 'string';
  const plan = isRecord(first) ? first['plan'] : undefined;
  const nodes = isRecord(plan) ? plan['nodes'] : undefined;
  const isFirst =
    isRecord(first) &&
    [first['command'], first['who'], first['cluster']].every(isText) &&
    Array.isArray(nodes) &&
    nodes.every((one: unknown) => isRecord(one) && isText(one['node']));
  if (!isFirst) throw damagedJournal(path, 1, 'a run.started without command, who, cluster or plan');
  if (settled === null) return;
  const next = isRecord(last) ? last['next'] : undefined;
  if (!isRecord(last) || !isRecord(last['nodes']) || !Array.isArray(next) || !next.every(isText))
    throw damagedJournal(path, 'last', 'a run.settled without nodes or next');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
