import type { Observation } from '../domain/observation.ts';
import type { Detail } from './ports.ts';
import type { World } from './world.ts';

/** One look at every node and proxy side by side; those that cannot be reached are bounded by their own timeouts. */
export async function observeAll(world: World, detail: Detail, signal: AbortSignal): Promise<Observation> {
  const [nodes, proxies] = await Promise.all([
    Promise.all(
      [...world.nodes].map(async ([name, port]) => [name, await port.observe(detail, signal)] as const),
    ),
    Promise.all([...world.proxies].map(async ([name, port]) => [name, await port.observe(signal)] as const)),
  ]);
  return { nodes: Object.fromEntries(nodes), proxies: Object.fromEntries(proxies) };
}
