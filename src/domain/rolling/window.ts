/** What a maintenance window leaves a node. */
import type { Cluster, Node } from '../cluster.ts';
import type { Window } from './rolling-plan.ts';

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
