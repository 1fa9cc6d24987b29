/** The calls that are still on, asked for in the background: seldom, and never so often that asking is a load. */
import { callList, type ListedCall, listedCalls } from '../domain/call-list.ts';
import { callsOf } from '../domain/cutting.ts';
import { errorInfo } from '../domain/errors.ts';
import { type ChannelRow, type Known, known } from '../domain/observation.ts';
import type { Policy } from '../domain/policy.ts';
import type { LiveRun } from './live-run.ts';

/** What was read last; times are monotonic ms. */
export interface CallsReading {
  readonly node: string;
  /** The last list that was read, oldest call first; null: none yet. */
  readonly list: ReadCalls | null;
  /** Why the last attempt brought none; null where it did, or none was made. */
  readonly failure: { readonly why: string; readonly at: number } | null;
}

export interface ReadCalls {
  readonly calls: readonly ListedCall[];
  /** So many legs are listed. */
  readonly rows: number;
  readonly at: number;
  /**
   * Where each leg was looked for in memory: how many rows were left out since their call is gone, and how many sessions
   * have no row. Absent: rows are listed as the core database has them.
   */
  readonly looked?: { readonly ghosts: number; readonly unlisted: number };
}

export interface RunCallsOptions {
  readonly live: Pick<LiveRun, 'rows' | 'liveCalls'>;
  readonly now: () => number;
  /** Called when something new was read. */
  readonly onReading: () => void;
}

/** As often as the node is polled, so that the list and the number beside it are of one age, but no more often than that: ms. */
const LEAST = 2_000;
/** Of the time at most one part in so many is spent asking. */
const SHARE = 20;
/** Of more rows than that it is not asked whether each is of a call that is up. */
const FEW_ROWS = 50;

export class RunCalls {
  readonly #options: RunCallsOptions;
  #reading: CallsReading | null = null;
  #asking = false;
  #next = Number.NEGATIVE_INFINITY;
  #disposed = false;

  constructor(options: RunCallsOptions) {
    this.#options = options;
  }

  /** What is known of the node's calls; null: nothing was asked of it yet. */
  of(node: string): CallsReading | null {
    return this.#reading?.node === node ? this.#reading : null;
  }

  /**
   * Asks for the node's calls where it is time to. Returns at once.
   * @param ghosts so many rows are of calls that are gone
   */
  tick(node: string, policy: Policy, ghosts = 0): void {
    const now = this.#options.now();
    if (this.#disposed || this.#asking || now < this.#next) return;
    this.#asking = true;
    void this.#ask(node, policy, ghosts, now);
  }

  dispose(): void {
    this.#disposed = true;
  }

  async #ask(node: string, policy: Policy, ghosts: number, began: number): Promise<void> {
    const { now, onReading } = this.#options;
    const before = this.of(node) ?? { node, list: null, failure: null };
    try {
      const answer = await this.#listOf(node, policy, ghosts);
      this.#reading = answer.known
        ? { node, list: { ...answer.value, at: began }, failure: null }
        : { ...before, failure: { why: answer.why, at: began } };
    } catch (error) {
      this.#reading = { ...before, failure: { why: errorInfo(error).message, at: began } };
    }
    const ended = now();
    this.#next = Math.max(began + Math.max(LEAST, policy.poll), ended + SHARE * (ended - began));
    this.#asking = false;
    if (!this.#disposed) onReading();
  }

  async #listOf(
    node: string,
    { cutting, showNumbers }: Policy,
    ghosts: number,
  ): Promise<Known<Omit<ReadCalls, 'at'>>> {
    const { live } = this.#options;
    const answer = await live.rows(node);
    if (!answer.known) return answer;
    const channels = answer.value;
    const up = ghosts > 0 && channels.length <= FEW_ROWS ? await live.liveCalls(node) : null;
    // Rows of which some are gone are better than none: the screen says so beside them.
    if (up?.known !== true) {
      const calls = callsOf({ channels, ghosts: 0, sessions: channels.length }, cutting);
      return known({ calls: listedCalls(calls, showNumbers), rows: rowsOf(channels) });
    }
    const list = callList(up.value, cutting);
    return known({
      calls: listedCalls(list.calls, showNumbers),
      rows: list.sessions === 0 ? 0 : rowsOf(up.value.channels),
      looked: { ghosts: list.ghosts, unlisted: list.unlisted },
    });
  }
}

function rowsOf(channels: readonly ChannelRow[]): number {
  return new Set(channels.map(({ uuid }) => uuid)).size;
}
