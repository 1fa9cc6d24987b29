/** A drain in which something is retried, warned of and set again, each once and always in the same place. */
import { deepMerge } from './deep-merge.ts';
import type { Moment } from './fault-gate.ts';
import { ON_OUT } from './fault-quick.ts';
import type { FaultOptions } from './fault-run.ts';
import type { RealCluster } from './real-cluster.ts';

/** It leaves its line, and fails. */
export const FAILING_HOOK = deepMerge(ON_OUT, {
  drain: { onOut: { command: `${ON_OUT.drain.onOut.command}; exit 3` } },
});

/**
 * Somebody enables node-1 while its calls are waited for, and while it is verified; its command of `drain.onOut` fails; its
 * gateway is not there behind the restart, until that was said and it was set again.
 */
export async function troubledDrain(cluster: RealCluster): Promise<FaultOptions> {
  await cluster.nodes[0].fault('noGateway', true, 'nextStart');
  return { settings: FAILING_HOOK, moments: troubles(cluster) };
}

export function troubles(cluster: RealCluster): readonly Moment[] {
  const [first, second] = cluster.proxies;
  const [node] = cluster.nodes;
  const enable = (proxy: typeof first) => () => proxy.setState('a', 1, node.destination);
  let missing = 2;
  const seen = async (): Promise<void> => {
    missing -= 1;
    if (missing === 0) await node.clearFaults();
  };
  return [
    { when: 'after', key: 'step.started node-1/wait_drained', hook: enable(first) },
    { when: 'after', key: 'step.started node-1/verify', hook: enable(second) },
    { when: 'after', key: 'drift.detected node-1/verify', hook: seen },
    { when: 'after', key: 'step.retrying node-1/verify', hook: seen },
  ];
}
