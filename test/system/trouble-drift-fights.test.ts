/** Drift that comes back at once, drift behind the point of no return, and a failure route that marks what is disabled. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import {
  driftsOf,
  endOf,
  flagsOf,
  isWaiting,
  lastSeq,
  startDrain,
  startWaitingDrain,
  troubleTable,
  untilDisabledAgain,
} from './harness/drain-in-trouble.ts';
import { only, type StartedFsha } from './harness/fsha.ts';
import { type RealCluster, startRealCluster } from './harness/real-cluster.ts';

const WELL = 'lb-1 AP, lb-2 AP; open; no restart; no mark';
const BACK_IN = 'lb-1 AP, lb-2 AP; open; 1 restart; no mark';
const BY_HAND = 'lb-1: dispatcher.reload, or somebody set it';

let cluster: RealCluster;
const table = troubleTable('Drift: fights, restarts, failure routes', () => cluster);

beforeAll(async () => {
  // Both proxies mark a node that fails a call, which overwrites D.
  cluster = await startRealCluster({
    via: 'direct',
    jump: false,
    gates: true,
    quick: true,
    // An SSH login on a machine that is busy with other tests.
    settings: { timeouts: { connect: '5s' } },
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
    const before = lastSeq(fsha);
    await proxy.setState('a', 1, node.destination);
    await untilDisabledAgain(fsha, 'lb-1', before);
  }
}

describe('a fight', () => {
  test('a script enables it each second: five times, then fsha gives it back and says so', async () => {
    const [proxy] = cluster.proxies;
    const [node] = cluster.nodes;
    const { fsha, call } = await startWaitingDrain(cluster);
    const failures: unknown[] = [];
    const enable = async (): Promise<void> => {
      if ((await flagsOf(cluster))['lb-1'] === 'DX') await proxy.setState('a', 1, node.destination);
    };
    const script = setInterval(() => void enable().catch((error: unknown) => failures.push(error)), 1_000);
    const end = await endOf(fsha).finally(() => clearInterval(script));
    expect(failures).toEqual([]);
    expect(driftsOf(end.events)).toEqual(Array(5).fill(BY_HAND));
    expect([end.exit, end.settled.error?.code, end.settled.nodes]).toEqual([
      12,
      'drain.drift',
      { 'node-1': 'in service' },
    ]);
    expect(end.settled.error?.message).toContain(`enabled again and again: lb-1 set 1 ${node.destination}`);
    expect(end.settled.error?.hint).toMatch(/Find who sets it/);
    expect(call.up()).toEqual(['1000']);
    expect(await table.add('a script enables it each second', 'gave it back', end)).toBe(WELL);
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
    const fsha = await startDrain(cluster);
    await fsha.untilEvent((event) => event.type === 'undo.started');
    fights = false;
    const end = await endOf(fsha);
    expect([end.exit, end.settled.error?.code]).toEqual([12, 'drain.drift']);
    const failed = only(end.events, 'step.settled').find(({ data }) => data.outcome === 'failed');
    expect([failed?.step, driftsOf(end.events)]).toEqual(['node-1/deactivate', Array(5).fill(BY_HAND)]);
    expect(await table.add('it is enabled again and again in deactivate', 'gave it back', end)).toBe(WELL);
  });

  test('what comes at long intervals is no fight, however often it comes', async () => {
    const { fsha, call } = await startWaitingDrain(cluster);
    await enabledAndSetAgain(fsha, 4);
    // A drift within a poll and 10 s after it was set again would be the fifth in a row.
    await delay(11_000);
    await enabledAndSetAgain(fsha, 4);
    await call.hangUp();
    const end = await endOf(fsha);
    expect([end.exit, driftsOf(end.events)]).toEqual([0, Array(8).fill(BY_HAND)]);
    expect(await table.add('8 drifts with 11 s between the fourth and the fifth', 'set again', end)).toBe(
      BACK_IN,
    );
  });

  test('once the restart was intended it is never given up', async () => {
    const [node] = cluster.nodes;
    await node.fault('refuseEsl', true, 'nextStart');
    const settings = { restart: { timeout: '60s' }, verify: { timeout: '60s' } };
    const fsha = await startDrain(cluster, { settings });
    await fsha.untilEvent(
      (event) => event.type === 'effect.intended' && event.data.effect === 'node.restart',
    );
    await until('node-1 was restarted', () => node.starts() > cluster.startsBefore(node));
    await enabledAndSetAgain(fsha, 7);
    await node.clearFaults();
    const end = await endOf(fsha);
    expect([end.exit, driftsOf(end.events)]).toEqual([0, Array(7).fill(BY_HAND)]);
    expect(await table.add('it is enabled 7 times while FreeSWITCH is down', 'disabled each time', end)).toBe(
      BACK_IN,
    );
  });
});

describe('while FreeSWITCH is down, boots or gets well', () => {
  test.each([
    ['reloaded', BY_HAND, () => cluster.proxies[0].reload()],
    ['restarted', 'lb-1: lb-1 was restarted', () => cluster.proxies[0].restart()],
  ] as const)('a proxy is %s: out again before the node is ready', async (what, cause, act) => {
    const [node] = cluster.nodes;
    await node.fault('slowBoot', 6_000);
    const fsha = await startDrain(cluster, { settings: { restart: { timeout: '30s' } } });
    await fsha.untilEvent(
      (event) => event.type === 'effect.intended' && event.data.effect === 'node.restart',
    );
    const before = lastSeq(fsha);
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
    const end = await endOf(fsha);
    expect([end.exit, driftsOf(end.events)]).toEqual([0, [cause]]);
    expect(await table.add(`lb-1 is ${what} while the node boots`, 'disabled again', end)).toBe(BACK_IN);
  });

  test('a proxy is reloaded during verify', async () => {
    const [node] = cluster.nodes;
    await node.fault('notReady', true, 'nextStart');
    const fsha = await startDrain(cluster, { settings: { verify: { timeout: '60s' } } });
    await fsha.untilEvent(
      (event) => event.type === 'step.retrying' && event.step === 'node-1/verify' && event.data.attempt > 0,
    );
    const before = lastSeq(fsha);
    await cluster.proxies[0].reload();
    const again = await untilDisabledAgain(fsha, 'lb-1', before);
    expect([again.step, await flagsOf(cluster)]).toEqual(['node-1/verify', { 'lb-1': 'DX', 'lb-2': 'DX' }]);
    await node.clearFaults();
    const end = await endOf(fsha);
    expect([end.exit, driftsOf(end.events)]).toEqual([0, [BY_HAND]]);
    expect(await table.add('lb-1 is reloaded during verify', 'disabled again', end)).toBe(BACK_IN);
  });
});

test('ds_mark_dst over D: a call that still rings at the node fails there, and is not lost', async () => {
  const [node, other] = cluster.nodes;
  const [gate] = cluster.gates;
  const [proxy] = cluster.proxies;
  const ringing = await cluster.hold({ ring600000: 2 });
  const held = await cluster.hold({ '1000': 2 });
  expect([ringing.ringing().length, (await node.stats()).sessionsNow]).toEqual([2, 2]);
  const fsha = await startDrain(cluster);
  await fsha.untilEvent(isWaiting);
  const before = lastSeq(fsha);
  // Before fsha looks next the call fails, and no ping has come yet that would make IP into AP.
  let flags: string | undefined;
  const takeAway = gate.before('dispatcher.list', async () => {
    takeAway();
    await node.settleRinging('fail');
    flags = await until('the failure route has marked it', async () => {
      const now = (await proxy.list())[`1 ${node.destination}`];
      return now !== 'DX' && now;
    });
  });
  await untilDisabledAgain(fsha, 'lb-1', before);
  expect([flags, await flagsOf(cluster)]).toEqual(['IP', { 'lb-1': 'DX', 'lb-2': 'DX' }]);
  await until('both ring at the other node', async () => (await other.stats()).sessionsNow === 3);
  await other.settleRinging('answer');
  await until('both are answered', () => ringing.up().length === 2);
  await held.hangUp();
  const end = await endOf(fsha);
  expect([end.exit, driftsOf(end.events)]).toEqual([
    0,
    ['lb-1: a failure route marked it (ds_mark_dst overwrites disabled)'],
  ]);
  expect([ringing.up().length, ringing.refused(), held.cutByFarSide()]).toEqual([2, [], []]);
  expect(await table.add('ds_mark_dst over D: a ringing call fails', 'disabled again', end)).toBe(BACK_IN);
});
