/** What the journals of a state directory say of a cluster now; read again, only what has changed since is read. */
import { stat } from 'node:fs/promises';
import { isProvenAfter, latestFirst, type NodeRun } from '../domain/came-after.ts';
import type { ClusterRuns, LastRun, PartlyRun } from '../domain/cluster-runs.ts';
import { errorInfo, isInterruption } from '../domain/errors.ts';
import { printable } from '../domain/text.ts';
import { isErrnoOf } from './errno.ts';
import { listRunIds } from './journal-path.ts';
import { type Clocks, KnownRun, type Moment, type OpenRun, type RunsPlace } from './known-run.ts';
import { goesOn, stoppedProcess } from './run-locks.ts';

export interface LastRunsOptions extends RunsPlace {
  /** The nodes of the inventory. */
  readonly nodes: readonly string[];
  readonly clock: Clocks;
  /** How many journals are looked at, the newest; default 2,000. */
  readonly most?: number;
}

const MOST_JOURNALS = 2_000;
/** Files open at a time. */
const CONCURRENCY = 32;
/** So many damaged ones are named one by one. */
const NAMED = 3;

export class LastRuns {
  readonly #options: LastRunsOptions;
  /** Newest first. */
  #runs = new Map<string, KnownRun>();

  constructor(options: LastRunsOptions) {
    this.#options = options;
  }

