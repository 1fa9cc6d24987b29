import { expect } from 'vitest';
import { until } from '../../support/until.ts';
import type { RealCluster } from './real-cluster.ts';

/**
 * That a reload on lb-1 cannot hurt: calls come at it while it is reloaded, the node's fence refuses those that are sent
 * to node-1, and every one is served by another node.
 */
export async function expectFenceToHold(cluster: RealCluster): Promise<void> {
  const [node] = cluster.nodes;
  const [proxy] = cluster.proxies;
  const refused = (): number =>
    node.log().filter((line) => line.event === 'invite' && line.code === 503).length;
  const before = refused();
  const calls = await cluster.call({ proxy: proxy.sip, callsPerSecond: 20, holdMs: [100, 300] });
  await until('calls are coming', () => calls.counts().created > 5);
  await proxy.reload();
  await until('the fence refuses calls', () => refused() >= before + 3);
  const counts = await calls.finish();
  expect(counts.successful).toBeGreaterThan(5);
  expect([counts.failed, calls.errors()]).toEqual([0, '']);
}
