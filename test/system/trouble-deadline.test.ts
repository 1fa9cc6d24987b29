import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { troubleTable } from './harness/case-table.ts';
import { cutLegs, isCutIntent } from './harness/cut-legs.ts';
import { sawSessions, stepStarted, waitsBecause } from './harness/events-of.ts';
import { finalState } from './harness/final-state.ts';
import { runFsha } from './harness/fsha.ts';
import { holdAtNode } from './harness/hold-at-node.ts';
import { restartsOf } from './harness/node-log.ts';
import { SLOW_ANSWERS } from './harness/quick.ts';
import { startRealCluster, type RealCluster } from './harness/real-cluster.ts';
import { runToEnd, startRun, WITH_GATES } from './harness/run-of.ts';

const WELL = 'lb-1 AP, lb-2 AP; open; no restart; no mark';
const RESTARTED = 'lb-1 AP, lb-2 AP; open; 1 restart; no mark';
const HELD = 'lb-1 DX, lb-2 DX; open; no restart; marked';
const HANGUP = ['--on-timeout', 'hangup', '--yes'] as const;
const PROTECT = { protect: ['^(112|911)$'] };

let cluster: RealCluster;
const { add: row } = troubleTable('the deadline', () => cluster);

beforeAll(async () => {
  cluster = await startRealCluster({ ...WITH_GATES, settings: SLOW_ANSWERS });
});
beforeEach(() => cluster.reset());
afterAll(() => cluster.stop());

describe('the deadline passes', () => {
  test('restore: the node is given back as found, and its calls go on', async () => {
    const calls = await holdAtNode(cluster, { '1000': 2, bridge1: 1 });
    const {
      exitCode: exit,
      events,
      settled,
    } = await runToEnd(cluster, { flags: ['--json', '--timeout', '2s'] });
    expect(await row('calls at the deadline, restore', 'gave it back', exit)).toBe(WELL);
    expect(exit).toBe(5);
    expect(settled).toMatchObject({
      outcome: 'restored',
      nodes: { 'node-1': 'in service' },
      callsCut: 0,
      error: { code: 'drain.expired' },
    });
    expect(settled.error?.message).toMatch(/4 sessions still up; it is given back/);
    expect(settled.next.join('\n')).toMatch(/ drain node-1$/);
    expect(cutLegs(events)).toEqual([]);
    expect(calls.up()).toHaveLength(3);
    expect(calls.errors()).toBe('');
  });

  test('hold: it stays out, its calls go on, and both ways on are told', async () => {
    const calls = await holdAtNode(cluster, { '1000': 2, bridge1: 1 });
    const ended = await runToEnd(cluster, {
      config: cluster.configFile,
      flags: ['--json', '--timeout', '2s', '--on-timeout', 'hold'],
    });
    expect(await row('calls at the deadline, hold', 'left it out', ended.exitCode)).toBe(HELD);
    expect(ended.exitCode).toBe(6);
    expect(ended.settled).toMatchObject({
      outcome: 'held',
      nodes: { 'node-1': 'out of service' },
      callsCut: 0,
    });
    expect(ended.settled.next.map((one) => one.split(' ').slice(-2).join(' '))).toEqual([
      'drain node-1',
      'activate node-1',
    ]);
    expect(calls.up()).toHaveLength(3);
    // The command that is told does what it says, and no call is lost by it either.
    const back = await runFsha(['activate', 'node-1', '--config', cluster.configFile], 60_000);
    expect([back.exitCode, await finalState(cluster), calls.up().length]).toEqual([0, WELL, 3]);
  });

  test('no --timeout: none: it is waited for as long as it takes', async () => {
    const calls = await holdAtNode(cluster, { '1000': 1 });
    const config = await cluster.configWith({ drain: { timeout: '1s', onTimeout: 'hold' } });
    const { fsha, end } = await startRun(cluster, { config, flags: ['--json', '--timeout', 'none'] });
    const { mono } = await fsha.untilEvent(sawSessions(1));
    await fsha.untilEvent((event) => sawSessions(1)(event) && event.mono > mono + 2_000);
    await calls.hangUp();
    expect((await end()).exitCode).toBe(0);
    expect(await row('a deadline of none', 'waited for the call', 0)).toBe(RESTARTED);
    expect(calls.cutByFarSide()).toEqual([]);
  });
});

