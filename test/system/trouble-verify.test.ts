/** A node that was restarted and does not come back as it was: kept out, and fenced as soon as ESL answers. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { caseTable } from './harness/case-table.ts';
import type { Changes } from './harness/deep-merge.ts';
import { failureOf, stepStarted, warnings } from './harness/events-of.ts';
import { expectFenceToHold } from './harness/expect-fence.ts';
import { finalState, readFinalState } from './harness/final-state.ts';
import { only } from './harness/fsha.ts';
import { SLOW_ANSWERS } from './harness/quick.ts';
import { type RealCluster, startRealCluster } from './harness/real-cluster.ts';
import { type EndedRun, runToEnd, startRun, WITH_GATES } from './harness/run-of.ts';

const BACK_IN = 'lb-1 AP, lb-2 AP; open; 1 restart; no mark';
const KEPT_OUT = 'lb-1 DX, lb-2 DX; paused; 1 restart; marked';

const cases = caseTable('A node that does not come back as it was');
let cluster: RealCluster;

beforeAll(async () => {
  cluster = await startRealCluster({ ...WITH_GATES, settings: SLOW_ANSWERS });
});
beforeEach(() => cluster.reset());
afterAll(() => cluster.stop());

async function note(what: string, did: string, run: EndedRun): Promise<string> {
  const state = await finalState(cluster);
  cases.add({ case: what, did, state, exit: run.exitCode });
  return state;
}

/** A short time to get well, since it does not. */
function hasty(more: Changes = {}): Promise<string> {
  return cluster.configWith({ verify: { timeout: '3s', ...more } });
}

/** That run failed in verify and left the node out. */
function expectUnhealthy(run: EndedRun, why: RegExp): void {
  expect(failureOf(run.events, 'verify')?.message).toMatch(why);
  expect(failureOf(run.events, 'verify')?.code).toBe('verify.failed');
  expect(run.exitCode).toBe(8);
  expect(run.settled).toMatchObject({ outcome: 'failed', nodes: { 'node-1': 'out of service' } });
  expect(run.settled.next.join('\n')).toMatch(/activate node-1$/);
}

function retries(run: EndedRun): readonly { readonly attempt: number; readonly message: string }[] {
  return only(run.events, 'step.retrying').map(({ data }) => ({
    attempt: data.attempt,
    message: data.error.message,
  }));
}

describe('not back', () => {
  test('at all: failed, and said that it could not be fenced', async () => {
    const [node] = cluster.nodes;
    await node.fault('failBoot', 1_000_000);
    const config = await cluster.configWith({ nodes: { 'node-1': { restart: { timeout: '3s' } } } });
    const run = await runToEnd(cluster, { config });
    const { flags } = await readFinalState(cluster);
    // It starts again and again: how often is its own affair.
    cases.add({
      case: 'node does not come back',
      did: 'kept it out, warned that it is not fenced',
      state: `lb-1 ${flags['lb-1']}, lb-2 ${flags['lb-2']}; down`,
      exit: run.exitCode,
    });
    expect(flags).toEqual({ 'lb-1': 'DX', 'lb-2': 'DX' });
    expect(run.exitCode).toBe(7);
    expect(failureOf(run.events, 'restart')).toMatchObject({ code: 'restart.failed' });
    expect(failureOf(run.events, 'restart')?.message).toMatch(/did not come back within/);
    expect(warnings(run.events).join('\n')).toMatch(/node-1 could not be paused: /);
    expect(run.settled.nodes).toEqual({ 'node-1': 'out of service' });
  });

  test('in time, but a little later: fenced as soon as ESL answers', async () => {
    await cluster.nodes[0].fault('slowBoot', 7_000);
    const config = await cluster.configWith({ nodes: { 'node-1': { restart: { timeout: '3s' } } } });
    const run = await runToEnd(cluster, { config });
    expect(await note('node comes back too late', 'fenced it when it came', run)).toBe(KEPT_OUT);
    expect(run.exitCode).toBe(7);
    expect(failureOf(run.events, 'restart')?.message).toMatch(/did not come back within/);
    expect(warnings(run.events)).toEqual([]);
    await expectFenceToHold(cluster);
  });
});

