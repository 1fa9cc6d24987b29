/** What a maintenance window leaves a node. */
import { type Cluster, findNode, type Node } from '../cluster.ts';
import type { RollingPlan, Window } from './rolling-plan.ts';

/**
 * Until when a node may drain: wall clock, ms since 1970. Behind it there is time for its restart and for its way back in.
 */
export function drainUntil({ until }: Window, node: Node, { verify }: Pick<Cluster, 'verify'>): number {
  return until - node.restart.timeout - verify.timeout - verify.minSoak;
}

/** Whether a node may still be begun. @param wall wall clock now, ms since 1970 */
export function mayBegin(
  window: Window,
  node: Node,
  cluster: Pick<Cluster, 'verify'>,
  wall: number,
): boolean {
  return drainUntil(window, node, cluster) - wall >= window.minDrain;
}

/** Why the window does not let a node be begun at that moment, a clause; null where it does. */
export function whyNotBegun(
  window: Window | null,
  cluster: Cluster,
  name: string,
  wall: Date,
): string | null {
  const node = findNode(cluster, name);
  if (window === null || node === undefined || mayBegin(window, node, cluster, wall.getTime())) return null;
  return `too little time is left until the window closes (${window.asked})`;
}

/** The same for a run under way, on the clock by which its waits are measured. */
export interface WindowEnds {
  /** Monotonic ms. */
  readonly now: number;
  /** When the wait for the node's calls ends at the latest, whatever is asked for: monotonic ms; null: at no time. */
  readonly of: (node: string) => number | null;
}

/** @param moment one and the same moment on both clocks; the window is one of the wall clock. null: there is no window */
export function windowEnds(
  rolling: Pick<RollingPlan, 'window'> | undefined,
  cluster: Cluster,
  { now, wall }: { readonly now: number; readonly wall: Date },
): WindowEnds | null {
  const window = rolling?.window ?? null;
  if (window === null) return null;
  return {
    now,
    of: (name) => {
      const node = findNode(cluster, name);
      return node === undefined ? null : now + drainUntil(window, node, cluster) - wall.getTime();
    },
  };
}
