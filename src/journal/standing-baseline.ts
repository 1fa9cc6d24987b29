/** What a node was before an earlier run of fsha left it out of service. */
import { FshaError } from '../domain/errors.ts';
import type { Baseline, RunEvent, Service } from '../domain/run-events.ts';
import { readJournalEnds } from './journal-ends.ts';
import { journalPath, listRunIds } from './journal-path.ts';
import { readJournal } from './read-journal.ts';

export interface StandingBaseline {
  /** The newest run that left the node out. */
  readonly run: string;
  /** Whether that run came to its end; one that did not may still be under way. */
  readonly settled: boolean;
  readonly baseline: Baseline;
  /** Whether a restart was begun since the baseline was taken: then the node goes back through Kamailio's probing. */
  readonly restarted: boolean;
}

/** What one run did to a node. */
interface Trace {
  readonly touched: boolean;
  readonly service: Service;
  readonly settled: boolean;
  readonly baseline: Baseline | undefined;
  readonly restarted: boolean;
}

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
  let newest: { run: string; settled: boolean } | undefined;
  let baseline: Baseline | undefined;
  let restarted = false;
  for (const run of await listRunIds(dir)) {
    const trace = await traceOf(dir, run, cluster, node);
    if (!trace.touched) continue;
    if (trace.service === 'in service') break;
    newest ??= { run, settled: trace.settled };
    // A run that inherited its baseline has the core_uuid of the run before it: what that one restarted counts too.
    const same = baseline === undefined || trace.baseline?.coreUuid === baseline.coreUuid;
    if (!same) break;
    baseline ??= trace.baseline;
    restarted ||= trace.restarted;
  }
  return newest === undefined || baseline === undefined ? undefined : { ...newest, baseline, restarted };
}

const UNTOUCHED: Trace = {
  touched: false,
  service: 'unknown',
  settled: false,
  baseline: undefined,
  restarted: false,
};

async function traceOf(dir: string, run: string, cluster: string, node: string): Promise<Trace> {
  const path = journalPath(dir, run);
  try {
    const { started } = await readJournalEnds(path);
    if (started === null || started.data.cluster !== cluster) return UNTOUCHED;
    const planned = started.data.plan.nodes;
    if (planned.length > 0 && !planned.some((one) => one.node === node)) return UNTOUCHED;
    return traceIn((await readJournal(path)).events, node);
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

/** Folds the events of one run into what they say about the node. */
function traceIn(events: readonly RunEvent[], node: string): Trace {
  let touched = false;
  let restarted = false;
  let baseline: Baseline | undefined;
  for (const event of events) {
    if (event.type === 'preflight.settled' && event.data.baseline?.node === node)
      baseline ??= event.data.baseline;
    if (event.type === 'effect.intended' && isOf(event, node)) {
      touched ||= event.data.effect === 'dispatcher.state';
      restarted ||= event.data.effect === 'node.restart';
    }
  }
  const last = events.at(-1);
  const service = last?.type === 'run.settled' ? (last.data.nodes[node] ?? 'unknown') : 'unknown';
  return { touched, service, settled: last?.type === 'run.settled', baseline, restarted };
}

function isOf(event: RunEvent, node: string): boolean {
  return event.node === node || (event.node === undefined && event.step?.startsWith(`${node}/`) === true);
}
