/** What is, when a run is over: read from the servers themselves, past fsha and past the gates. */
import type { RealCluster } from './real-cluster.ts';
import type { StandInNode } from './stand-in-node.ts';

export interface FinalState {
  /** FLAGS of the node's destination on each proxy, by lb-1, lb-2; null where that proxy does not answer. */
  readonly flags: Readonly<Record<string, string | null>>;
  /** `down`: its process does not answer. */
  readonly node: 'open' | 'paused' | 'booting' | 'down';
  /** Since the cluster was ready or last reset. */
  readonly restarts: number;
  /** The value of fsha_run; null where it cannot be read. */
  readonly mark: string | null;
}

/** Of node-1 unless told. */
export async function readFinalState(
  cluster: RealCluster,
  node: StandInNode = cluster.nodes[0],
): Promise<FinalState> {
  const key = `1 ${node.destination}`;
  const proxies = Promise.all(
    cluster.proxies.map(async (proxy, index): Promise<[string, string | null]> => {
      const list = await proxy.list().catch(() => null);
      return [`lb-${index + 1}`, list?.[key] ?? null];
    }),
  );
  const [flags, state, mark] = await Promise.all([proxies, stateOf(node), markOf(node)]);
  return {
    flags: Object.fromEntries(flags),
    node: state,
    restarts: node.starts() - cluster.startsBefore(node),
    mark,
  };
}

/** FLAGS of node-1 alone. */
export async function flagsOf(cluster: RealCluster): Promise<FinalState['flags']> {
  return (await readFinalState(cluster)).flags;
}

/**
 * As one line: `lb-1 AP, lb-2 DX; open; 1 restart; no mark`. A mark is `marked`, whoever's it is; what cannot be read
 * says so: `lb-2 unknown`, `down`, `mark unknown`.
 */
export async function finalState(cluster: RealCluster, node?: StandInNode): Promise<string> {
  const state = await readFinalState(cluster, node);
  const proxies = Object.entries(state.flags).map(([proxy, flags]) => `${proxy} ${flags ?? 'unknown'}`);
  const restarts = state.restarts === 0 ? 'no' : String(state.restarts);
  return [
    proxies.join(', '),
    state.node,
    `${restarts} restart${state.restarts > 1 ? 's' : ''}`,
    state.mark === null ? 'mark unknown' : state.mark === '' ? 'no mark' : 'marked',
  ].join('; ');
}

async function stateOf(node: StandInNode): Promise<FinalState['node']> {
  const stats = await node.stats().catch(() => null);
  if (stats === null || stats.phase === 'stopping') return 'down';
  if (stats.phase === 'booting') return 'booting';
  return stats.paused.inbound ? 'paused' : 'open';
}

async function markOf(node: StandInNode): Promise<string | null> {
  try {
    const value = await node.api('global_getvar fsha_run');
    return value.startsWith('-ERR no reply') ? '' : value.trim();
  } catch {
    return null;
  }
}
