/** Whose lines of a dispatcher list they are: hundreds of nodes are looked up in lists of hundreds of lines. */
import type { Cluster, Node } from './cluster.ts';
import type { DispatcherSet } from './observation.ts';
import { targetIndex } from './target-index.ts';
import type { PlacedTarget } from './targets.ts';

/** The nodes of the inventory that a line belongs to, in its order: one, unless the inventory is wrong. */
export type TargetOwners = (target: PlacedTarget) => readonly Node[];

const found = new WeakMap<
  readonly DispatcherSet[],
  { readonly cluster: Cluster; readonly owners: TargetOwners }
>();

/** The owners of the lines of a list, found once for each list that was read. */
export function targetOwners(cluster: Cluster, sets: readonly DispatcherSet[]): TargetOwners {
  const before = found.get(sets);
  if (before?.cluster === cluster) return before.owners;
  const owners = findOwners(cluster, sets);
  found.set(sets, { cluster, owners });
  return owners;
}

function findOwners(cluster: Cluster, sets: readonly DispatcherSet[]): TargetOwners {
  const find = targetIndex(sets);
  const byLine = new Map<string, Node[]>();
  for (const node of cluster.nodes) {
    const lines = node.destinations.flatMap((destination) => find(destination).map(lineOf));
    for (const line of new Set(lines)) {
      const there = byLine.get(line);
      if (there === undefined) byLine.set(line, [node]);
      else there.push(node);
    }
  }
  return (target) => byLine.get(lineOf(target)) ?? [];
}

/** What names a line: two of one text belong to the same nodes. */
function lineOf({ set, uri, duid }: PlacedTarget): string {
  return JSON.stringify([set, uri, duid]);
}
