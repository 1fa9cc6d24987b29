/** Whether nodes are in service, as their proxies show them now, and how many of each there are. */
import type { Cluster, Node } from '../domain/cluster.ts';
import { isSelectable, readFlags } from '../domain/dispatcher-state.ts';
import type { Known, Observation } from '../domain/observation.ts';
import type { PlacedTarget } from '../domain/targets.ts';
import { counted } from './count-words.ts';
import { targetsOf } from './status-cells.ts';

/**
 * `out of service`: disabled in every destination on every proxy; `in service`: selected in every one. `impaired` is
 * neither: inactive, not listed, or in on one proxy and out on another. One proxy that is not known makes all unknown.
 */
export type NodeService = 'in service' | 'out of service' | 'impaired' | 'unknown';

/** @param targets the node's lines in the list of each proxy */
export function nodeService(targets: readonly Known<readonly PlacedTarget[]>[], node: Node): NodeService {
  const lists = targets.flatMap((list) => (list.known ? [list.value] : []));
  const flags = lists.flat().map((target) => readFlags(target.flags));
  const known = flags.filter((one) => one !== undefined);
  if (lists.length < targets.length || known.length < flags.length || lists.length === 0) return 'unknown';
  if (lists.some((list) => list.length !== node.destinations.length)) return 'impaired';
  if (known.every(({ state }) => state === 'disabled')) return 'out of service';
  return known.every(isSelectable) ? 'in service' : 'impaired';
}

/** The service of a node of the cluster in this observation. */
export function serviceIn(cluster: Cluster, observation: Observation, node: Node): NodeService {
  return nodeService(
    cluster.proxies.map((proxy) => targetsOf(observation, proxy, node)),
    node,
  );
}

export interface Tally {
  readonly services: Readonly<Record<NodeService, number>>;
  /** Nodes that could not be read, whatever their proxies show. */
  readonly unreachable: number;
  /** Of the nodes whose number is known, which is not `sessionsUnknown` of them. */
  readonly sessions: number;
  readonly sessionsUnknown: number;
}

/** @param services of the nodes of the cluster, in its order */
export function tally(
  cluster: Cluster,
  observation: Observation,
  services: readonly NodeService[] = cluster.nodes.map((node) => serviceIn(cluster, observation, node)),
): Tally {
  const seen = cluster.nodes.map(({ name }) => observation.nodes[name]);
  const sessions = seen.flatMap((node) => (node?.sessions.known === true ? [node.sessions.value] : []));
  const count = (service: NodeService): number => services.filter((one) => one === service).length;
  return {
    services: {
      'in service': count('in service'),
      'out of service': count('out of service'),
      impaired: count('impaired'),
      unknown: count('unknown'),
    },
    unreachable: seen.filter((node) => node !== undefined && node.trouble !== null).length,
    sessions: sessions.reduce((sum, value) => sum + value, 0),
    sessionsUnknown: cluster.nodes.length - sessions.length,
  };
}

/** `8123 sessions`, and of how many nodes they are not known. Never a bare 0 where nothing is known. */
export function sessionsText({ sessions, sessionsUnknown }: Tally, nodes: number): string {
  if (sessionsUnknown === nodes) return 'sessions unknown';
  const known = counted(sessions, 'session');
  return sessionsUnknown === 0 ? known : `${known} (of ${counted(sessionsUnknown, 'node')} unknown)`;
}