describe('the last call ends as the deadline passes', () => {
  test.each([
    ['restore', [], 5, WELL],
    ['hold', ['--on-timeout', 'hold'], 6, HELD],
    ['hangup', [...HANGUP], 0, RESTARTED],
  ])('seen empty, not yet long enough: %s', async (choice, flags, exit, state) => {
    const calls = await holdAtNode(cluster, { '1000': 1 });
    const { fsha, end } = await startRun(cluster, {
      flags: ['--json', '--timeout', '3s', '--settle', '5s', ...flags],
    });
    await fsha.untilEvent(sawSessions(1));
    await calls.hangUp();
    await fsha.untilEvent(waitsBecause(/empty/));
    const ended = await end();
    expect(
      await row(`empty at the deadline, not settled, ${choice}`, ended.settled.outcome, ended.exitCode),
    ).toBe(state);
    expect(ended.exitCode).toBe(exit);
    expect([ended.settled.callsCut, cutLegs(ended.events)]).toEqual([0, []]);
    expect(calls.endedHere()).toEqual(['1000']);
  });

  test.each([-150, 0, 60])(
    'hangup, the caller %d ms from it: what is told is what happened',
    async (offset) => {
      const calls = await holdAtNode(cluster, { '1000': 1 });
      const { fsha, end } = await startRun(cluster, { flags: ['--json', '--timeout', '3s', ...HANGUP] });
      const start = await fsha.untilEvent(stepStarted('wait_drained'));
      const moment = Date.parse(start.at) + 3_000 + offset;
      await until('the moment', () => Date.now() >= moment - 50, 10_000);
      // One that was cut a moment before cannot hang up any more.
      calls.hangUp().catch(() => undefined);
      const { exitCode: exit, settled } = await end();
      const cut = calls.cutByFarSide().length;
      await row(`the caller hangs up ${offset} ms from the deadline`, `${cut} cut`, exit);
      // Either way is right, as long as it is told; one that hangs up between look and cut may be told as cut.
      expect(exit).toBe(settled.callsCut === 0 ? 0 : 10);
      expect([cut, 1]).toContain(settled.callsCut);
      expect(await finalState(cluster)).toBe(RESTARTED);
      expect(restartsOf(cluster)).toEqual({ restarts: 1, cutByStop: 0 });
    },
  );
});

describe('hangup', () => {
  test('every call is cut by itself, leg by leg, and the rest is a drain as any other', async () => {
    const calls = await holdAtNode(cluster, { '1000': 2, bridge1: 1 });
    const {
      exitCode: exit,
      events,
      settled,
    } = await runToEnd(cluster, { flags: ['--json', '--timeout', '2s', ...HANGUP] });
    expect(await row('calls at the deadline, hangup --yes', 'cut 3 calls, 4 legs', exit)).toBe(RESTARTED);
    expect(exit).toBe(10);
    expect(settled).toMatchObject({
      outcome: 'done',
      nodes: { 'node-1': 'in service' },
      callsCut: 3,
      next: [],
    });
    const legs = cutLegs(events);
    // The further leg of the bridge goes with the first one.
    expect(legs.map(({ outcome }) => outcome).sort()).toEqual(['already', 'done', 'done', 'done']);
    expect(new Set(legs.map(({ uuid }) => uuid)).size).toBe(4);
    expect(new Set(legs.map(({ call }) => call)).size).toBe(3);
    expect(new Set(legs.map(({ cause }) => cause))).toEqual(new Set(['NORMAL_CLEARING']));
    expect(calls.cutByFarSide()).toHaveLength(3);
    expect(calls.errors()).toBe('');
    expect(restartsOf(cluster)).toEqual({ restarts: 1, cutByStop: 0 });
  });

  test('from the inventory, with its cause', async () => {
    const calls = await holdAtNode(cluster, { '1000': 1 });
    const config = await cluster.configWith({
      drain: { timeout: '1s', onTimeout: 'hangup', hangupCause: 'MANAGER_REQUEST' },
    });
    const refused = await runFsha(['drain', 'node-1', '--config', config], 30_000);
    expect([refused.exitCode, calls.up()]).toEqual([3, ['1000']]);
    const { exitCode: exit, events } = await runToEnd(cluster, { config, flags: ['--json', '--yes'] });
    expect([exit, cutLegs(events).map(({ cause }) => cause)]).toEqual([10, ['MANAGER_REQUEST']]);
    await row('onTimeout: hangup of the inventory', 'asked, then cut', exit);
  });

  test('with a call to 112: nothing is cut while it is up, and the others when it has ended', async () => {
    const calls = await holdAtNode(cluster, { '112': 1, '1000': 2 });
    const config = await cluster.configWith({ drain: PROTECT });
    const { fsha, end } = await startRun(cluster, {
      config,
      flags: ['--json', '--timeout', '1s', ...HANGUP],
    });
    const waiting = await fsha.untilEvent(waitsBecause(/a call to a protected number is up/));
    await fsha.untilEvent(
      (event) => waitsBecause(/protected/, waiting.seq)(event) && event.mono > waiting.mono + 2_000,
    );
    expect(fsha.events().filter(isCutIntent)).toEqual([]);
    await calls.hangUp('112');
    const { exitCode: exit, settled } = await end();
    expect(await row('112 is up at the deadline, hangup', 'waited for 112, cut the others', exit)).toBe(
      RESTARTED,
    );
    expect([exit, settled.callsCut]).toEqual([10, 2]);
    expect(calls.cutByFarSide()).toEqual(['1000', '1000']);
    expect(calls.endedHere()).toEqual(['112']);
  });

  test('protectTimeout has passed and 112 is up still: held, nothing cut', async () => {
    const calls = await holdAtNode(cluster, { '112': 1, '1000': 2 });
    const config = await cluster.configWith({ drain: { ...PROTECT, protectTimeout: '2s' } });
    const { fsha, end } = await startRun(cluster, {
      config,
      flags: ['--json', '--timeout', '1s', ...HANGUP],
    });
    const waiting = await fsha.untilEvent(waitsBecause(/protected/));
    const { exitCode: exit, events, settled } = await end();
    expect(await row('112 outlives protectTimeout', 'held, nothing cut', exit)).toBe(HELD);
    expect(exit).toBe(6);
    expect(settled.error?.message).toMatch(/nothing was cut: a call to a protected number is up/);
    expect(cutLegs(events)).toEqual([]);
    expect(calls.up()).toHaveLength(3);
    expect((events.at(-1)?.mono ?? 0) - waiting.mono).toBeGreaterThan(1_000);
  });
});

