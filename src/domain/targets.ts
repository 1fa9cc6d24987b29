/** Finding the inventory's destinations in what a proxy lists. */
import type { Destination } from './cluster.ts';
import type { DispatcherSet, ListedTarget } from './observation.ts';
import { sameSipAddress } from './sip-address.ts';

/** A target together with the set it stands in. */
export interface PlacedTarget extends ListedTarget {
  readonly set: number;
}

const placed = new WeakMap<readonly DispatcherSet[], readonly PlacedTarget[]>();

/** Every target of every set, in the proxy's order. Made once for each list that was read. */
export function placedTargets(sets: readonly DispatcherSet[]): readonly PlacedTarget[] {
  const before = placed.get(sets);
  if (before !== undefined) return before;
  const targets = sets.flatMap((set) => set.targets.map((target) => ({ ...target, set: set.id })));
  placed.set(sets, targets);
  return targets;
}

/** Whether this line of a dispatcher list is what the inventory means by `destination`. */
export function isTarget(destination: Destination, target: PlacedTarget): boolean {
  if (destination.set !== target.set) return false;
  return destination.duid === undefined
    ? sameSipAddress(destination.uri, target.uri)
    : destination.duid === target.duid;
}

/** How a destination is written in messages: `set 1, sip:10.0.1.10:5080` or `set 1, duid fs1`. */
export function destinationText(destination: Destination): string {
  return `set ${destination.set}, ${destination.duid === undefined ? destination.uri : `duid ${destination.duid}`}`;
}
