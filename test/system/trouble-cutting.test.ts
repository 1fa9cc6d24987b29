import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { troubleTable } from './harness/case-table.ts';
import { cutLegs, isCutIntent } from './harness/cut-legs.ts';
import { sawSessions, warnings, waitsBecause } from './harness/events-of.ts';
import { runFsha, startFsha } from './harness/fsha.ts';
import { holdAtNode } from './harness/hold-at-node.ts';
import { restartsOf } from './harness/node-log.ts';
import { SLOW_ANSWERS } from './harness/quick.ts';
import { startRealCluster, type RealCluster } from './harness/real-cluster.ts';
import { runToEnd, startRun, WITH_GATES } from './harness/run-of.ts';

const RESTARTED = 'lb-1 AP, lb-2 AP; open; 1 restart; no mark';
const HELD = 'lb-1 DX, lb-2 DX; open; no restart; marked';
const HANGUP = ['--on-timeout', 'hangup', '--yes'] as const;

let cluster: RealCluster;
const { add: row } = troubleTable('what may be cut', () => cluster);

beforeAll(async () => {
  cluster = await startRealCluster({ ...WITH_GATES, settings: SLOW_ANSWERS });
});
beforeEach(() => cluster.reset());
afterAll(() => cluster.stop());

describe('without full sight nothing is cut at the deadline, and the node is held', () => {
  test.each([
    ['a call without a row', 'missingRows', 1, /3 sessions in memory, but only 2 of them are listed/],
    ['no call has a row', 'missingRows', true, /3 sessions in memory, but only 0 of them are listed/],
    ['the core database is down', 'database', true, /calls unknown: .*core database/],
    ['ESL is silent', 'silentEsl', true, /(calls|core_uuid) unknown: /],
    ['sessions cannot be read', 'lieSessions', 'garbage', /calls unknown: /],
  ] as const)('%s', async (what, fault, value, why) => {
    const [node] = cluster.nodes;
    const calls = await holdAtNode(cluster, { '1000': 3 });
    const { fsha, end } = await startRun(cluster, { flags: ['--json', '--timeout', '2s', ...HANGUP] });
    await fsha.untilEvent(sawSessions(3));
    await node.fault(fault, value);
    // A fault that is about new connections alone would not be seen on one that is up.
    if (fault === 'silentEsl') await node.fault('halfOpen');
    const { exitCode: exit, events, settled } = await end();
    await node.clearFaults();
    expect(await row(`${what} at the deadline, hangup`, 'held, nothing cut', exit)).toBe(HELD);
    expect(exit).toBe(6);
    expect(settled).toMatchObject({
      outcome: 'held',
      nodes: { 'node-1': 'out of service' },
      callsCut: 0,
      error: { code: 'drain.expired' },
    });
    expect(settled.error?.message).toMatch(/nothing was cut/);
    expect(settled.error?.message).toMatch(why);
    expect(settled.next).toHaveLength(2);
    expect(cutLegs(events)).toEqual([]);
    expect(calls.up()).toHaveLength(3);
    expect(calls.errors()).toBe('');
  });

  test('a row is missing at the first look and is there at the next: cut', async () => {
    const [node] = cluster.nodes;
    const calls = await holdAtNode(cluster, { '1000': 2 });
    const { fsha, end } = await startRun(cluster, { flags: ['--json', '--timeout', '2s', ...HANGUP] });
    await fsha.untilEvent(sawSessions(2));
    await node.fault('missingRows', 1);
    await fsha.untilEvent(waitsBecause(/but only 1 of them/));
    await node.fault('missingRows', false);
    const { exitCode: exit, settled } = await end();
    expect(await row('a row is missing for one look', 'looked again, cut', exit)).toBe(RESTARTED);
    expect([exit, settled.callsCut, calls.cutByFarSide().length]).toEqual([10, 2, 2]);
  });

  test('a threshold is reached, and a call has no row: a warning, waited for', async () => {
    const [node] = cluster.nodes;
    const calls = await holdAtNode(cluster, { '1000': 2 });
    const { fsha, end } = await startRun(cluster, {
      flags: ['--json', '--threshold', '3', '--yes', '--timeout', '3s'],
    });
    await node.fault('missingRows', 1);
    const { exitCode: exit, settled } = await end();
    await node.clearFaults();
    await row('a call without a row below the threshold', 'warned, waited, gave it back', exit);
    expect(warnings(fsha.events()).filter((one) => one.startsWith('cut.refused'))).toEqual([
      'cut.refused: no call of node-1 is cut: 2 sessions in memory, but only 1 of them are listed',
    ]);
    expect([exit, settled.callsCut, calls.up().length]).toEqual([5, 0, 2]);
  });
});