describe('back, but not as it was', () => {
  test('and its ESL lets nobody in: whether it was restarted is unknown', async () => {
    const [node] = cluster.nodes;
    await node.fault('wrongPassword', true, 'nextStart');
    const config = await cluster.configWith({ nodes: { 'node-1': { restart: { timeout: '3s' } } } });
    const { fsha, end } = await startRun(cluster, { config });
    await fsha.untilEvent(stepStarted('secure'));
    // Somebody mends it while it is waited for: from then on it can be fenced.
    await node.clearFaults();
    const run = await end();
    expect(await note('back, and ESL lets nobody in', 'said unknown, fenced it when it could', run)).toBe(
      KEPT_OUT,
    );
    expect(run.exitCode).toBe(9);
    expect(failureOf(run.events, 'restart')).toMatchObject({ code: 'effect.unknown' });
    expect(failureOf(run.events, 'restart')?.message).toMatch(
      /whether node-1 was restarted is unknown: .*password/,
    );
  });

  test('without its profile; then mended and activated', async () => {
    const [node] = cluster.nodes;
    await node.fault('noProfile', true, 'nextStart');
    const config = await hasty();
    const run = await runToEnd(cluster, { config });
    expect(await note('back without a profile', 'kept it out, fenced', run)).toBe(KEPT_OUT);
    expectUnhealthy(run, /profile external is not there, it was RUNNING/);
    expect(retries(run).map(({ attempt }) => attempt)).not.toContain(0);
    await node.clearFaults();
    const activated = await runToEnd(cluster, { config, command: 'activate' });
    expect(activated.exitCode).toBe(0);
    expect(await finalState(cluster)).toBe(BACK_IN);
  });

  test('without its gateway: a reload cannot hurt; then mended and activated', async () => {
    const [node] = cluster.nodes;
    await node.fault('noGateway', true, 'nextStart');
    const config = await hasty();
    const run = await runToEnd(cluster, { config });
    expect(await note('back without a gateway', 'kept it out, fenced', run)).toBe(KEPT_OUT);
    expectUnhealthy(run, /gateway external::trunk-a is FAIL_WAIT, it was REGED/);
    await expectFenceToHold(cluster);
    // What it was is known from the run that failed: as it is now it is not well. The reload has enabled it: that stays as found.
    const early = await runToEnd(cluster, { config, command: 'activate' });
    expect(early.exitCode).toBe(12);
    expect(failureOf(early.events, 'verify')?.message).toMatch(/gateway external::trunk-a is FAIL_WAIT/);
    await node.clearFaults();
    const activated = await runToEnd(cluster, { config, command: 'activate' });
    expect(await note('the same, mended, and activate', 'back in', activated)).toBe(BACK_IN);
    expect(activated.exitCode).toBe(0);
  });

  test('the same, and drained again: the flags are those of before the failed run', async () => {
    const [node] = cluster.nodes;
    await node.fault('noGateway', true, 'nextStart');
    const config = await hasty();
    const run = await runToEnd(cluster, { config });
    expectUnhealthy(run, /gateway external::trunk-a/);
    const again = await runToEnd(cluster, { config });
    expect(await note('the same, and drain again', 'as before the first run', again)).toBe(
      BACK_IN.replace('1 restart', '2 restarts'),
    );
    expect(again.exitCode).toBe(0);
    const baseline = only(again.events, 'preflight.settled')[0]?.data.baseline;
    expect(baseline?.destinations.map(({ flags }) => flags)).toEqual(['AP', 'AP']);
    expect(baseline?.gateways).toMatchObject([{ name: 'external::trunk-a', state: 'REGED' }]);
  });

  test('not ready', async () => {
    await cluster.nodes[0].fault('notReady', true, 'nextStart');
    const run = await runToEnd(cluster, { config: await hasty() });
    expect(await note('back, and not ready', 'kept it out, fenced', run)).toBe(KEPT_OUT);
    expectUnhealthy(run, /it is not ready/);
  });

  test('silent to OPTIONS', async () => {
    await cluster.nodes[0].fault('noProfile', true, 'nextStart');
    const run = await runToEnd(cluster, { config: await hasty({ profiles: 'none', gateways: 'none' }) });
    expect(await note('back, and silent to OPTIONS', 'kept it out, fenced', run)).toBe(KEPT_OUT);
    expectUnhealthy(run, /answers SIP OPTIONS not at all/);
  });

  test('its test call does not succeed', async () => {
    const run = await runToEnd(cluster, { config: await hasty({ call: 'loopback/nosuch/public' }) });
    expect(await note('back, and verify.call fails', 'kept it out, fenced', run)).toBe(KEPT_OUT);
    expectUnhealthy(run, /could not be verified: .*NO_ROUTE_DESTINATION/);
    await expectFenceToHold(cluster);
  });
});

