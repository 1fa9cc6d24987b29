/** What is planned of a rolling run beside the steps of its nodes. */
import type { RollingSettings } from '../cluster.ts';

export interface RollingPlan {
  /** Every node of the plan once: a batch is begun when the one before has ended. */
  readonly batches: readonly (readonly string[])[];
  /** Those of the first batch that go before all others, to be seen well: until each of them is through. Empty: none do. */
  readonly canary: readonly string[];
  readonly limits: AdmitLimits;
  /** Between two batches: ms. */
  readonly pause: number;
  /** The run stops when more nodes than this have failed. */
  readonly maxFailures: number;
  readonly window: Window | null;
  /** Nodes that an earlier process of the run has brought through. */
  readonly done: readonly string[];
  /** Nodes that were asked for and are left out. */
  readonly skipped: readonly SkippedNode[];
}

/** Until when a rolling run may go on. */
export interface Window {
  /** As it was asked for: `05:00 Europe/Berlin`. */
  readonly asked: string;
  /** Wall clock, ms since 1970: restart and verify of every node have ended by then. */
  readonly until: number;
  /** None is begun that has less than this to drain: ms. */
  readonly minDrain: number;
}

export interface AdmitLimits {
  /** So many nodes may be out at once; those that are out for other reasons count. */
  readonly maxUnavailable: number;
  /** Share of each survivor's capacity that has to stay free, 0 to 1. */
  readonly headroom: number;
  readonly dispatch: RollingSettings['dispatch'];
}

export interface SkippedNode {
  readonly node: string;
  /** A clause. */
  readonly why: string;
}

/**
 * `goes`: its batch would begin with it now. `waits`: the guard would not let it out yet. `refused`: a check stands against it.
 * `not begun`: the run would end before, or the window leaves too little time.
 */
export type Turn = 'goes' | 'waits' | 'refused' | 'not begun';

export interface Foreseen {
  readonly turn: Turn;
  /** A clause; null where it goes. */
  readonly why: string | null;
  /** That are up on it now; null: unknown. */
  readonly sessions: number | null;
}

/** Whether these are begun before all others, to be seen well. */
export function isCanary({ canary }: Pick<RollingPlan, 'canary'>, nodes: readonly string[]): boolean {
  return nodes.length > 0 && nodes.every((name) => canary.includes(name));
}
