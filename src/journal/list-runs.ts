/** All runs of a state directory, from the two ends of their journals. */
import { errorInfo } from '../domain/errors.ts';
import type { RunSummary } from '../domain/run-summary.ts';
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