describe('rows of calls that are gone', () => {
  test('do not count for the threshold', async () => {
    const [node] = cluster.nodes;
    await node.fault('ghostRows', 3);
    const calls = await holdAtNode(cluster, { '1000': 2 });
    const {
      exitCode: exit,
      events,
      settled,
    } = await runToEnd(cluster, { flags: ['--json', '--threshold', '2', '--yes'] });
    await node.clearFaults();
    expect(await row('3 ghost rows, 2 calls, --threshold 2', 'cut the 2 calls', exit)).toBe(RESTARTED);
    expect([exit, settled.callsCut, cutLegs(events).length]).toEqual([10, 2, 2]);
    expect(calls.cutByFarSide()).toHaveLength(2);
  });

  test('do not protect', async () => {
    const [node] = cluster.nodes;
    await node.fault('ghostRows', 1);
    const calls = await holdAtNode(cluster, { '1000': 1 });
    // The stand-in's ghosts have no number; a pattern that fits only them makes them protected calls, were they up.
    const config = await cluster.configWith({ drain: { protect: ['^$'], protectTimeout: 'none' } });
    const { exitCode: exit, settled } = await runToEnd(cluster, {
      config,
      flags: ['--json', '--timeout', '1s', ...HANGUP],
    });
    await node.clearFaults();
    expect(await row('a ghost row of a protected number', 'did not wait for it', exit)).toBe(RESTARTED);
    expect([exit, settled.callsCut, calls.cutByFarSide().length]).toEqual([10, 1, 1]);
  });
});

