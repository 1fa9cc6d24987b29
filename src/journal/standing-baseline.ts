/** What a node was before an earlier run of fsha left it out of service. */
import { stat } from 'node:fs/promises';
import { latestFirst } from '../domain/came-after.ts';
import { FshaError } from '../domain/errors.ts';
import type { EventData, Service } from '../domain/run-events.ts';
import { readJournalEnds } from './journal-ends.ts';
import { isUnreadable } from './journal-errors.ts';
import { journalPath, listRunIds } from './journal-path.ts';
import { mayHaveTouched, type NodeTrace, NodeTraces } from './node-traces.ts';
import { peekEnd } from './peek-end.ts';
import { readJournal } from './read-journal.ts';
import { scanTraces } from './scan-journal.ts';
import { nodeRun, type StandingBaseline, StandingWalk } from './standing-walk.ts';

type RunStarted = EventData['run.started'];

/** Whose runs of which node. */
interface Place {
  readonly dir: string;
  readonly cluster: string;
  readonly node: string;
}

/** A run, and what its journal says of the node; its last line tells when it was written last. */
interface Placed {
  readonly run: string;
  readonly settled: boolean;
  readonly lastAt: string;
  readonly trace: NodeTrace | null;
}

interface Damaged {
  readonly run: string;
  readonly why: FshaError;
}

/** Files open at a time. */
const CONCURRENCY = 32;

/**
 * Looks through the runs of a cluster, the latest first (see latestFirst). Where the latest one that meant to change the node's
 * destinations did not leave it in service (it was held, failed, is unfinished, or its outcome is unknown), the baseline with
 * which the node was first taken out stands, and is returned; else undefined.
 * @param call how fsha was called, for the commands in errors
 * @throws FshaError `journal` where a journal that may matter cannot be read: without it fsha could take its own
 *   "disabled" for somebody else's
 */
export async function findStandingBaseline(
  dir: string,
  cluster: string,
  node: string,
  call = 'fsha',
): Promise<StandingBaseline | undefined> {
  const place = { dir, cluster, node };
  const damaged: Damaged[] = [];
  const guarded = async <T>(run: string, look: () => Promise<T | null>): Promise<T | null> => {
    try {
      return await look();
    } catch (error) {
      if (!(error instanceof FshaError)) throw error;
      damaged.push({ run, why: error });
      return null;
    }
  };
  const all = await eachOf(await listRunIds(dir), (run) => guarded(run, () => placeOf(run, place)));
  const isOpen = all.some(({ settled, trace }) => !settled && trace?.touched === true);
  // Dates tell settled ones apart; what came after an unfinished one is told by what each of them found.
  const traced = isOpen
    ? await eachOf(all, (one) =>
        guarded(one.run, async () =>
          one.settled ? { ...one, trace: await firstTrace(one.run, place) } : one,
        ),
      )
    : all;
  const walk = new StandingWalk();
  let end = '';
  for (const { run, settled } of latestFirst(traced.map((one) => nodeRun(one, one.trace)))) {
    const trace = await guarded(run, () => wholeTrace(run, place));
    if (trace === null || !trace.touched) continue;
    walk.take(run, { ...trace, settled });
    if (!walk.over) continue;
    end = run;
    break;
  }
  // When one wrote last cannot be read where it is damaged: its name has to do.
  const doubt = damaged.find(({ run }) => run > end);
  if (doubt !== undefined) throw mayMatter(doubt.why, node, call);
  return walk.result;
}

/** What the end of a journal says; of an unfinished one all of it. null for a run that has nothing to do with the node. */
async function placeOf(run: string, place: Place): Promise<Placed | null> {
  const path = journalPath(place.dir, run);
  const { size } = await stat(path).catch(() => ({ size: 0 }));
  const peeked = await peekEnd(path, run, size).catch(() => null);
  if (peeked !== null) return { run, settled: true, lastAt: peeked.at, trace: null };
  const { started, settled } = await readJournalEnds(path);
  if (started === null || !isAbout(started.data, place)) return null;
  if (settled !== null) return { run, settled: true, lastAt: settled.at, trace: null };
  const { events } = await readJournal(path);
  const traces = new NodeTraces();
  for (const event of events) traces.take(event);
  const trace = traces.of(place.node);
  return { run, settled: false, lastAt: events.at(-1)?.at ?? started.at, trace };
}

/** As far as it tells what the run found of others. */
async function firstTrace(run: string, place: Place): Promise<NodeTrace | null> {
  const path = journalPath(place.dir, run);
  const { started } = await readJournalEnds(path);
  if (started === null || !isAbout(started.data, place)) return null;
  const traces = await scanTraces(path, [place.node]);
  return traces.of(place.node);
}

/** null for a run that has nothing to do with the node. */
async function wholeTrace(run: string, place: Place): Promise<(NodeTrace & { service: Service }) | null> {
  const path = journalPath(place.dir, run);
  const { started } = await readJournalEnds(path);
  if (started === null || !isAbout(started.data, place)) return null;
  const traces = new NodeTraces();
  const { events } = await readJournal(path);
  for (const event of events) traces.take(event);
  const last = events.at(-1);
  const service = last?.type === 'run.settled' ? (last.data.nodes[place.node] ?? 'unknown') : 'unknown';
  return { ...traces.of(place.node), service };
}

function isAbout({ cluster, plan }: RunStarted, place: Place): boolean {
  const nodes = plan.nodes.map(({ node }) => node);
  return mayHaveTouched({ cluster, kind: plan.kind, nodes }, place.cluster, place.node);
}

async function eachOf<T, R>(all: readonly T[], look: (one: T) => Promise<R | null>): Promise<readonly R[]> {
  const found: R[] = [];
  for (let from = 0; from < all.length; from += CONCURRENCY) {
    const some = await Promise.all(all.slice(from, from + CONCURRENCY).map(look));
    found.push(...some.filter((one) => one !== null));
  }
  return found;
}

function mayMatter(error: FshaError, node: string, call: string): FshaError {
  if (isUnreadable(error)) {
    const hint = error.hint === '' || error.hint.endsWith('.') ? error.hint : `${error.hint}.`;
    return new FshaError(
      'journal',
      error.message,
      `${hint} Leave it where it is: what its run found stands only there.`.trim(),
      error.original(),
    );
  }
  return new FshaError(
    'journal',
    error.message,
    // Without its journal the run is one that nobody knows, and its mark is in the way.
    `This run may have left ${node} out of service: see with ${call} status what ${node} is. Then move the file out of its directory, and bring ${node} back with: ${call} activate ${node} --force mark`,
    error,
  );
}