describe('--threshold', () => {
  test('waits until so many are left, then cuts these', async () => {
    const calls = await holdAtNode(cluster, { '1001': 2, '1002': 1, '1003': 2 });
    const { fsha, end } = await startRun(cluster, { flags: ['--json', '--threshold', '2', '--yes'] });
    await fsha.untilEvent(sawSessions(5));
    await calls.hangUp('1001');
    const three = await fsha.untilEvent(sawSessions(3));
    await fsha.untilEvent(sawSessions(3, three.seq));
    expect(fsha.events().filter(isCutIntent)).toEqual([]);
    await calls.hangUp('1002');
    const { exitCode: exit, settled } = await end();
    expect(await row('--threshold 2, calls end one by one', 'cut the last 2', exit)).toBe(RESTARTED);
    expect([exit, settled.callsCut]).toEqual([10, 2]);
    expect(calls.cutByFarSide()).toEqual(['1003', '1003']);
    expect(calls.endedHere()).toHaveLength(3);
  });

  test('counts calls, not legs, and not the expendable ones', async () => {
    const calls = await holdAtNode(cluster, { '1001': 1, bridge2: 1, 'recorder-7': 2 });
    const config = await cluster.configWith({ drain: { expendable: ['^recorder-'] } });
    const { fsha, end } = await startRun(cluster, { config, flags: ['--json', '--threshold', '1', '--yes'] });
    const five = await fsha.untilEvent(sawSessions(5));
    await fsha.untilEvent(sawSessions(5, five.seq));
    expect(fsha.events().filter(isCutIntent)).toEqual([]);
    await calls.hangUp('1001');
    const { exitCode: exit, events, settled } = await end();
    await row('--threshold 1 beside 2 recorders', 'cut the last one and the recorders', exit);
    expect([exit, settled.callsCut]).toEqual([10, 1]);
    expect([...calls.cutByFarSide()].sort()).toEqual(['bridge2', 'recorder-7', 'recorder-7']);
    expect(cutLegs(events).filter(({ expendable }) => expendable)).toHaveLength(2);
  });

  test('of no call, and only expendable ones are left: they are cut unasked and uncounted', async () => {
    const calls = await holdAtNode(cluster, { '1001': 1, 'recorder-7': 2 });
    const config = await cluster.configWith({ drain: { expendable: ['^recorder-'] } });
    const { fsha, end } = await startRun(cluster, { config });
    const three = await fsha.untilEvent(sawSessions(3));
    await fsha.untilEvent(sawSessions(3, three.seq));
    expect(fsha.events().filter(isCutIntent)).toEqual([]);
    await calls.hangUp('1001');
    const { exitCode: exit, settled } = await end();
    expect(await row('only recorders are left', 'cut them, not counted', exit)).toBe(RESTARTED);
    expect([exit, settled.callsCut]).toEqual([0, 0]);
    expect(calls.cutByFarSide()).toEqual(['recorder-7', 'recorder-7']);
  });
});

describe('nobody said yes', () => {
  test.each([
    ['--on-timeout', 'hangup', /all that are left at the deadline/],
    ['--threshold', '2', /the last 2 or fewer/],
  ])('%s %s without a terminal is refused, and nothing was changed', async (flag, value, asks) => {
    const calls = await holdAtNode(cluster, { '1000': 1 });
    for (const gate of cluster.gates) gate.forget();
    const run = await runFsha(['drain', 'node-1', '--config', cluster.configFile, flag, value], 30_000);
    expect(await row(`${flag} ${value} without --yes and terminal`, 'refused', run.exitCode)).toBe(WELL);
    expect(run.exitCode).toBe(3);
    expect(run.stderr).toMatch(asks);
    expect(run.stderr).toMatch(/Say --yes/);
    expect(cluster.gates.map((gate) => gate.count())).toEqual([0, 0]);
    expect(calls.up()).toEqual(['1000']);
  });
});
