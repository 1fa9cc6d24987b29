/** What a node itself logged, whatever fsha believes. */
import type { RealCluster } from './real-cluster.ts';
import type { StandInNode } from './stand-in-node.ts';

/** How often it was stopped in order. */
export function stopsOf(node: StandInNode): number {
  return node.log().filter(({ event }) => event === 'stop').length;
}

/** How often node-1 was restarted since the reset, and calls cut at any of these stops. */
export function restartsOf(cluster: RealCluster): { readonly restarts: number; readonly cutByStop: number } {
  const [node] = cluster.nodes;
  const restarts = node.starts() - cluster.startsBefore(node);
  const stops = node.log().filter((line) => line.event === 'stop');
  const cutByStop = stops.slice(stops.length - restarts).reduce((sum, { cut }) => sum + cut, 0);
  return { restarts, cutByStop };
}
