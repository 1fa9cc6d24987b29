/** A rolling restart of all nodes under load, with a reload in the middle: no call fails. */
import { expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { journalEvents, only, startFsha } from './harness/fsha.ts';
import { startRealCluster } from './harness/real-cluster.ts';
import type { SippCounts } from './harness/sipp-counts.ts';
import { settledRun } from './harness/events-of.ts';

const CALLS = 1_000;
/** Through each proxy. */
const RATE = 10;
const HOLD_MS = [3_000, 12_000] as const;

test(`${CALLS} calls and more, three nodes drained, restarted and back in one after the other: 0 failed`, async () => {
  const cluster = await startRealCluster({
    via: 'direct',
    jump: false,
    nodes: 3,
    settings: { rolling: { pause: '2s' } },
  });
  try {
    const callers = await Promise.all(
      cluster.proxies.map(({ sip }) => cluster.call({ proxy: sip, callsPerSecond: RATE, holdMs: HOLD_MS })),
    );
    await until(
      'every node is busy',
      async () =>
        (await Promise.all(cluster.nodes.map((node) => node.stats()))).every((one) => one.sessionsNow >= 20),
      60_000,
    );
    const fsha = await startFsha(['rolling', '--all', '--json', '--config', cluster.configFile]);
    await fsha.untilEvent((event) => event.type === 'step.started' && event.step === 'node-2/wait_drained');
    await cluster.proxies[0].reload();
    const { exitCode, stderr, ms } = await fsha.done;
    expect(exitCode, stderr).toBe(0);
    const created = (): number => callers.reduce((sum, caller) => sum + caller.counts().created, 0);
    await until(`${CALLS} calls were made`, () => created() >= CALLS, 120_000);
    const counts = await Promise.all(callers.map((caller) => caller.finish()));
    const sum = (of: keyof SippCounts): number => counts.reduce((total, one) => total + one[of], 0);
    const events = journalEvents(cluster.stateDir).at(-1) ?? [];
    const drifts = only(events, 'drift.detected').length;
    console.log(
      `Rolling under load: calls made ${sum('created')}, successful ${sum('successful')}, failed ${sum('failed')}; ` +
        `3 drains and restarts in ${(ms / 1_000).toFixed(0)} s, ${drifts} destination(s) enabled by a reload and disabled again`,
    );

    expect(callers.map((caller) => caller.errors()).join('')).toBe('');
    for (const one of counts) expect(one).toMatchObject({ current: 0, successful: one.created, failed: 0 });
    expect(sum('created')).toBeGreaterThanOrEqual(CALLS);
    expect(settledRun(events)).toMatchObject({ outcome: 'done', exit: 0, callsCut: 0 });
    expect(drifts).toBeGreaterThan(0);
    for (const node of cluster.nodes) {
      expect(node.starts()).toBe(2);
      expect(node.log().flatMap((line) => (line.event === 'stop' ? line.cut : []))).toEqual([0]);
      expect(node.log().filter((line) => line.event === 'invite' && line.code !== 200)).toEqual([]);
    }
  } finally {
    await cluster.stop();
  }
});
