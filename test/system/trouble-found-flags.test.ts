/** Destinations that are found in a state that has to be given back exactly: one of several disabled, set inactive. */
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { caseTable } from './harness/case-table.ts';
import { effects, sawSessions, verdictsOf } from './harness/events-of.ts';
import { finalState, readFinalState } from './harness/final-state.ts';
import { oneCall } from './harness/hold-at-node.ts';
import { SLOW_ANSWERS } from './harness/quick.ts';
import { startRealCluster, type RealCluster, type RealClusterOptions } from './harness/real-cluster.ts';
import { type EndedRun, runToEnd, startRun } from './harness/run-of.ts';

const table = caseTable('FLAGS that are found');
let cluster: RealCluster | undefined;

async function start(options: Partial<RealClusterOptions>): Promise<RealCluster> {
  cluster = await startRealCluster({
    via: 'direct',
    jump: false,
    quick: true,
    settings: SLOW_ANSWERS,
    ...options,
  });
  return cluster;
}
const stop = async (): Promise<void> => {
  await cluster?.stop();
  cluster = undefined;
};
afterEach(stop);
afterAll(stop);

const drain = (real: RealCluster, ...args: readonly string[]): Promise<EndedRun> =>
  runToEnd(real, { flags: ['--json', ...args] });

/** Past fsha. @returns the answer as it came */
async function rpc(url: string, method: string, params: readonly unknown[] = []): Promise<string> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({ jsonrpc: '2.0', method, params, id: 1 }),
    signal: AbortSignal.timeout(5_000),
  });
  return answer.text();
}

/** node-1's FLAGS on each proxy by duid, from Kamailio itself: `node-1 DX, twin AX`. */
async function twins(real: RealCluster): Promise<readonly string[]> {
  return Promise.all(
    real.proxies.map(async ({ rpcUrl }) => {
      const text = await rpc(rpcUrl, 'dispatcher.list');
      const list = [...text.matchAll(/"FLAGS":"(\w+)".*?"DUID":"([\w-]+)"/g)];
      return ['node-1', 'twin']
        .map((duid) => `${duid} ${list.find((one) => one[2] === duid)?.[1] ?? 'unknown'}`)
        .join(', ');
    }),
  );
}

describe('one destination of several is disabled by somebody', () => {
  /** One of the twins is disabled on both proxies. */
  async function half(): Promise<RealCluster> {
    const real = await start({ twins: 'by duid' });
    for (const { rpcUrl } of real.proxies) await rpc(rpcUrl, 'dispatcher.set_duid_state', ['d', 1, 'node-1']);
    // What it is before its first ping does not last.
    await until('the other one is active and probed', async () =>
      (await twins(real)).every((flags) => flags === 'node-1 DX, twin AP'),
    );
    return real;
  }

  test('drained, and given back: it stays disabled, the other is active', async () => {
    const real = await half();
    const before = await twins(real);
    const run = await drain(real, '--no-restart');
    expect(run.exitCode, run.stdout.slice(-1_500)).toBe(0);
    expect(verdictsOf(run.events, 'found-state')).toEqual([
      expect.stringMatching(
        /^warning: node-1 was found disabled in part \(lb-1 set 1 \S+ \(duid node-1\), lb-2 set 1 \S+ \(duid node-1\)\); that stays disabled, the rest is given back$/,
      ),
    ]);
    expect(await twins(real)).toEqual(before);
    const done = effects(run.events).filter((effect) => effect.includes('duid'));
    const uri = real.nodes[0].destination;
    const each = (what: string) => ['lb-1', 'lb-2'].map((proxy) => `${proxy} set 1 ${uri} ${what}`);
    expect(done.filter((effect) => effect.startsWith('deactivate: ')).sort()).toEqual(
      [...each('(duid node-1) d already'), ...each('(duid twin) d done')]
        .map((effect) => `deactivate: ${effect}`)
        .sort(),
    );
    expect(done.filter((effect) => effect.startsWith('activate: ') && !effect.includes('twin'))).toEqual([]);
    table.add({
      case: 'one destination of two is disabled by hand, --no-restart',
      did: 'gave each back as it was',
      state: (await twins(real)).join('; '),
      exit: run.exitCode,
    });
  });

  test('restarted: the same, through Kamailio’s probing where it pings', async () => {
    const real = await half();
    const run = await drain(real);
    expect(run.exitCode, run.stdout.slice(-1_500)).toBe(0);
    for (const flags of await twins(real)) expect(flags).toMatch(/^node-1 DX, twin A[PX]$/);
    expect(real.nodes[0].starts()).toBe(real.startsBefore(real.nodes[0]) + 1);
    table.add({
      case: 'one destination of two is disabled by hand',
      did: 'restarted it, gave each back',
      state: (await twins(real)).join('; '),
      exit: run.exitCode,
    });
  });

  test('stopped: each as it was', async () => {
    const real = await half();
    const before = await twins(real);
    await oneCall(real);
    const { fsha, end } = await startRun(real);
    await fsha.untilEvent(sawSessions(1));
    for (const flags of await twins(real)) expect(flags).toBe('node-1 DX, twin DX');
    fsha.send('SIGINT');
    const { exitCode } = await end();
    expect(exitCode).toBe(130);
    expect(await twins(real)).toEqual(before);
    table.add({
      case: 'one destination of two is disabled by hand, Ctrl-C',
      did: 'gave each back as it was',
      state: (await twins(real)).join('; '),
      exit: exitCode,
    });
  });
});

describe('set inactive by somebody, where that holds (probing mode 2)', () => {
  async function inactive(): Promise<RealCluster> {
    const real = await start({ kamailio: [{ probingMode: 2 }, { probingMode: 2 }] });
    for (const proxy of real.proxies) await proxy.setState('i', 1, real.nodes[0].destination);
    expect((await readFinalState(real)).flags).toEqual({ 'lb-1': 'IX', 'lb-2': 'IX' });
    return real;
  }

  test('restarted, and given back inactive', async () => {
    const real = await inactive();
    const run = await drain(real);
    expect(run.exitCode, run.stdout.slice(-1_500)).toBe(0);
    expect(verdictsOf(run.events, 'found-state')).toEqual(
      ['lb-1', 'lb-2'].map(
        (proxy) => `warning: node-1 was set inactive on ${proxy} (IX); a drain gives it back like that`,
      ),
    );
    const state = await finalState(real);
    expect(state).toBe('lb-1 IX, lb-2 IX; open; 1 restart; no mark');
    table.add({
      case: 'set inactive by hand on both, mode 2',
      did: 'restarted it, gave it back inactive',
      state,
      exit: run.exitCode,
    });
  });

  test('stopped: inactive, as it was', async () => {
    const real = await inactive();
    await oneCall(real);
    const { fsha, end } = await startRun(real);
    await fsha.untilEvent(sawSessions(1));
    expect((await readFinalState(real)).flags).toEqual({ 'lb-1': 'DX', 'lb-2': 'DX' });
    fsha.send('SIGINT');
    const { exitCode, settled } = await end();
    expect(exitCode).toBe(130);
    expect(settled.outcome).toBe('interrupted');
    const state = await finalState(real);
    expect(state).toBe('lb-1 IX, lb-2 IX; open; no restart; no mark');
    table.add({ case: 'the same, Ctrl-C', did: 'gave it back inactive', state, exit: exitCode });
  });
});
