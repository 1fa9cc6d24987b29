/** The document of `fsha calls --json`. Public: keys stay, new ones may come. What is null is unknown. */
import { ageOf, type CallList, type ListedCall, listedCalls } from '../domain/call-list.ts';
import type { LiveCall } from '../domain/cutting.ts';
import type { Known } from '../domain/observation.ts';

export interface CallsDocument {
  readonly v: 1;
  readonly type: 'calls';
  /** Wall clock, ISO 8601, UTC. */
  readonly at: string;
  readonly cluster: string;
  readonly node: string;
  /** Whether `calls` are all that are up, or all of that age. */
  readonly complete: boolean;
  /** Why calls are unknown; null where they are not. */
  readonly unknown: string | null;
  readonly sessions: number | null;
  /** Sessions in memory that have no row, and so no entry in `calls`. */
  readonly unlistedSessions: number | null;
  /** Rows of calls that are gone; they have no entry in `calls`. */
  readonly ghostRows: number | null;
  /** As asked for, ms; null: all. */
  readonly olderThanMs: number | null;
  /** Oldest first. */
  readonly calls: readonly CallDocument[] | null;
}

export interface CallDocument extends Omit<ListedCall, 'createdEpoch'> {
  /** ISO 8601, UTC, by the node's clock. */
  readonly since: string | null;
  /** By the clock of this machine, never below 0. */
  readonly ageMs: number | null;
}

export interface CallsJsonOptions {
  readonly cluster: string;
  readonly node: string;
  readonly now: Date;
  readonly showNumbers: boolean;
  readonly olderThanMs: number | null;
}

/** @param shown those calls of the list that are to be in it */
export function callsDocument(
  list: Known<CallList>,
  shown: readonly LiveCall[],
  { cluster, node, now, showNumbers, olderThanMs }: CallsJsonOptions,
): CallsDocument {
  const head = { v: 1, type: 'calls', at: now.toISOString(), cluster, node } as const;
  if (!list.known)
    return {
      ...head,
      complete: false,
      unknown: list.why,
      sessions: null,
      unlistedSessions: null,
      ghostRows: null,
      olderThanMs,
      calls: null,
    };
  const { sessions, unlisted, ghosts } = list.value;
  return {
    ...head,
    complete: unlisted === 0,
    unknown: null,
    sessions,
    unlistedSessions: unlisted,
    ghostRows: ghosts,
    olderThanMs,
    calls: listedCalls(shown, showNumbers).map(({ createdEpoch, ...call }) => ({
      ...call,
      since: isoOf(createdEpoch),
      ageMs: ageOf({ createdEpoch }, now),
    })),
  };
}

function isoOf(epoch: number): string | null {
  const date = new Date(epoch * 1_000);
  return epoch > 0 && !Number.isNaN(date.getTime()) ? date.toISOString() : null;
}
