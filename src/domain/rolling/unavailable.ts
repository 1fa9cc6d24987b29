import { foundDestinations } from '../baseline.ts';
import type { Cluster, Node } from '../cluster.ts';
import { readFlags, takesCalls } from '../dispatcher-state.ts';
import type { Observation } from '../observation.ts';
import { targetIndex } from '../target-index.ts';

/**
 * Why a node does not take calls everywhere, a clause; null where it does. One that is full is available: that passes by itself.
 * A proxy that was not read says nothing.
 */
export function whyUnavailable(cluster: Cluster, node: Node, observation: Observation): string | null {
  const seen = observation.nodes[node.name];
  if (seen === undefined) return 'not read';
  if (seen.trouble !== null) return `cannot be read: ${seen.trouble.code}`;
  if (!seen.ready.known || !seen.ready.value) return 'not ready';
  if (!seen.pause.known || seen.pause.value.inbound) return 'paused';
  for (const { name } of cluster.proxies) {
    const sets = observation.proxies[name]?.sets;
    if (sets?.known !== true) continue;
    const find = targetIndex(sets.value);
    for (const destination of node.destinations) {
      const own = find(destination);
      const [first] = own;
      if (first === undefined) return `not listed on ${name}`;
      if (own.every(({ flags }) => takesCalls(flags))) continue;
      return `${readFlags(first.flags)?.state ?? 'unknown'} on ${name}`;
    }
  }
  return null;
}

/**
 * Why a node is given back as one that does not take calls, since it was found like that, a clause; null where it is given back
 * in service. What a run of fsha pauses it has disabled, too, and lifts again: paused and active is somebody's wish, as is
 * inactive without probing.
 */
export function whyUnavailableAfterwards(
  cluster: Cluster,
  node: Node,
  observation: Observation,
): string | null {
  const found = foundDestinations(cluster, node, observation);
  const inactive = found.find(({ flags }) => {
    const read = readFlags(flags);
    return read?.state === 'inactive' && !read.probing;
  });
  if (inactive !== undefined) return `set inactive on ${inactive.proxy}`;
  const pause = observation.nodes[node.name]?.pause;
  const isActive = found.every(({ flags }) => takesCalls(flags));
  return isActive && pause?.known === true && pause.value.inbound ? 'paused' : null;
}
