import { afterEach, describe, expect, test } from 'vitest';
import { readEvents, runFsha } from './harness/fsha.ts';
import { type RealCluster, type RealClusterOptions, startRealCluster } from './harness/real-cluster.ts';

let cluster: RealCluster | undefined;

afterEach(async () => {
  await cluster?.stop();
  cluster = undefined;
});

async function start(options: Partial<RealClusterOptions>): Promise<RealCluster> {
  cluster = await startRealCluster({ via: 'direct', jump: false, ...options });
  return cluster;
}

/** What set_state was asked for on each proxy once the node had been restarted, in order. */
async function drainNode1(
  real: RealCluster,
): Promise<{ readonly exit: number | null; readonly wanted: Readonly<Record<string, readonly string[]>> }> {
  const run = await runFsha(['drain', 'node-1', '--json', '--config', real.configFile], 150_000);
  const wanted: Record<string, string[]> = {};
  let restarted = false;
  for (const event of readEvents(run.stdout)) {
    if (event.type !== 'effect.intended') continue;
    if (event.data.effect === 'node.restart') restarted = true;
    if (restarted && event.data.effect === 'dispatcher.state')
      (wanted[event.data.target.proxy] ??= []).push(event.data.wanted);
  }
  return { exit: run.exitCode, wanted };
}

describe('back in on real Kamailio, with the flags that were found', () => {
  test('probing modes 0 and 2: `ip`, and the next good OPTIONS does the rest', async () => {
    const real = await start({ kamailio: [{ probingMode: 0 }, { probingMode: 2 }] });
    const before = await real.flags();
    const { exit, wanted } = await drainNode1(real);
    expect(exit).toBe(0);
    expect(wanted).toEqual({ 'lb-1': ['ip'], 'lb-2': ['ip'] });
    expect(await real.flags()).toEqual(before);
  });

  test('probing mode 3, and a proxy that does not ping at all: that one is set active', async () => {
    const real = await start({ kamailio: [{ probingMode: 3 }, { pingInterval: 0 }] });
    const before = await real.flags();
    const { exit, wanted } = await drainNode1(real);
    expect(exit).toBe(0);
    expect(wanted['lb-2']).toEqual(['ip', 'a']);
    // In mode 3 what was pinged once goes on being pinged: it comes back as AP, and `a` makes it AX again.
    expect(wanted['lb-1']?.[0]).toBe('ip');
    expect(await real.flags()).toEqual(before);
  });

  test('a proxy whose pings were switched off, with destinations that were probed before: set active, and watched', async () => {
    const real = await start({ kamailio: [{ pingInterval: 0 }, {}] });
    for (const node of real.nodes) await real.proxies[0].setState('ap', 1, node.destination);
    const before = await real.flags();
    const { exit, wanted } = await drainNode1(real);
    expect(exit).toBe(0);
    expect(wanted).toEqual({ 'lb-1': ['ip', 'ap'], 'lb-2': ['ip'] });
    expect(await real.flags()).toEqual(before);
  });

  test('what an operator had set inactive (IX) is given back like that', async () => {
    const real = await start({ kamailio: [{ probingMode: 2 }, {}] });
    await real.proxies[0].setState('i', 1, real.nodes[0].destination);
    const before = await real.flags();
    const { exit } = await drainNode1(real);
    expect(exit).toBe(0);
    expect(await real.flags()).toEqual(before);
  });

  test('a destination that was found as AP and comes back as AX gets its P again', async () => {
    const real = await start({ kamailio: [{ probingMode: 2 }, {}] });
    for (const node of real.nodes) await real.proxies[0].setState('ap', 1, node.destination);
    const before = await real.flags();
    expect(Object.values(before[0] ?? {})).toEqual(['AP', 'AP']);
    const { exit, wanted } = await drainNode1(real);
    expect(exit).toBe(0);
    expect(wanted['lb-1']).toEqual(['ip', 'ap']);
    expect(await real.flags()).toEqual(before);
  });
});
