/** What the node was before the run touched it. */
import type { Cluster, Node } from './cluster.ts';
import type { Observation } from './observation.ts';
import type { Baseline, BaselineDestination } from './run-events.ts';
import { targetIndex } from './target-index.ts';

/** A run that left a node out of service, and what it had found. */
export interface Standing {
  readonly run: string;
  /** Whether it came to its end; one that did not may still be under way, here or elsewhere. */
  readonly settled: boolean;
  readonly baseline: Baseline;
  /** Whether a restart was announced since the baseline was taken. */
  readonly restarted: boolean;
  /** Whether one may be under way still, as far as the journals know. */
  readonly restartOpen: boolean;
}

/**
 * Takes the baseline of a node from a full look, or says what is missing for it. A proxy that is ignored and did not
 * answer has no destinations in it but those that `standing` has.
 * @param standing the baseline of an earlier run that left the node out: it is inherited, so that fsha never takes its
 *   own "disabled" for somebody else's
 * @param options the status with which the node answered SIP OPTIONS from here; null where it did not
 */
export function takeBaseline(
  cluster: Cluster,
  node: Node,
  observation: Observation,
  standing: Baseline | null,
  options: number | null,
): { readonly baseline: Baseline } | { readonly missing: readonly string[] } {
  const seen = observation.nodes[node.name];
  if (seen === undefined || seen.trouble !== null)
    return { missing: [`${node.name} does not answer on ESL`] };
  const missing: string[] = [];
  if (!seen.coreUuid.known) missing.push(`core_uuid: ${seen.coreUuid.why}`);
  if (!seen.pause.known) missing.push(`pause: ${seen.pause.why}`);
  if (seen.full === null) missing.push('profiles and gateways were not read');
  else {
    if (!seen.full.profiles.known) missing.push(`profiles: ${seen.full.profiles.why}`);
    if (!seen.full.gateways.known) missing.push(`gateways: ${seen.full.gateways.why}`);
  }
  if (
    missing.length > 0 ||
    !seen.coreUuid.known ||
    !seen.pause.known ||
    seen.full?.profiles.known !== true ||
    !seen.full.gateways.known
  ) {
    return { missing };
  }
  const destinations = foundDestinations(cluster, node, observation);
  if (standing !== null) {
    // What a silent proxy was to be given back is known from before, and from nowhere else.
    const known = cluster.proxies.flatMap(({ name }) =>
      (isRead(observation, name) ? destinations : standing.destinations).filter(
        ({ proxy }) => proxy === name,
      ),
    );
    return { baseline: inherit(standing, known) };
  }
  return {
    baseline: {
      node: node.name,
      destinations,
      pause: seen.pause.value,
      profiles: seen.full.profiles.value,
      gateways: seen.full.gateways.value,
      registrations: seen.full.registrations.known ? seen.full.registrations.value : null,
      coreUuid: seen.coreUuid.value,
      options,
    },
  };
}

function isRead({ proxies }: Observation, proxy: string): boolean {
  const seen = proxies[proxy];
  return seen?.trouble === null && seen.sets.known;
}

/** The node's destinations as the proxies list them now. */
export function foundDestinations(
  cluster: Cluster,
  node: Node,
  observation: Observation,
): readonly BaselineDestination[] {
  return cluster.proxies.flatMap((proxy) => {
    const seen = observation.proxies[proxy.name];
    if (seen?.trouble !== null || !seen.sets.known) return [];
    const find = targetIndex(seen.sets.value);
    return node.destinations.flatMap((destination) =>
      find(destination).map((target) => ({
        proxy: proxy.name,
        set: target.set,
        uri: target.uri,
        // Named by duid only where the inventory does: elsewhere the URI is what set_state takes.
        duid: destination.duid === undefined ? null : target.duid,
        flags: target.flags,
      })),
    );
  });
}

/** The earlier run's word for what it had found; what it had not (a destination added since) as found now. */
function inherit(standing: Baseline, now: readonly BaselineDestination[]): Baseline {
  return {
    ...standing,
    destinations: now.map((found) => {
      const before = standing.destinations.find(
        (one) =>
          one.proxy === found.proxy &&
          one.set === found.set &&
          one.uri === found.uri &&
          one.duid === found.duid,
      );
      return before ?? found;
    }),
  };
}