describe('twice', () => {
  test('while it is verified', async () => {
    const [node] = cluster.nodes;
    await node.fault('noGateway', true, 'nextStart');
    const { fsha, end } = await startRun(cluster, {
      config: await cluster.configWith({ verify: { timeout: '30s' } }),
    });
    await fsha.untilEvent((event) => event.type === 'step.retrying' && event.step === 'node-1/verify');
    await node.unit('restart');
    const run = await end();
    expect(await note('starts twice, in verify', 'kept it out, fenced', run)).toBe(
      KEPT_OUT.replace('1 restart', '2 restarts'),
    );
    expectUnhealthy(run, /has started once more by itself/);
  });

  test('while it is watched as active', async () => {
    const [node] = cluster.nodes;
    const { fsha, end } = await startRun(cluster, {
      config: await cluster.configWith({ verify: { minSoak: '30s' } }),
    });
    await fsha.untilEvent(stepStarted('activate'));
    await until('it is active everywhere', async () =>
      (await finalState(cluster)).startsWith('lb-1 AP, lb-2 AP'),
    );
    await node.kill();
    const run = await end();
    expect(await note('starts twice, in the soak', 'took it out again, fenced', run)).toBe(
      KEPT_OUT.replace('1 restart', '2 restarts'),
    );
    expect(run.exitCode).toBe(8);
    expect(failureOf(run.events, 'activate')?.message).toMatch(/has started once more by itself/);
    expect(run.settled.nodes).toEqual({ 'node-1': 'out of service' });
    await expectFenceToHold(cluster);
  });
});

describe('back in the end', () => {
  test('a gateway that registers late, but in time', async () => {
    const [node] = cluster.nodes;
    await node.fault('noGateway', true, 'nextStart');
    const { fsha, end } = await startRun(cluster, {
      config: await cluster.configWith({ verify: { timeout: '30s' } }),
    });
    await fsha.untilEvent((event) => event.type === 'step.retrying' && event.step === 'node-1/verify');
    await node.clearFaults();
    const run = await end();
    expect(await note('gateway registers late', 'waited, went on', run)).toBe(BACK_IN);
    expect(run.exitCode).toBe(0);
    expect(
      retries(run).some(({ message }) => message.includes('gateway external::trunk-a is FAIL_WAIT')),
    ).toBe(true);
    expect(warnings(run.events)).toEqual([]);
  });

  test('fewer registrations: a warning, and in', async () => {
    const [node] = cluster.nodes;
    const state = join(cluster.directory, 'node-1.state.json');
    const expires = Math.floor(Date.now() / 1000) + 3_600;
    const rows = ['1001', '1002'].map((user) => ({
      ...{ user, realm: node.host, callId: `of ${user}`, contact: `<sip:${user}@${node.host}:5099>` },
      ...{ agent: 'test', networkIp: node.host, networkPort: 5099, hostname: 'vm' },
      ...{ registeredAt: expires - 3_600, expires },
    }));
    // What is in its "database" at a start is what it has.
    await node.unit('stop');
    await writeFile(state, JSON.stringify({ registrations: rows }));
    await cluster.reset();
    expect((await node.stats()).registrations).toBe(2);
    const config = await cluster.configWith({
      nodes: { 'node-1': { restart: { command: `rm -f ${state}; ${node.restartCommand}` } } },
    });
    const run = await runToEnd(cluster, { config });
    expect(await note('fewer registrations than before', 'warned, went on', run)).toBe(BACK_IN);
    expect(run.exitCode).toBe(0);
    expect(warnings(run.events)).toEqual([
      'verify.failed: node-1: 0 registrations on it, 2 before the restart',
    ]);
    expect(retries(run).map(({ attempt }) => attempt)).not.toContain(0);
  });
});
