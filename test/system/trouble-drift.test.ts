/** Somebody or something enables the node while it is out: set again, told with its likely cause, and settled anew. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { troubleTable } from './harness/case-table.ts';
import { driftsOf, lastSeq, waits, waitsBecause } from './harness/events-of.ts';
import { flagsOf } from './harness/final-state.ts';
import { only } from './harness/fsha.ts';
import { untilDisabledAgain, untilOut } from './harness/out-again.ts';
import { SLOW_ANSWERS } from './harness/quick.ts';
import { type RealCluster, startRealCluster } from './harness/real-cluster.ts';
import { runToEnd, startRun, startWaitingRun, WITH_GATES } from './harness/run-of.ts';

const BACK_IN = 'lb-1 AP, lb-2 AP; open; 1 restart; no mark';
const RELOAD = 'lb-1: dispatcher.reload, or somebody set it';
const RESTARTED = 'lb-1: lb-1 was restarted';

let cluster: RealCluster;
const table = troubleTable('Drift while a node is out', () => cluster);

beforeAll(async () => {
  cluster = await startRealCluster({ ...WITH_GATES, settings: SLOW_ANSWERS });
});
beforeEach(() => cluster.reset());
afterAll(() => cluster.stop());

describe('while calls are awaited', () => {
  test('a proxy is reloaded under calls: out again at the next poll, and no call is lost', async () => {
    const [proxy] = cluster.proxies;
    const traffic = await cluster.call({ proxy: proxy.sip, callsPerSecond: 8, holdMs: [300, 900] });
    const held = await cluster.hold({ '1000': 4 });
    const { fsha, end } = await startRun(cluster);
    await fsha.untilEvent(waits);
    const before = lastSeq(fsha.events());
    await proxy.reload();
    await untilDisabledAgain(fsha, 'lb-1', before);
    expect(await flagsOf(cluster)).toEqual({ 'lb-1': 'DX', 'lb-2': 'DX' });
    expect(held.up()).toHaveLength(4);
    await held.hangUp();
    const ended = await end();
    const { failed, successful } = await traffic.finish();
    expect([failed, successful > 10, held.cutByFarSide(), held.errors()]).toEqual([0, true, [], '']);
    expect([ended.exitCode, driftsOf(ended.events), ended.settled.callsCut]).toEqual([0, [RELOAD], 0]);
    expect(await table.add('lb-1 is reloaded in mid-wait, calls up', 'disabled again', ended)).toBe(BACK_IN);
  });

  test('the settle time starts over: nothing that was counted before the mend counts after it', async () => {
    const [gate] = cluster.gates;
    const settle = 3_000;
    // Slow to be set: what is read of the node meanwhile is older than the mend, too.
    await gate.set({ trouble: { slow: 700 }, only: ['dispatcher.set_state'] });
    const { fsha, end } = await startRun(cluster, { settings: { drain: { settle: `${settle}ms` } } });
    await fsha.untilEvent(waitsBecause(/\(settle\)/));
    await cluster.proxies[0].reload();
    const ended = await end();
    const mended = only(ended.events, 'drift.detected')[0]?.seq ?? Number.POSITIVE_INFINITY;
    const set = only(ended.events, 'effect.settled').find(
      ({ seq, data }) => seq > mended && data.effect === 'dispatcher.state' && data.outcome === 'done',
    );
    const looks = only(ended.events, 'step.progress');
    const drained = looks.find(({ data }) => data.decision === 'drained');
    expect(drained?.mono ?? 0).toBeGreaterThanOrEqual((set?.mono ?? Number.POSITIVE_INFINITY) + settle);
    expect(looks.some(({ seq, data }) => seq < mended && data.observation.sessions === 0)).toBe(true);
    // One reload is one drift, however long it takes to mend it.
    expect([ended.exitCode, driftsOf(ended.events)]).toEqual([0, [RELOAD]]);
    expect(await table.add('lb-1 is reloaded while zero settles', 'settled anew', ended)).toBe(BACK_IN);
  });

  test('a proxy is restarted, and reloaded later: each with its own cause', async () => {
    const [proxy] = cluster.proxies;
    const { fsha, end, call } = await startWaitingRun(cluster);
    const before = lastSeq(fsha.events());
    await proxy.restart();
    const again = await untilDisabledAgain(fsha, 'lb-1', before);
    await proxy.reload();
    await untilDisabledAgain(fsha, 'lb-1', again.seq);
    expect(await flagsOf(cluster)).toEqual({ 'lb-1': 'DX', 'lb-2': 'DX' });
    await call.hangUp();
    const ended = await end();
    expect([ended.exitCode, driftsOf(ended.events)]).toEqual([0, [RESTARTED, RELOAD]]);
    expect(await table.add('lb-1 is restarted in mid-wait, then reloaded', 'disabled again', ended)).toBe(
      BACK_IN,
    );
  });

  test.each(['a', 'ip'])('another hand sets `%s` on one proxy', async (state) => {
    const [node] = cluster.nodes;
    const { fsha, end, call } = await startWaitingRun(cluster);
    const before = lastSeq(fsha.events());
    await cluster.proxies[1].setState(state, 1, node.destination);
    await untilDisabledAgain(fsha, 'lb-2', before);
    expect(await flagsOf(cluster)).toEqual({ 'lb-1': 'DX', 'lb-2': 'DX' });
    await call.hangUp();
    const ended = await end();
    const drifts = driftsOf(ended.events);
    expect([ended.exitCode, drifts.length]).toEqual([0, 1]);
    // `ip` is what a failure route sets, too, and AP a second later.
    expect(drifts[0]).toMatch(
      state === 'a' ? /^lb-2: .*somebody set it$/ : /^lb-2: .*(somebody set it|a failure route)/,
    );
    expect(await table.add(`\`${state}\` is set on lb-2 by hand`, 'disabled again', ended)).toBe(BACK_IN);
  });
});

describe('in the very moment', () => {
  test('in which the node is taken out', async () => {
    const [gate] = cluster.gates;
    const takeAway = gate.after('dispatcher.set_state', async () => {
      takeAway();
      await cluster.proxies[0].reload();
    });
    const ended = await runToEnd(cluster);
    expect(ended.exitCode).toBe(0);
    expect(await table.add('lb-1 is reloaded as it was set, in deactivate', 'set again', ended)).toBe(
      BACK_IN,
    );
    const retried = only(ended.events, 'step.retrying').find(({ step }) => step === 'node-1/deactivate');
    expect(`${driftsOf(ended.events).join()} ${retried?.data.error.message ?? ''}`).toMatch(/lb-1/);
  });

  test('in which drift is mended', async () => {
    const [gate] = cluster.gates;
    const [proxy] = cluster.proxies;
    const { fsha, end, call } = await startWaitingRun(cluster);
    // A reload within some seconds of another is refused: by hand then.
    const takeAway = gate.after('dispatcher.set_state', async () => {
      takeAway();
      await proxy.setState('a', 1, cluster.nodes[0].destination);
    });
    await proxy.reload();
    await fsha.untilEvent((event) => event.type === 'drift.detected');
    await until('it was set twice', () => gate.count('dispatcher.set_state') >= 3, 20_000);
    await untilOut(cluster);
    await call.hangUp();
    const ended = await end();
    expect([ended.exitCode, driftsOf(ended.events)[0]]).toEqual([0, RELOAD]);
    expect(await table.add('somebody sets it as it was mended', 'set again', ended)).toBe(BACK_IN);
  });
});
