/** The calls that are still on, asked for in the background: seldom, and never so often that asking is a load. */
import { callsOf } from '../domain/cutting.ts';
import { type ListedCall, listedCalls } from '../domain/call-list.ts';
import { errorInfo } from '../domain/errors.ts';
import type { ChannelRow, Known } from '../domain/observation.ts';
import type { Policy } from '../domain/policy.ts';

/** What was read last; times are monotonic ms. */
export interface CallsReading {
  readonly node: string;
  /** The last list that was read, oldest call first; null: none yet. */
  readonly list: { readonly calls: readonly ListedCall[]; readonly rows: number; readonly at: number } | null;
  /** Why the last attempt brought none; null where it did, or none was made. */
  readonly failure: { readonly why: string; readonly at: number } | null;
}

export interface RunCallsOptions {
  readonly rows: (node: string) => Promise<Known<readonly ChannelRow[]>>;
  readonly now: () => number;
  /** Called when something new was read. */
  readonly onReading: () => void;
}

/** As often as the node is polled, so that the list and the number beside it are of one age, but no more often than that: ms. */
const LEAST = 2_000;
/** Of the time at most one part in so many is spent asking. */
const SHARE = 20;

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

  /** Asks for the node's calls where it is time to. Returns at once. */
  tick(node: string, policy: Policy): void {
    const now = this.#options.now();
    if (this.#disposed || this.#asking || now < this.#next) return;
    this.#asking = true;
    void this.#ask(node, policy, now);
  }

  dispose(): void {
    this.#disposed = true;
  }

  async #ask(node: string, policy: Policy, began: number): Promise<void> {
    const { rows, now, onReading } = this.#options;
    const before = this.of(node) ?? { node, list: null, failure: null };
    try {
      const answer = await rows(node);
      this.#reading = answer.known
        ? { node, list: { ...listOf(answer.value, policy), at: began }, failure: null }
        : { ...before, failure: { why: answer.why, at: began } };
    } catch (error) {
      this.#reading = { ...before, failure: { why: errorInfo(error).message, at: began } };
    }
    const ended = now();
    this.#next = Math.max(began + Math.max(LEAST, policy.poll), ended + SHARE * (ended - began));
    this.#asking = false;
    if (!this.#disposed) onReading();
  }
}

function listOf(
  channels: readonly ChannelRow[],
  { cutting, showNumbers }: Policy,
): { readonly calls: readonly ListedCall[]; readonly rows: number } {
  const calls = callsOf({ channels, ghosts: 0, sessions: channels.length }, cutting);
  return { calls: listedCalls(calls, showNumbers), rows: channels.length };
}
