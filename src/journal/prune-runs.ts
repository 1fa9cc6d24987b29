/** Deletes the journals of old runs, and none that anybody may still need. */
import { stat, unlink } from 'node:fs/promises';
import { isProvenAfter, type NodeRun } from '../domain/came-after.ts';
import { FshaError } from '../domain/errors.ts';
import type { RunSummary } from '../domain/run-summary.ts';
import { isErrnoOf } from './errno.ts';
import { journalError } from './journal-errors.ts';
import { journalPath, listRunIds } from './journal-path.ts';
import { summariseRun } from './list-runs.ts';
import { mayHaveTouched } from './node-traces.ts';
import { scanTraces } from './scan-journal.ts';
import { nodeRun, StandingWalk } from './standing-walk.ts';

export interface Keep {
  /** So many runs of the cluster, the newest. */
  readonly keepRuns: number;
  /** Ms since they came to their end. */
  readonly keepAge: number;
}

export interface Pruned {
  readonly deleted: readonly string[];
  /** A sentence for a warning, where something could not be looked at or deleted; null where all went well. */
  readonly trouble: string | null;
}

/** A run at the end of which this is done waits for it: the rest is done at the end of the next one. */
const MOST_DELETED = 200;
/** More than this many journals are not looked at. */
const MOST_READ = 20_000;
/** Files open at a time. */
const CONCURRENCY = 32;
const DAY = 86_400_000;

/**
 * Deletes journals of this cluster's runs that have come to their end, the oldest first: those beyond `keepRuns`, and those that
 * ended longer than `keepAge` ago. Always kept: unfinished and damaged ones, what a later run would inherit from or be told
 * about (see StandingWalk), and those of other clusters.
 * Never throws.
 * @param now wall clock
 */
export async function pruneRuns(dir: string, cluster: string, keep: Keep, now: Date): Promise<Pruned> {
  try {
    const ids = (await listRunIds(dir)).slice(0, MOST_READ);
    const oldest = ids.at(-1);
    if (
      oldest === undefined ||
      (ids.length <= keep.keepRuns && !isOlder(momentOf(oldest), keep.keepAge, now))
    )
      return { deleted: [], trouble: null };
    const runs = await readAll(dir, ids, cluster);
    const old = oldOnes(runs, keep, now);
    if (old.length === 0) return { deleted: [], trouble: null };
    const needed = new Set([...(await neededOnes(runs, cluster)), ...(await overtakers(runs, old, cluster))]);
    return await deleteAll(
      old.filter(({ run }) => !needed.has(run)),
      now,
    );
  } catch (error) {
    return { deleted: [], trouble: sentence(error) };
  }
}

/** Of this cluster, newest first; with those that recorded nothing, which may be any cluster's. */
async function readAll(dir: string, ids: readonly string[], cluster: string): Promise<readonly RunSummary[]> {
  const all: RunSummary[] = [];
  for (let from = 0; from < ids.length; from += CONCURRENCY) {
    const some = ids.slice(from, from + CONCURRENCY);
    all.push(...(await Promise.all(some.map((run) => summariseRun(run, journalPath(dir, run))))));
  }
  return all.filter((one) => one.cluster === cluster || one.state === 'empty');
}

function oldOnes(runs: readonly RunSummary[], { keepRuns, keepAge }: Keep, now: Date): readonly RunSummary[] {
  let newer = 0;
  return runs.filter(({ run, state, settledAt }) => {
    const isBeyond = newer >= keepRuns;
    if (state !== 'empty') newer += 1;
    if (state === 'unfinished' || state === 'damaged' || state === 'unreadable') return false;
    return isBeyond || isOlder(settledAt === null ? momentOf(run) : Date.parse(settledAt), keepAge, now);
  });
}

/** The runs that say where nodes are and what they were before, back to where older ones do not matter. */
async function neededOnes(runs: readonly RunSummary[], cluster: string): Promise<ReadonlySet<string>> {
  const walks = new Map(
    runs.flatMap(({ nodes }) => nodes).map((node): [string, StandingWalk] => [node, new StandingWalk()]),
  );
  const needed = new Set<string>();
  for (const summary of runs) {
    const { run, nodes, services, state } = summary;
    const open = nodes.filter(
      (node) => walks.get(node)?.over === false && mayHaveTouched(summary, cluster, node),
    );
    if (open.length === 0) continue;
    const traces = await scanTraces(summary.path, open).catch(() => null);
    // What cannot be read may be anything.
    if (traces === null) needed.add(run);
    for (const node of open) {
      const trace = traces?.of(node);
      if (trace?.touched !== true) continue;
      needed.add(run);
      walks
        .get(node)
        ?.take(run, { ...trace, service: services[node] ?? 'unknown', settled: state === 'settled' });
    }
  }
  return needed;
}

/** Those that tell that an unfinished run, which is kept, was overtaken: without them it would be the last one again. */
async function overtakers(
  runs: readonly RunSummary[],
  old: readonly RunSummary[],
  cluster: string,
): Promise<ReadonlySet<string>> {
  const needed = new Set<string>();
  for (const open of runs.filter(({ state }) => state === 'unfinished'))
    for (const node of open.nodes) {
      const overtaken = await asOf(open, cluster, node);
      if (overtaken?.holds !== true) continue;
      for (const one of old) {
        if (needed.has(one.run)) continue;
        const later = await asOf(one, cluster, node);
        if (later !== null && isProvenAfter(later, overtaken)) needed.add(one.run);
      }
    }
  return needed;
}

/** null where it has nothing to do with the node, or cannot be read. */
async function asOf(summary: RunSummary, cluster: string, node: string): Promise<NodeRun | null> {
  if (!mayHaveTouched(summary, cluster, node)) return null;
  const { run, path, state } = summary;
  const settled = state === 'settled';
  // An unfinished one to its end: what it took away last counts.
  const traces = await scanTraces(path, settled ? [node] : []).catch(() => null);
  const lastAt = summary.settledAt ?? summary.startedAt ?? '';
  return traces === null ? null : nodeRun({ run, settled, lastAt }, traces.of(node));
}

async function deleteAll(runs: readonly RunSummary[], now: Date): Promise<Pruned> {
  const deleted: string[] = [];
  let trouble: string | null = null;
  for (const { run, path, state } of runs.toReversed().slice(0, MOST_DELETED)) {
    try {
      // One that is empty may be about to get its first event.
      if (state === 'empty' && !isOlder((await stat(path)).mtimeMs, DAY, now)) continue;
      await unlink(path);
      deleted.push(run);
    } catch (error) {
      if (isErrnoOf(error, 'ENOENT')) continue;
      trouble ??= sentence(journalError('delete', path, error));
    }
  }
  return { deleted, trouble };
}

/** Ms since 1970, from `20261122-213134-k3f9`. */
function momentOf(run: string): number {
  const [, date = '', time = ''] = /^(\d{8})-(\d{6})-/.exec(run) ?? [];
  const text = `${date}T${time}`.replace(/^(....)(..)(..)T(..)(..)(..)$/, '$1-$2-$3T$4:$5:$6Z');
  return Date.parse(text);
}

/** What has no moment is not old. */
function isOlder(moment: number, age: number, now: Date): boolean {
  return now.getTime() - moment > age;
}

function sentence(error: unknown): string {
  const { message } = error instanceof FshaError ? error : journalError('read', '', error);
  return `Old journals were not deleted: ${message}`;
}
