/** Where what the last run says of a node, and what its proxies show, do not go together. */
import type { Cluster, Node } from './cluster.ts';
import type { LastRun } from './cluster-runs.ts';
import { readFlags, takesCalls } from './dispatcher-state.ts';
import { destinationKey } from './drift.ts';
import type { Observation, ProxyObservation } from './observation.ts';
import { targetIndex } from './target-index.ts';
import type { PlacedTarget } from './targets.ts';

export interface Contradiction {
  readonly node: string;
  /** The last run that changed it. */
  readonly run: string;
  readonly says: 'in service' | 'out of service';
  /** FLAGS that do not go with that, each once, by proxy. */
  readonly shown: readonly { readonly proxy: string; readonly flags: readonly string[] }[];
  /** Commands that end it, one way and the other. */
  readonly next: readonly string[];
}

export interface ContradictionInput {
  readonly cluster: Cluster;
  readonly observation: Observation;
  readonly node: Node;
  readonly last: LastRun;
  /** How fsha was called. */
  readonly command: string;
}

/**
 * A node that was left out is disabled in every destination; one that was left in is disabled in none but those that the run
 * had found so. What is unknown contradicts nothing, on either side; nor does what was read before the run had ended.
 */
export function contradictionOf({
  cluster,
  observation,
  node,
  last,
  command,
}: ContradictionInput): Contradiction | null {
  const { says, run, seenAt } = last;
  if (says === 'unknown') return null;
  const shown = cluster.proxies.flatMap((proxy) => {
    const seen = observation.proxies[proxy.name];
    if (seen === undefined || seen.at < seenAt) return [];
    const flags = (targetsOf(seen, node) ?? [])
      .filter((target) => (says === 'in service' ? isMissed(proxy.name, target, last) : isNotOut(target)))
      .map((target) => target.flags);
    return flags.length === 0 ? [] : [{ proxy: proxy.name, flags: [...new Set(flags)] }];
  });
  if (shown.length === 0) return null;
  const next = [`${command} activate ${node.name}`, `${command} deactivate ${node.name}`];
  return { node: node.name, run, says, shown, next };
}

/** Whether calls are sent to it through every destination, as every proxy was seen to have it. */
export function isSeenIn(cluster: Cluster, observation: Observation, node: Node): boolean {
  return cluster.proxies.every((proxy) => {
    const targets = targetsOf(observation.proxies[proxy.name], node);
    if (targets === null || targets.length !== node.destinations.length) return false;
    return targets.every(({ flags }) => takesCalls(flags));
  });
}

/** The node's lines in the lists of a proxy; null where these are not known. */
function targetsOf(seen: ProxyObservation | undefined, node: Node): readonly PlacedTarget[] | null {
  if (seen?.trouble !== null || !seen.sets.known) return null;
  return node.destinations.flatMap(targetIndex(seen.sets.value));
}

/** Everything but D: an inactive one comes back with Kamailio's next good OPTIONS. */
function isNotOut({ flags }: PlacedTarget): boolean {
  const read = readFlags(flags);
  return read !== undefined && read.state !== 'disabled';
}

/** Disabled, and not by the run: it found it otherwise, or enabled all of them. */
function isMissed(proxy: string, target: PlacedTarget, { kind, found }: LastRun): boolean {
  if (readFlags(target.flags)?.state !== 'disabled') return false;
  if (kind === 'activate') return true;
  const wasDisabled = (byDuid: boolean): boolean | undefined => {
    const key = destinationKey({ ...target, proxy, duid: byDuid ? target.duid : null });
    const before = found?.find((one) => destinationKey(one) === key);
    return before === undefined ? undefined : readFlags(before.flags)?.state === 'disabled';
  };
  // Of a destination that it did not find the run says nothing.
  return (wasDisabled(true) ?? wasDisabled(false)) === false;
}
