/** Proxies that fall silent, lie, answer by half, or come back with everything active. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/domain/run-events.ts';
import { until } from '../support/until.ts';
import { troubleTable } from './harness/case-table.ts';
import { driftsOf, isRestartIntent, lastSeq } from './harness/events-of.ts';
import { finalState, flagsOf } from './harness/final-state.ts';
import { only, type StartedFsha } from './harness/fsha.ts';
import { untilDisabledAgain } from './harness/out-again.ts';
import { type RealCluster, startRealCluster } from './harness/real-cluster.ts';
import { type GateRule, SETTERS, type Trouble } from './harness/rpc-gate.ts';
import { runToEnd, startWaitingRun, WITH_GATES } from './harness/run-of.ts';

const WELL = 'lb-1 AP, lb-2 AP; open; no restart; no mark';
const BACK_IN = 'lb-1 AP, lb-2 AP; open; 1 restart; no mark';

let cluster: RealCluster;
const table = troubleTable('Proxies in trouble', () => cluster);

beforeAll(async () => {
  cluster = await startRealCluster(WITH_GATES);
});
beforeEach(() => cluster.reset());
afterAll(() => cluster.stop());

/** So many more looks, in a row from now on, that were decided as blind. */
async function untilBlind(fsha: StartedFsha, times = 3): Promise<void> {
  const begin = lastSeq(fsha.events());
  const looks = (): readonly RunEvent[] =>
    fsha.events().filter(({ seq, type }) => seq > begin && type === 'step.progress');
  const isBlind = (event: RunEvent): boolean =>
    event.type === 'step.progress' && event.data.decision === 'blind';
  await until(`${times} looks were blind`, () => looks().filter(isBlind).length >= times, 30_000);
  const first = looks().findIndex(isBlind);
  expect(looks().slice(first).every(isBlind)).toBe(true);
}

describe('at preflight', () => {
  test.each<[string, Trouble | GateRule]>([
    ['is silent', 'silent'],
    ['refuses connections', 'refuse'],
    ['cuts its list in the middle', 'truncate'],
    ['answers {} to everything', 'empty'],
    ['answers {} for its list', { trouble: 'empty', only: ['dispatcher.list'] }],
  ])('a proxy %s: refused, nothing was set anywhere', async (what, trouble) => {
    for (const gate of cluster.gates) gate.forget();
    await cluster.gates[1].set(trouble);
    const ended = await runToEnd(cluster);
    expect([ended.exitCode, ended.settled.outcome, ended.settled.error?.code]).toEqual([
      3,
      'refused',
      'refused',
    ]);
    expect(ended.settled.error?.message).toMatch(/^refused by the check proxies: .*lb-2/);
    expect(ended.settled.error?.hint).toContain('--ignore-proxy lb-2');
    expect([
      only(ended.events, 'effect.intended'),
      cluster.gates.map((gate) => gate.count(...SETTERS)),
    ]).toEqual([[], [0, 0]]);
    expect(await table.add(`lb-2 ${what} at preflight`, 'refused', ended)).toBe(WELL);
  });

  test('a silent one that is ignored, and answers in mid-wait: disabled there, and back in at the end', async () => {
    const [, gate] = cluster.gates;
    await gate.set('silent');
    const { fsha, end, call } = await startWaitingRun(cluster, {
      flags: ['--json', '--ignore-proxy', 'lb-2'],
    });
    expect(await flagsOf(cluster)).toEqual({ 'lb-1': 'DX', 'lb-2': 'AP' });
    const before = lastSeq(fsha.events());
    await gate.open();
    const out = await untilDisabledAgain(fsha, 'lb-2', before);
    expect([driftsOf(fsha.events()), await flagsOf(cluster)]).toEqual([[], { 'lb-1': 'DX', 'lb-2': 'DX' }]);
    // From then on it is watched like the others.
    await cluster.proxies[1].restart();
    await untilDisabledAgain(fsha, 'lb-2', out.seq);
    await call.hangUp();
    const ended = await end();
    expect([ended.exitCode, driftsOf(ended.events)]).toEqual([0, ['lb-2: lb-2 was restarted']]);
    await until('lb-2 has pinged it', async () => (await flagsOf(cluster))['lb-2'] === 'AP');
    expect(
      await table.add('lb-2 is silent and ignored, answers in mid-wait, restarts', 'disabled it late', ended),
    ).toBe(BACK_IN);
  });
});