  /**
   * The journals first, then the locks, then once more those that are unfinished and hold none: what ended in between was not
   * interrupted. What cannot be read is a gap in the result: this throws for an interruption and for bugs.
   */
  async read(): Promise<ClusterRuns> {
    const { dir, locks, clock, most = MOST_JOURNALS } = this.#options;
    const begun = { now: clock.now(), wall: clock.wall().getTime() };
    const gaps: string[] = [];
    const isMissing = await isNotThere(dir);
    const ids = isMissing ? [] : await this.#list(gaps);
    // Where the directory cannot be read any more, what was there counts.
    const listed = ids ?? [...this.#runs.keys()];
    const before = this.#runs;
    this.#runs = new Map(
      listed.slice(0, most).map((run) => [run, before.get(run) ?? new KnownRun(run, this.#options)]),
    );
    if (ids !== null) await this.#refresh(listed, begun);
    const held = await locks.cluster().catch((error: unknown) => {
      if (isInterruption(error)) throw error;
      gaps.push(`whether a run is under way is unknown: ${clause(error)}`);
      return null;
    });
    const goOn = new Map<string, boolean | null>();
    const stopped = new Map<string, number>();
    for (const one of this.#open()) {
      const is = await goesOn(one, held, locks);
      goOn.set(one.run, is);
      const pid = is === true ? await stoppedProcess(one, held, locks) : null;
      if (pid !== null) stopped.set(one.run, pid);
    }
    const silent = [...goOn].flatMap(([run, is]) => (is === true ? [] : [run]));
    if (ids !== null) await this.#refresh(silent, begun);
    if (listed.length > most)
      gaps.push(`only the newest ${most} of ${listed.length} runs in ${printable(dir, 500)} were looked at`);
    // First: it finds damage as well.
    const { last, overtaken } = await this.#last();
    const partly = await this.#partly();
    return {
      unfinished: this.#open().map((one) => {
        const nodes = overtaken.get(one.run);
        const underWay = goOn.get(one.run) ?? null;
        const pid = stopped.get(one.run);
        return {
          ...one,
          underWay,
          ...(nodes === undefined ? {} : { overtaken: nodes }),
          ...(pid === undefined ? {} : { stopped: pid }),
        };
      }),
      last,
      ...(partly !== null && { partly }),
      known: ids === null && listed.length === 0 ? null : new Set(listed),
      lock: held,
      missing: isMissing ? dir : null,
      gaps: [...gaps, ...this.#damaged()],
    };
  }

  /** null where the directory cannot be read. */
  async #list(gaps: string[]): Promise<readonly string[] | null> {
    try {
      return await listRunIds(this.#options.dir);
    } catch (error) {
      gaps.push(`what runs did is unknown: ${clause(error)}`);
      return null;
    }
  }

  async #refresh(ids: readonly string[], begun: Moment): Promise<void> {
    for (let from = 0; from < ids.length; from += CONCURRENCY) {
      const some = ids.slice(from, from + CONCURRENCY);
      await Promise.all(some.map(async (run) => this.#runs.get(run)?.refresh(begun, this.#options.clock)));
    }
  }

  #open(): readonly OpenRun[] {
    return [...this.#runs.values()].flatMap(({ unfinished }) => (unfinished === null ? [] : [unfinished]));
  }

  /** By node: the latest run, and the unfinished ones that are proven to have been overtaken on it. */
  async #last(): Promise<{
    readonly last: ReadonlyMap<string, LastRun>;
    readonly overtaken: ReadonlyMap<string, readonly string[]>;
  }> {
    const last = new Map<string, LastRun>();
    const overtaken = new Map<string, string[]>();
    const byDate = [...this.#runs.values()].toSorted((one, other) =>
      one.lastAt < other.lastAt ? 1 : one.lastAt > other.lastAt ? -1 : 0,
    );
    const open = byDate.filter(({ unfinished }) => unfinished !== null);
    for (const node of this.#options.nodes) {
      // Dates tell settled ones apart, and then only the latest are read.
      const isOpen = open.some((one) => one.isAbout(node));
      const about = byDate.filter((one) => one.isAbout(node));
      const placed = isOpen ? await inOrder(about, node) : null;
      for (const one of placed ?? [])
        if (!one.settled && placed?.some((other) => other !== one && isProvenAfter(other, one)) === true)
          overtaken.set(one.run, [...(overtaken.get(one.run) ?? []), node]);
      for (const run of placed?.map(({ known }) => known) ?? about) {
        const found = await run.lastRun(node);
        if (found === null) continue;
        last.set(node, found);
        break;
      }
    }
    return { last, overtaken };
  }

  async #partly(): Promise<PartlyRun | null> {
    let newest: PartlyRun | null = null;
    for (const one of this.#runs.values()) {
      if (newest !== null && one.lastAt <= newest.lastAt) continue;
      newest = (await one.partly()) ?? newest;
    }
    return newest;
  }

  #damaged(): readonly string[] {
    const all = [...this.#runs.values()].flatMap(({ damage }) => (damage === null ? [] : [damage]));
    const rest = all.length - NAMED;
    return [
      ...all
        .slice(0, NAMED)
        .map(({ what, unreadable }) =>
          unreadable
            ? `what a run did is unknown; leave its journal where it is, fsha doctor says what to do: ${what}`
            : `a journal cannot be read, and what its run did is unknown; move the file out of its directory before anything else: ${what}`,
        ),
      ...(rest > 0 ? [`${rest} more journals cannot be read: see fsha runs`] : []),
    ].map((text) => text.replace(/\.$/, ''));
  }
}

/** Those that meant to change the node, the latest first. */
async function inOrder(
  about: readonly KnownRun[],
  node: string,
): Promise<readonly (NodeRun & { readonly known: KnownRun })[]> {
  const found: (NodeRun & { readonly known: KnownRun })[] = [];
  for (let from = 0; from < about.length; from += CONCURRENCY) {
    const some = await Promise.all(about.slice(from, from + CONCURRENCY).map((one) => one.asOf(node)));
    found.push(...some.filter((one) => one !== null));
  }
  return latestFirst(found);
}

async function isNotThere(dir: string): Promise<boolean> {
  return stat(dir).then(
    () => false,
    (error: unknown) => isErrnoOf(error, 'ENOENT'),
  );
}

/** Its message as part of a sentence. */
function clause(error: unknown): string {
  return errorInfo(error).message.replace(/\.$/, '');
}
