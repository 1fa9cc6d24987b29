/** What is to be said of runs while a cluster is looked at: journals and lock beside what was seen last. */
import type { Cluster } from '../domain/cluster.ts';
import type { ClusterRuns } from '../domain/cluster-runs.ts';
import { FshaError, interrupted, isInterruption } from '../domain/errors.ts';
import type { Observation } from '../domain/observation.ts';
import { type RunNotes, runNotes } from '../domain/run-notes.ts';
import { printable } from '../domain/text.ts';
import { LastRuns } from '../journal/last-runs.ts';
import { type RunLocks, runLocks } from '../journal/run-locks.ts';
import { within } from '../workflow/deadline.ts';
import type { Clock } from '../workflow/ports.ts';
import { type Call, callText } from './command.ts';
import { lockName } from './run-lock.ts';

/** Journals are on a disk, or on a server that is gone: nobody waits longer for them, ms. */
const PATIENCE = 5_000;
/** Between two readings while it is watched, ms. */
const EVERY = 3_000;

const NOTHING_KNOWN = { runs: [], contradictions: [], marks: {}, last: {}, missing: null } as const;

export interface RunsWatchOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly locks: RunLocks;
  /** How fsha was called, for the commands. */
  readonly command: string;
}

export function runsWatchOf(call: Call, cluster: Cluster): RunsWatch {
  const locks = runLocks(cluster.state.dir, cluster.name, lockName(call.host, cluster));
  return new RunsWatch({ cluster, clock: call.host.clock, locks, command: callText(call) });
}

export class RunsWatch {
  readonly #options: RunsWatchOptions;
  readonly #runs: LastRuns;
  /** One that has not come back yet: there is no second one beside it. */
  #reading: Promise<ClusterRuns> | null = null;
  #latest: RunNotes | null = null;

  constructor(options: RunsWatchOptions) {
    const { cluster, clock, locks } = options;
    this.#options = options;
    this.#runs = new LastRuns({
      dir: cluster.state.dir,
      cluster: cluster.name,
      locks,
      nodes: cluster.nodes.map(({ name }) => name),
      clock,
    });
  }

  /** The same object as before where nothing has changed; null before the first. */
  latest(): RunNotes | null {
    return this.#latest;
  }

  /**
   * Reads journals and lock, and judges what was seen before that. Where they do not come back within seconds, what was known
   * before counts, with a gap.
   * @throws FshaError `interrupted`
   */
  async look(observation: Observation, signal: AbortSignal): Promise<RunNotes> {
    const { cluster, clock, command } = this.#options;
    const wall = clock.wall().getTime();
    const before = this.#latest;
    const read = await this.#read(signal);
    const notes =
      'gap' in read
        ? { ...(before ?? NOTHING_KNOWN), wall, gaps: [read.gap] }
        : runNotes({ cluster, observation, runs: read.runs, wall, command });
    this.#latest = before !== null && isSame(before, notes) ? before : notes;
    return notes;
  }

  /** Reads at once, so that what comes later is quick. */
  async begin(signal: AbortSignal): Promise<void> {
    await this.#read(signal);
  }

  /** Looks every few seconds at what `observe` shows then. Ends when the signal fires. */
  async keepLooking(observe: () => Observation, signal: AbortSignal): Promise<void> {
    try {
      for (;;) {
        await this.look(observe(), signal);
        await this.#options.clock.sleep(EVERY, signal);
      }
    } catch (error) {
      if (!isInterruption(error)) throw error;
    }
  }

  async #read(signal: AbortSignal): Promise<{ readonly runs: ClusterRuns } | { readonly gap: string }> {
    const { clock, cluster } = this.#options;
    const what = `reading ${printable(cluster.state.dir, 500)}`;
    try {
      return await within(clock, PATIENCE, signal, what, async (ended) => {
        const runs = await Promise.race([this.#fresh(ended), whenAborted(ended, what)]);
        return { runs };
      });
    } catch (error) {
      if (!(error instanceof FshaError) || error.code !== 'timeout') throw error;
      return { gap: `what runs did is unknown: ${error.message}` };
    }
  }

  /** One that begins now: what an earlier one read may be older than what was seen since. */
  async #fresh(ended: AbortSignal): Promise<ClusterRuns> {
    while (this.#reading !== null) await this.#reading.catch(() => undefined);
    if (ended.aborted) throw interrupted('reading journals');
    this.#reading = this.#runs.read().finally(() => (this.#reading = null));
    return this.#reading;
  }
}

/** But for the moment at which it was judged. */
function isSame(one: RunNotes, other: RunNotes): boolean {
  return JSON.stringify({ ...one, wall: 0 }) === JSON.stringify({ ...other, wall: 0 });
}

function whenAborted(signal: AbortSignal, what: string): Promise<never> {
  return new Promise((_resolve, reject) => {
    const fail = (): void => reject(interrupted(what));
    if (signal.aborted) fail();
    signal.addEventListener('abort', fail, { once: true });
  });
}
