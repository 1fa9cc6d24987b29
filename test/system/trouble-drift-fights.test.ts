/** Drift that comes back at once, drift behind the point of no return, and a failure route that marks what is disabled. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { troubleTable } from './harness/case-table.ts';
import { driftsOf, isRestartIntent, lastSeq, waits } from './harness/events-of.ts';
import { flagsOf } from './harness/final-state.ts';
import { only, type StartedFsha } from './harness/fsha.ts';
import { untilDisabledAgain } from './harness/out-again.ts';
import { SLOW_ANSWERS } from './harness/quick.ts';
import { type RealCluster, startRealCluster } from './harness/real-cluster.ts';
import { startRun, startWaitingRun, WITH_GATES } from './harness/run-of.ts';

const WELL = 'lb-1 AP, lb-2 AP; open; no restart; no mark';
const BACK_IN = 'lb-1 AP, lb-2 AP; open; 1 restart; no mark';
const BY_HAND = 'lb-1: dispatcher.reload, or somebody set it';

let cluster: RealCluster;
const table = troubleTable('Drift: fights, restarts, failure routes', () => cluster);

beforeAll(async () => {
  // Both proxies mark a node that fails a call, which overwrites D.
  cluster = await startRealCluster({
    ...WITH_GATES,
    settings: SLOW_ANSWERS,
    kamailio: [{ marksFailures: true }, { marksFailures: true }],
  });
});
beforeEach(() => cluster.reset());
afterAll(() => cluster.stop());

/** Somebody enables node-1 on lb-1, and fsha sets it again and has seen that; so often. */
async function enabledAndSetAgain(fsha: StartedFsha, times: number): Promise<void> {
  const [proxy] = cluster.proxies;
  const [node] = cluster.nodes;
  for (let time = 0; time < times; time += 1) {
    const before = lastSeq(fsha.events());
    await proxy.setState('a', 1, node.destination);
    await untilDisabledAgain(fsha, 'lb-1', before);
  }
}

describe('a fight', () => {
  test('a script enables it each second: five times, then fsha gives it back and says so', async () => {
    const [proxy] = cluster.proxies;
    const [node] = cluster.nodes;
    const { end, call } = await startWaitingRun(cluster);
    const failures: unknown[] = [];
    const enable = async (): Promise<void> => {
      if ((await flagsOf(cluster))['lb-1'] === 'DX') await proxy.setState('a', 1, node.destination);
    };
    const script = setInterval(() => void enable().catch((error: unknown) => failures.push(error)), 1_000);
    const ended = await end().finally(() => clearInterval(script));
    expect(failures).toEqual([]);
    expect(driftsOf(ended.events)).toEqual(Array(5).fill(BY_HAND));
    expect([ended.exitCode, ended.settled.error?.code, ended.settled.nodes]).toEqual([
      12,
      'drain.drift',
      { 'node-1': 'in service' },
    ]);
    expect(ended.settled.error?.message).toContain(`enabled again and again: lb-1 set 1 ${node.destination}`);
    expect(ended.settled.error?.hint).toMatch(/Find who sets it/);
    expect(call.up()).toEqual(['1000']);
    expect(await table.add('a script enables it each second', 'gave it back', ended)).toBe(WELL);
  });

  test('in deactivate: each look after the one that confirmed it finds it enabled', async () => {
    const [gate] = cluster.gates;
    const [proxy] = cluster.proxies;
    const [node] = cluster.nodes;
    let looks = 0;
    let fights = true;
    gate.after('dispatcher.set_state', () => void (looks = 0));
    gate.before('dispatcher.list', async () => {
      looks += 1;
      const flags = (await proxy.list())[`1 ${node.destination}`];
      if (fights && looks === 2 && flags === 'DX') await proxy.setState('a', 1, node.destination);
    });
    const { fsha, end } = await startRun(cluster);
    await fsha.untilEvent((event) => event.type === 'undo.started');
    fights = false;
    const ended = await end();
    expect([ended.exitCode, ended.settled.error?.code]).toEqual([12, 'drain.drift']);
    const failed = only(ended.events, 'step.settled').find(({ data }) => data.outcome === 'failed');
    expect([failed?.step, driftsOf(ended.events)]).toEqual(['node-1/deactivate', Array(5).fill(BY_HAND)]);
    expect(await table.add('it is enabled again and again in deactivate', 'gave it back', ended)).toBe(WELL);
  });

  test('what comes at long intervals is no fight, however often it comes', async () => {
    const { fsha, end, call } = await startWaitingRun(cluster);
    await enabledAndSetAgain(fsha, 4);
    // A drift within a poll and 10 s after it was set again would be the fifth in a row.
    await delay(11_000);
    await enabledAndSetAgain(fsha, 4);
    await call.hangUp();
    const ended = await end();
    expect([ended.exitCode, driftsOf(ended.events)]).toEqual([0, Array(8).fill(BY_HAND)]);
    expect(await table.add('8 drifts with 11 s between the fourth and the fifth', 'set again', ended)).toBe(
      BACK_IN,
    );
  });

  test('once the restart was intended it is never given up', async () => {
    const [node] = cluster.nodes;
    await node.fault('refuseEsl', true, 'nextStart');
    const settings = { restart: { timeout: '60s' }, verify: { timeout: '60s' } };
    const { fsha, end } = await startRun(cluster, { settings });
    await fsha.untilEvent(isRestartIntent);
    await until('node-1 was restarted', () => node.starts() > cluster.startsBefore(node));
    await enabledAndSetAgain(fsha, 7);
    await node.clearFaults();
    const ended = await end();
    expect([ended.exitCode, driftsOf(ended.events)]).toEqual([0, Array(7).fill(BY_HAND)]);
    expect(
      await table.add('it is enabled 7 times while FreeSWITCH is down', 'disabled each time', ended),
    ).toBe(BACK_IN);
  });
});