describe('in deactivate', () => {
  test('a proxy lies: 200 and nothing done', async () => {
    await cluster.gates[1].set('lie');
    const before = await cluster.flags();
    const ended = await runToEnd(cluster);
    expect([ended.exitCode, ended.settled.error?.code, ended.settled.nodes]).toEqual([
      12,
      'effect.failed',
      { 'node-1': 'in service' },
    ]);
    expect(ended.settled.error?.message).toMatch(/lb-2 .*accepted, but nothing changed; it reads AP/);
    expect(await cluster.flags()).toEqual(before);
    expect(await table.add('lb-2 lies: Ok, and nothing is set', 'gave it back', ended)).toBe(WELL);
  });

  test('the answers are lost, though it was done: read back, and not done twice', async () => {
    const [, gate] = cluster.gates;
    gate.forget();
    await gate.set({ trouble: 'lose', only: SETTERS });
    const ended = await runToEnd(cluster);
    const settled = only(ended.events, 'effect.settled').flatMap(({ data }) =>
      data.effect === 'dispatcher.state' && data.target.proxy === 'lb-2' ? [data.outcome] : [],
    );
    expect([ended.exitCode, settled, gate.count(...SETTERS)]).toEqual([0, ['done', 'done'], 2]);
    expect(await table.add("lb-2's answers to set_state are lost", 'read back: done', ended)).toBe(BACK_IN);
  });
});