describe('while calls are being cut', () => {
  /** Answers take so long that something can happen between two of them. */
  const slowly = async (ms: number): Promise<void> => cluster.nodes[0].fault('slowEsl', ms);

  test('a call to 112 arrives: the call under way ends, nothing more is cut before it has ended', async () => {
    const calls = await holdAtNode(cluster, { '1000': 14 });
    const config = await cluster.configWith({
      timeouts: { request: '10s' },
      drain: { protect: ['^(112|911)$'] },
    });
    const { fsha, end } = await startRun(cluster, {
      config,
      flags: ['--json', '--timeout', '2s', ...HANGUP],
    });
    await fsha.untilEvent(sawSessions(14));
    await slowly(120);
    await fsha.untilEvent(isCutIntent);
    const emergency = await holdAtNode(cluster, { '112': 1 });
    // It is up: one call more may have been begun.
    const begun = cutLegs(fsha.events()).length + 1;
    const protectedOnes = await fsha.untilEvent(waitsBecause(/a call to a protected number is up/));
    await slowly(0);
    const cut = cutLegs(fsha.events()).length;
    expect(cut).toBeLessThanOrEqual(begun);
    expect(cut).toBeLessThan(10);
    await fsha.untilEvent(waitsBecause(/protected/, protectedOnes.seq));
    expect(cutLegs(fsha.events())).toHaveLength(cut);
    expect([emergency.up(), calls.up().length]).toEqual([['112'], 14 - cut]);
    await emergency.hangUp();
    const { exitCode: exit, settled } = await end();
    expect(await row('112 arrives while calls are cut', 'waited for it, then cut the rest', exit)).toBe(
      RESTARTED,
    );
    expect([exit, settled.callsCut, calls.cutByFarSide().length]).toEqual([10, 14, 14]);
    expect(emergency.endedHere()).toEqual(['112']);
  });

  test('and 112 outlives protectTimeout: held, and it is not said that nothing was cut', async () => {
    const calls = await holdAtNode(cluster, { '1000': 12 });
    const config = await cluster.configWith({
      timeouts: { request: '10s' },
      drain: { protect: ['^(112|911)$'], protectTimeout: '10s' },
    });
    const { fsha, end } = await startRun(cluster, {
      config,
      flags: ['--json', '--timeout', '2s', ...HANGUP],
    });
    await fsha.untilEvent(sawSessions(12));
    await slowly(120);
    await fsha.untilEvent(isCutIntent);
    const emergency = await holdAtNode(cluster, { '112': 1 });
    await fsha.untilEvent(waitsBecause(/a call to a protected number is up/));
    await slowly(0);
    const { exitCode: exit, settled } = await end();
    expect(await row('112 arrives while calls are cut, and stays', 'held, some were cut', exit)).toBe(HELD);
    const cut = calls.cutByFarSide().length;
    expect([exit, settled.callsCut]).toEqual([6, cut]);
    expect(cut).toBeGreaterThan(0);
    expect(cut).toBeLessThan(10);
    expect(settled.error?.message).toMatch(/no more was cut: a call to a protected number is up/);
    expect([emergency.up(), calls.up().length]).toEqual([['112'], 12 - cut]);
  });

  test('one ends by itself before its turn: already so, and not counted', async () => {
    const numbers = ['1001', '1002', '1003', '1004'];
    const calls = await holdAtNode(cluster, { '1001': 1, '1002': 1, '1003': 1, '1004': 1 });
    const config = await cluster.configWith({ timeouts: { request: '10s' } });
    const { fsha, end } = await startRun(cluster, {
      config,
      flags: ['--json', '--timeout', '2s', '--show-numbers', ...HANGUP],
    });
    await fsha.untilEvent(sawSessions(4));
    // Three questions a call: well below the second after which all are judged anew, and it would not be met at its turn.
    await slowly(100);
    await fsha.untilEvent(isCutIntent);
    const [first] = cutLegs(fsha.events());
    const other = numbers.find((number) => number !== first?.to) ?? '';
    await calls.hangUp(other);
    await slowly(0);
    const { exitCode: exit, events, settled } = await end();
    expect(await row('a caller hangs up before its turn', 'counted as ended by itself', exit)).toBe(
      RESTARTED,
    );
    const outcomes = cutLegs(events).map(({ to, outcome }) => [to, outcome]);
    expect(outcomes).toContainEqual([other, 'already']);
    expect(outcomes.filter(([, outcome]) => outcome === 'done')).toHaveLength(3);
    expect([exit, settled.callsCut, calls.cutByFarSide().length, calls.endedHere()]).toEqual([
      10,
      3,
      3,
      [other],
    ]);
  });

  test('the node stops answering: what became of the call is unknown, and nothing more is cut', async () => {
    const [node] = cluster.nodes;
    const calls = await holdAtNode(cluster, { '1000': 4 });
    const config = await cluster.configWith({ timeouts: { request: '3s' } });
    const { fsha, end } = await startRun(cluster, {
      config,
      flags: ['--json', '--timeout', '2s', ...HANGUP],
    });
    await fsha.untilEvent(sawSessions(4));
    await slowly(120);
    await fsha.untilEvent(isCutIntent);
    await node.freeze();
    const { exitCode: exit, events, settled } = await end();
    await node.thaw();
    await until('it answers', async () => (await node.api('status')).includes('is ready'));
    await node.clearFaults();
    expect(await row('the node freezes while it is cut', 'held', exit)).toBe(HELD);
    expect(exit).toBe(6);
    expect(cutLegs(events).filter(({ outcome }) => outcome === null)).toEqual([]);
    // What was sent before it froze may be done once it is thawed: at most what was told as cut or unknown.
    const perhaps = cutLegs(events).filter(({ outcome }) => outcome === 'done' || outcome === 'unknown');
    expect(settled.callsCut).toBe(perhaps.length);
    expect(calls.cutByFarSide().length).toBeLessThanOrEqual(perhaps.length);
    expect(settled.error?.message).toMatch(/no more was cut: (calls|core_uuid) unknown/);
  });

  test('Ctrl-C stops it, and the node is given back with what is left of its calls', async () => {
    const calls = await holdAtNode(cluster, { '1000': 6 });
    const config = await cluster.configWith({ timeouts: { request: '10s' } });
    const { fsha, end } = await startRun(cluster, {
      config,
      flags: ['--json', '--timeout', '2s', ...HANGUP],
    });
    await fsha.untilEvent(sawSessions(6));
    await slowly(120);
    await fsha.untilEvent(isCutIntent);
    fsha.send('SIGINT');
    await slowly(0);
    const { exitCode: exit, events, settled } = await end();
    expect(await row('Ctrl-C while calls are cut', 'stopped, gave it back', exit)).toBe(
      'lb-1 AP, lb-2 AP; open; no restart; no mark',
    );
    expect(exit).toBe(130);
    const cut = cutLegs(events).filter(({ outcome }) => outcome === 'done').length;
    expect(cut).toBeLessThan(6);
    expect([settled.callsCut, calls.cutByFarSide().length]).toEqual([cut, cut]);
    expect(calls.up()).toHaveLength(6 - cut);
  });
});