describe('while FreeSWITCH is down, boots or gets well', () => {
  test.each([
    ['reloaded', BY_HAND, () => cluster.proxies[0].reload()],
    ['restarted', 'lb-1: lb-1 was restarted', () => cluster.proxies[0].restart()],
  ] as const)('a proxy is %s: out again before the node is ready', async (what, cause, act) => {
    const [node] = cluster.nodes;
    await node.fault('slowBoot', 6_000);
    const { fsha, end } = await startRun(cluster, { settings: { restart: { timeout: '30s' } } });
    await fsha.untilEvent(isRestartIntent);
    const before = lastSeq(fsha.events());
    await act();
    const again = await untilDisabledAgain(fsha, 'lb-1', before);
    // From then on it is out in every look until the node has come up.
    const isUp = (): boolean =>
      fsha
        .events()
        .some(
          (event) =>
            event.seq > again.seq && event.type === 'effect.settled' && event.data.effect === 'node.restart',
        );
    let looks = 0;
    while (!isUp()) {
      expect(await flagsOf(cluster)).toEqual({ 'lb-1': 'DX', 'lb-2': 'DX' });
      looks += 1;
      await delay(50);
    }
    expect(looks).toBeGreaterThan(3);
    const ended = await end();
    expect([ended.exitCode, driftsOf(ended.events)]).toEqual([0, [cause]]);
    expect(await table.add(`lb-1 is ${what} while the node boots`, 'disabled again', ended)).toBe(BACK_IN);
  });

  test('a proxy is reloaded during verify', async () => {
    const [node] = cluster.nodes;
    await node.fault('notReady', true, 'nextStart');
    const { fsha, end } = await startRun(cluster, { settings: { verify: { timeout: '60s' } } });
    await fsha.untilEvent(
      (event) => event.type === 'step.retrying' && event.step === 'node-1/verify' && event.data.attempt > 0,
    );
    const before = lastSeq(fsha.events());
    await cluster.proxies[0].reload();
    const again = await untilDisabledAgain(fsha, 'lb-1', before);
    expect([again.step, await flagsOf(cluster)]).toEqual(['node-1/verify', { 'lb-1': 'DX', 'lb-2': 'DX' }]);
    await node.clearFaults();
    const ended = await end();
    expect([ended.exitCode, driftsOf(ended.events)]).toEqual([0, [BY_HAND]]);
    expect(await table.add('lb-1 is reloaded during verify', 'disabled again', ended)).toBe(BACK_IN);
  });
});

test('ds_mark_dst over D: a call that still rings at the node fails there, and is not lost', async () => {
  const [node, other] = cluster.nodes;
  const [gate] = cluster.gates;
  const [proxy] = cluster.proxies;
  const ringing = await cluster.hold({ ring600000: 2 });
  const held = await cluster.hold({ '1000': 2 });
  expect([ringing.ringing().length, (await node.stats()).sessionsNow]).toEqual([2, 2]);
  const { fsha, end } = await startRun(cluster);
  await fsha.untilEvent(waits);
  const before = lastSeq(fsha.events());
  // Before fsha looks next the call fails, and no ping makes IP into AP: an answered one would read as a reload.
  let flags: string | undefined;
  const takeAway = gate.before('dispatcher.list', async () => {
    takeAway();
    await node.fault('refuseOptions');
    await node.settleRinging('fail');
    flags = await until('the failure route has marked it', async () => {
      const now = (await proxy.list())[`1 ${node.destination}`];
      return now !== 'DX' && now;
    });
  });
  await untilDisabledAgain(fsha, 'lb-1', before);
  await node.clearFaults();
  expect([flags, await flagsOf(cluster)]).toEqual(['IP', { 'lb-1': 'DX', 'lb-2': 'DX' }]);
  await until('both ring at the other node', async () => (await other.stats()).sessionsNow === 3);
  await other.settleRinging('answer');
  await until('both are answered', () => ringing.up().length === 2);
  await held.hangUp();
  const ended = await end();
  expect([ended.exitCode, driftsOf(ended.events)]).toEqual([
    0,
    ['lb-1: a failure route marked it (ds_mark_dst overwrites disabled)'],
  ]);
  expect([ringing.up().length, ringing.refused(), held.cutByFarSide()]).toEqual([2, [], []]);
  expect(await table.add('ds_mark_dst over D: a ringing call fails', 'disabled again', ended)).toBe(BACK_IN);
});