describe('in mid-wait', () => {
  test.each<[string, () => Promise<void>, () => Promise<void> | void]>([
    ['is silent', () => cluster.gates[1].set('silent'), () => cluster.gates[1].open()],
    ['refuses connections', () => cluster.gates[1].set('refuse'), () => cluster.gates[1].open()],
    ['cuts its list in the middle', () => cluster.gates[1].set('truncate'), () => cluster.gates[1].open()],
    [
      'answers {} for its list',
      () => cluster.gates[1].set({ trouble: 'empty', only: ['dispatcher.list'] }),
      () => cluster.gates[1].open(),
    ],
    ['is frozen', () => cluster.proxies[1].freeze(), () => cluster.proxies[1].thaw()],
  ])('a proxy %s: unknown, the wait goes on, restarted once it answers', async (what, trouble, well) => {
    const [node] = cluster.nodes;
    const { fsha, end, call } = await startWaitingRun(cluster);
    await trouble();
    await call.hangUp();
    await until('node-1 is empty', async () => (await node.stats()).sessionsNow === 0);
    await untilBlind(fsha);
    const seen = only(fsha.events(), 'step.progress').at(-1)?.data;
    expect(seen?.observation.why.join()).toContain('lb-2');
    expect(Object.values(seen?.observation.destinations ?? {})).toEqual(['DX', null]);
    expect([seen?.observation.sessions, node.starts()]).toEqual([0, cluster.startsBefore(node)]);
    await well();
    const ended = await end();
    const restarted = ended.events.find(isRestartIntent);
    const blind = only(ended.events, 'step.progress').findLast(({ data }) => data.decision === 'blind');
    expect([ended.exitCode, (restarted?.seq ?? 0) > (blind?.seq ?? 0)]).toEqual([0, true]);
    expect(await table.add(`lb-2 ${what} in mid-wait, well later`, 'waited for it', ended)).toBe(BACK_IN);
  });

  test('a proxy ends, and comes back with everything active: out again, and said to be restarted', async () => {
    const [, proxy] = cluster.proxies;
    const { fsha, end, call } = await startWaitingRun(cluster);
    await proxy.down();
    await untilBlind(fsha, 1);
    const before = lastSeq(fsha.events());
    await proxy.up();
    await untilDisabledAgain(fsha, 'lb-2', before);
    expect(await flagsOf(cluster)).toEqual({ 'lb-1': 'DX', 'lb-2': 'DX' });
    await call.hangUp();
    const ended = await end();
    expect([ended.exitCode, driftsOf(ended.events)]).toEqual([0, ['lb-2: lb-2 was restarted']]);
    expect(await table.add('lb-2 ends and comes back with all active', 'disabled again', ended)).toBe(
      BACK_IN,
    );
  });

  test('a proxy lies when drift is mended: not drained for as long as it is in, mended once it does not lie', async () => {
    const [gate, proxy] = [cluster.gates[0], cluster.proxies[0]];
    const [node] = cluster.nodes;
    const { fsha, end, call } = await startWaitingRun(cluster);
    await gate.set('lie');
    await proxy.reload();
    await fsha.untilEvent((event) => event.type === 'drift.detected');
    await call.hangUp();
    await fsha.untilEvent(
      (event) =>
        event.type === 'step.retrying' && / accepted, but nothing changed/.test(event.data.error.message),
    );
    expect((await flagsOf(cluster))['lb-1']).toMatch(/^A/);
    expect(node.starts()).toBe(cluster.startsBefore(node));
    await gate.open();
    const ended = await end();
    const drained = only(ended.events, 'step.progress').find(({ data }) => data.decision === 'drained');
    expect([ended.exitCode, Object.values(drained?.data.observation.destinations ?? {})]).toEqual([
      0,
      ['DX', 'DX'],
    ]);
    expect(await table.add('lb-1 is reloaded, lies while it is mended', 'tried on', ended)).toBe(BACK_IN);
  });

  test('a silent one that may be ignored holds nothing up, and what is left there is told', async () => {
    const [, gate] = cluster.gates;
    const { end, call } = await startWaitingRun(cluster, {
      flags: ['--json', '--ignore-proxy', 'lb-2'],
    });
    await gate.set('silent');
    await call.hangUp();
    const ended = await end();
    expect(ended.exitCode).toBe(0);
    expect(
      only(ended.events, 'warning')
        .map(({ data }) => `${data.message} ${data.hint}`)
        .join(),
    ).toMatch(/lb-2 .*dispatcher\.set_state ip 1 sip:/);
    expect(await table.add('lb-2 is silent from mid-wait on, ignored', 'went on, said it', ended)).toBe(
      'lb-1 AP, lb-2 DX; open; 1 restart; no mark',
    );
  });
});

describe('silent until the deadline', () => {
  const settings = { drain: { timeout: '4s' } };

  test('and for good: unknown, with the command for it', { timeout: 180_000 }, async () => {
    const [node] = cluster.nodes;
    const { end } = await startWaitingRun(cluster, { settings });
    await cluster.gates[1].set('silent');
    const ended = await end();
    expect([ended.exitCode, ended.settled.outcome, ended.settled.error?.code]).toEqual([
      9,
      'unknown',
      'drain.expired',
    ]);
    expect(ended.settled.next).toContain(`kamcmd dispatcher.set_state ap 1 ${node.destination}  # on lb-2`);
    expect(ended.settled.next.filter((line) => line.includes('# on lb-1'))).toEqual([]);
    // The mark stays: the node is not all in yet.
    const state = await table.add('lb-2 is silent from mid-wait on', 'gave lb-1 back', ended);
    expect(state).toMatch(/^lb-1 AP, lb-2 DX; open; no restart; /);
  });

  test('and back during the undo: given back', async () => {
    const [, gate] = cluster.gates;
    const { fsha, end, call } = await startWaitingRun(cluster, { settings });
    await gate.set('silent');
    await fsha.untilEvent((event) => event.type === 'step.retrying' && event.step === 'node-1/restore');
    expect(await finalState(cluster)).toBe('lb-1 AP, lb-2 DX; open; no restart; marked');
    await gate.open();
    const ended = await end();
    expect([ended.exitCode, ended.settled.outcome, call.up()]).toEqual([5, 'restored', ['1000']]);
    expect(await table.add('lb-2 is silent till the deadline, back in the undo', 'gave it back', ended)).toBe(
      WELL,
    );
  });
});
