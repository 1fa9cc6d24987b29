/** Finding the inventory's destinations in what a proxy lists. */
import type { Cluster, Destination, Node } from './cluster.ts';
import type { DispatcherSet, ListedTarget } from './observation.ts';
import { sameSipAddress } from './sip-address.ts';

/** A target together with the set it stands in. */
export interface PlacedTarget extends ListedTarget {
  readonly set: number;
}

/** Every target of every set, in the proxy's order. */
export function placedTargets(sets: readonly DispatcherSet[]): readonly PlacedTarget[] {
  return sets.flatMap((set) => set.targets.map((target) => ({ ...target, set: set.id })));
}

/** Whether this line of a dispatcher list is what the inventory means by `destination`. */
export function isTarget(destination: Destination, target: PlacedTarget): boolean {
  if (destination.set !== target.set) return false;
  return destination.duid === undefined
    ? sameSipAddress(destination.uri, target.uri)
    : destination.duid === target.duid;
}

/** The nodes of the inventory that own this target; one, unless the inventory is wrong. */
export function ownersOf(cluster: Cluster, target: PlacedTarget): readonly Node[] {
  return cluster.nodes.filter((node) =>
    node.destinations.some((destination) => isTarget(destination, target)),
  );
}

/** How a destination is written in messages: `set 1, sip:10.0.1.10:5080` or `set 1, duid fs1`. */
export function destinationText(destination: Destination): string {
  return `set ${destination.set}, ${destination.duid === undefined ? destination.uri : `duid ${destination.duid}`}`;
}
