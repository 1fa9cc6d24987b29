import type { HeldCalls } from './held-calls.ts';
import type { RealCluster } from './real-cluster.ts';

/** Calls on node-1 itself, past the proxies, so that it is known where they are. */
export function holdAtNode(
  cluster: RealCluster,
  to: Readonly<Record<string, number>>,
  options: { readonly holdMs?: number } = {},
): Promise<HeldCalls> {
  return cluster.hold(to, { at: { host: cluster.nodes[0].host, port: 5080 }, ...options });
}

/** One, up until it is hung up: a drain of node-1 waits for as long. */
export function oneCall(cluster: RealCluster): Promise<HeldCalls> {
  return holdAtNode(cluster, { '1000': 1 });
}
