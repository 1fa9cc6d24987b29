/**
 * A run under way in this very process, as the screen may look at it and ask things of it. What a run did comes from its
 * events alone; this adds what no event holds: readings between the polls that decide, and the calls one by one.
 */
import type { ChannelRow, Known, LiveCalls, Observation } from '../domain/observation.ts';
import type { RunRequest } from '../domain/policy.ts';

export interface LiveRun {
  /** What was read last of everything; `at` of each is monotonic ms. */
  observation(): Observation;
  /**
   * Rows of the node's call legs, as the core database has them (rows of calls that are gone included). One question to
   * the node. Never throws: what cannot be read is unknown.
   */
  rows(node: string): Promise<Known<readonly ChannelRow[]>>;
  /** The legs that are there in memory, and whether that is all: one question to the node for each. Never throws. */
  liveCalls(node: string): Promise<Known<LiveCalls>>;
  /** Hands in a request. Never throws: what could not be recorded was not accepted. */
  submit(request: RunRequest, by: string): Promise<RunAnswer>;
  /** What Ctrl-C means outside of raw mode: the first stops and undoes, the second leaves at once. */
  interrupt(): void;
}

export interface RunAnswer {
  readonly accepted: boolean;
  /** Why not, a clause. */
  readonly why?: string;
}