describe('what was cut is listed', () => {
  const LINE = /from (\S+) to (\S+), up since \d\d:\d\d:\d\d \(NORMAL_CLEARING\)/g;
  const lines = (text: string): readonly string[] =>
    [...text.matchAll(LINE)].map(([, from, to]) => `${from} ${to}`).sort();

  test.each([
    ['masked', [], '****er ****99'],
    ['as they are', ['--show-numbers'], 'caller 100099'],
  ] as const)('at the end and by fsha show, numbers %s', async (what, flags, shown) => {
    const calls = await holdAtNode(cluster, { '100099': 2, bridge199: 1, 'recorder-12345': 1 });
    const config = await cluster.configWith({ drain: { expendable: ['^recorder-'] } });
    const fsha = await startFsha([
      'drain',
      'node-1',
      '--config',
      config,
      '--timeout',
      '1s',
      ...HANGUP,
      ...flags,
    ]);
    const { exitCode, stdout } = await fsha.done;
    expect(await row(`what was cut, numbers ${what}`, 'listed at the end and by show', exitCode)).toBe(
      RESTARTED,
    );
    expect(exitCode).toBe(10);
    expect(calls.cutByFarSide()).toHaveLength(4);
    const end = stdout.slice(stdout.lastIndexOf('exit 10'));
    expect(end).toMatch(/3 calls cut, 1 expendable call cut \(not counted\)/);
    expect(lines(end)).toHaveLength(4);
    expect(lines(end)).toContain(shown);
    const show = await runFsha(['show', 'last', '--config', config], 30_000);
    expect(lines(show.stdout)).toEqual(lines(end));
    expect(show.stdout).toMatch(/calls cut\n/);
    const journal = await runFsha(['show', 'last', '--json', '--config', config], 30_000);
    for (const text of [end, stdout, show.stdout, journal.stdout]) {
      for (const number of ['100099', 'bridge199', 'recorder-12345'])
        expect(text.includes(number)).toBe(flags.length > 0);
    }
    expect(restartsOf(cluster)).toEqual({ restarts: 1, cutByStop: 0 });
  });
});
