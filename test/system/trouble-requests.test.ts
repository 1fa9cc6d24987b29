import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/domain/run-events.ts';
import { startFsha } from '../support/call-fsha.ts';
import { troubleTable } from './harness/case-table.ts';
import { cutLegs, isCutIntent } from './harness/cut-legs.ts';
import { answers, isRestartIntent, outcomes, sawSessions, stepStarted } from './harness/events-of.ts';
import { finalState } from './harness/final-state.ts';
import { only } from './harness/fsha.ts';
import { holdAtNode } from './harness/hold-at-node.ts';
import { restartsOf } from './harness/node-log.ts';
import { SLOW_ANSWERS } from './harness/quick.ts';
import { startRealCluster, type RealCluster } from './harness/real-cluster.ts';
import { WITH_GATES } from './harness/run-of.ts';
import { endScriptedRuns, startScriptedDrain } from './harness/scripted-run.ts';

const WELL = 'lb-1 AP, lb-2 AP; open; no restart; no mark';
const RESTARTED = 'lb-1 AP, lb-2 AP; open; 1 restart; no mark';
const MINUTE = 60_000;

let cluster: RealCluster;
const { add: row } = troubleTable('requests to a run under way', () => cluster);

beforeAll(async () => {
  cluster = await startRealCluster({ ...WITH_GATES, settings: SLOW_ANSWERS });
});
beforeEach(() => cluster.reset());
afterEach(endScriptedRuns);
afterAll(() => cluster.stop());

describe('extend', () => {
  test('a call that ends after the first deadline and before the new one: drained', async () => {
    const calls = await holdAtNode(cluster, { '1000': 1 });
    const run = await startScriptedDrain(cluster, ['--timeout', '3s']);
    const wait = await run.until(stepStarted('wait_drained'));
    expect(await run.ask({ kind: 'extend', ms: 10 * MINUTE }, 'key e')).toEqual({ accepted: true });
    await run.until((event) => sawSessions(1)(event) && event.mono > wait.mono + 4_000);
    await calls.hangUp();
    const { exitCode: exit, events } = await run.end();
    expect(await row('extend, the call ends after the first deadline', 'waited, drained', exit)).toBe(
      RESTARTED,
    );
    expect(exit).toBe(0);
    expect(answers(events)).toEqual(['extend by key e: accepted']);
    expect(only(events, 'request.received')[0]?.data.request).toEqual({ kind: 'extend', ms: 10 * MINUTE });
    expect(calls.endedHere()).toEqual(['1000']);
  });

  test('the new deadline holds, and it counts from the old one', async () => {
    const calls = await holdAtNode(cluster, { '1000': 1 });
    const run = await startScriptedDrain(cluster, ['--timeout', '2s']);
    const wait = await run.until(stepStarted('wait_drained'));
    const both = [
      run.ask({ kind: 'extend', ms: 1_000 }, 'one'),
      run.ask({ kind: 'extend', ms: 1_000 }, 'two'),
    ];
    expect(await Promise.all(both)).toEqual([{ accepted: true }, { accepted: true }]);
    const { exitCode: exit, events } = await run.end();
    const ended = events.find((event) => event.type === 'step.settled' && event.step === wait.step);
    // It counts from when the node was out, which may be some time before the wait begins.
    const out = events.findLast(
      ({ type, seq, step }) => type === 'effect.settled' && step === 'node-1/deactivate' && seq < wait.seq,
    );
    expect((ended?.mono ?? 0) - (out?.mono ?? 0)).toBeGreaterThanOrEqual(3_990);
    expect(await row('extend twice, the call stays', 'gave it back later', exit)).toBe(WELL);
    expect([exit, calls.up()]).toEqual([5, ['1000']]);
  });

  test('where there is no deadline, by nothing, and when the wait is over: refused', async () => {
    const calls = await holdAtNode(cluster, { '1000': 1 });
    const run = await startScriptedDrain(cluster, ['--timeout', 'none']);
    await run.until(sawSessions(1));
    const asked = [
      await run.ask({ kind: 'extend', ms: MINUTE }, 'no deadline'),
      await run.ask({ kind: 'extend', ms: 0 }, 'nothing'),
      await run.ask({ kind: 'extend', ms: -MINUTE }, 'backwards'),
    ];
    await calls.hangUp();
    await run.until(stepStarted('verify'));
    asked.push(await run.ask({ kind: 'extend', ms: MINUTE }, 'too late'));
    const { exitCode: exit, events } = await run.end();
    expect(asked.map(({ accepted }) => accepted)).toEqual([false, false, false, false]);
    expect(answers(events)).toEqual([
      'extend by no deadline: refused: there is no deadline to extend',
      'extend by nothing: refused: a deadline is extended by a positive number of milliseconds',
      'extend by backwards: refused: a deadline is extended by a positive number of milliseconds',
      'extend by too late: refused: the wait for the calls of node-1 is over',
    ]);
    expect(await row('extend without a deadline, by 0, after the wait', 'refused each', exit)).toBe(
      RESTARTED,
    );
    expect(exit).toBe(0);
  });
});

describe('hold', () => {
  test('in the wait: it stays out at zero, without a restart', async () => {
    const calls = await holdAtNode(cluster, { '1000': 1 });
    const run = await startScriptedDrain(cluster);
    await run.until(sawSessions(1));
    expect(await run.ask({ kind: 'hold' }, 'key h')).toEqual({ accepted: true });
    await calls.hangUp();
    const { exitCode: exit, events, settled } = await run.end();
    expect(await row('hold in the wait', 'drained, left it out', exit)).toBe(
      'lb-1 DX, lb-2 DX; paused; no restart; marked',
    );
    expect([exit, settled.outcome, settled.nodes]).toEqual([6, 'held', { 'node-1': 'out of service' }]);
    expect(outcomes(events)).toMatchObject({
      wait_drained: 'succeeded',
      restart: 'skipped',
      verify: 'skipped',
      activate: 'skipped',
    });
    expect(settled.next.map((one) => one.split(' ').slice(-2).join(' '))).toEqual([
      'drain node-1',
      'activate node-1',
    ]);
  });

  test('in the wait, and calls are up at the deadline: it stays out, whatever was planned', async () => {
    const calls = await holdAtNode(cluster, { '1000': 2 });
    const run = await startScriptedDrain(cluster, ['--timeout', '2s', '--on-timeout', 'hangup', '--yes']);
    await run.until(stepStarted('wait_drained'));
    expect(await run.ask({ kind: 'hold', node: 'node-1' }, 'key h')).toEqual({ accepted: true });
    const { exitCode: exit, events, settled } = await run.end();
    expect(
      await row('hold, and the deadline passes with calls (hangup)', 'left it out, cut nothing', exit),
    ).toBe('lb-1 DX, lb-2 DX; open; no restart; marked');
    expect([exit, settled.callsCut, cutLegs(events), calls.up().length]).toEqual([6, 0, [], 2]);
  });

  test('while the core database holds the restart back: it stays out, and nothing is waited for', async () => {
    const run = await startScriptedDrain(cluster, ['--timeout', 'none']);
    await run.until(stepStarted('wait_drained'));
    await cluster.nodes[0].fault('database');
    const held = (event: RunEvent): boolean =>
      event.type === 'step.retrying' && event.step === 'node-1/restart';
    await run.until(held);
    expect(await run.ask({ kind: 'hold' }, 'key h')).toEqual({ accepted: true });
    const { exitCode: exit, events, settled } = await run.end();
    expect(await row('hold while the database holds it back', 'left it out', exit)).toBe(
      'lb-1 DX, lb-2 DX; paused; no restart; marked',
    );
    expect([exit, settled.outcome, settled.error]).toEqual([6, 'held', undefined]);
    expect(outcomes(events)).toMatchObject({ restart: 'skipped', verify: 'skipped', activate: 'skipped' });
  });

  test('once the restart has begun: it is restarted and verified, and stays out', async () => {
    const run = await startScriptedDrain(cluster);
    await run.until(isRestartIntent);
    expect(await run.ask({ kind: 'hold' }, 'key h')).toEqual({ accepted: true });
    const { exitCode: exit, events, settled } = await run.end();
    expect(await row('hold during the restart', 'restarted, verified, left it out', exit)).toBe(
      'lb-1 DX, lb-2 DX; open; 1 restart; marked',
    );
    expect([exit, settled.outcome]).toEqual([6, 'held']);
    expect(outcomes(events)).toMatchObject({
      restart: 'succeeded',
      verify: 'succeeded',
      activate: 'skipped',
    });
  });

  test('when it is being brought in: refused', async () => {
    const run = await startScriptedDrain(cluster, [], { verify: { minSoak: '3s' } });
    await run.until(stepStarted('activate'));
    expect(await run.ask({ kind: 'hold' }, 'key h')).toEqual({
      accepted: false,
      why: 'node-1 is brought back in already',
    });
    const { exitCode: exit } = await run.end();
    expect(await row('hold while it is brought in', 'refused, went on', exit)).toBe(RESTARTED);
    expect(exit).toBe(0);
  });
});

describe('cut', () => {
  test('as many as are up: cut one by one, and drained', async () => {
    const calls = await holdAtNode(cluster, { '1000': 2, bridge1: 1 });
    const run = await startScriptedDrain(cluster);
    await run.until(sawSessions(4));
    expect(await run.ask({ kind: 'cut', confirmed: 3 }, 'key c')).toEqual({ accepted: true });
    const { exitCode: exit, events, settled } = await run.end();
    expect(await row('cut, confirmed for 3 calls', 'cut 3 calls', exit)).toBe(RESTARTED);
    expect([exit, settled.callsCut, cutLegs(events).length]).toEqual([10, 3, 4]);
    expect(answers(events)).toEqual(['cut by key c: accepted']);
    expect(calls.cutByFarSide()).toHaveLength(3);
    expect(restartsOf(cluster)).toEqual({ restarts: 1, cutByStop: 0 });
  });

  test('more are up than were confirmed: none is cut; asked anew once fewer are left, they are', async () => {
    const calls = await holdAtNode(cluster, { '1001': 1, '1002': 2 });
    const run = await startScriptedDrain(cluster);
    await run.until(sawSessions(3));
    expect(await run.ask({ kind: 'cut', confirmed: 2 }, 'key c')).toEqual({ accepted: true });
    const warning = await run.until((event) => event.type === 'warning');
    expect(warning.data).toMatchObject({
      code: 'cut.refused',
      message: 'no call of node-1 was cut: 3 calls that count are up, 2 may be cut',
    });
    // Who asks again is answered again, though nothing has changed.
    expect(await run.ask({ kind: 'cut', confirmed: 2 }, 'key c')).toEqual({ accepted: true });
    await run.until((event) => event.seq > warning.seq && event.type === 'warning');
    await calls.hangUp('1001');
    // What was refused is not kept for later: somebody has to say yes to what is up now.
    const two = await run.until(sawSessions(2));
    await run.until(sawSessions(2, two.seq));
    expect(run.events().filter(isCutIntent)).toEqual([]);
    expect(await run.ask({ kind: 'cut', confirmed: 2 }, 'key c')).toEqual({ accepted: true });
    const { exitCode: exit, settled } = await run.end();
    expect(await row('cut for 2 with 3 up, again with 2 up', 'refused, then cut 2', exit)).toBe(RESTARTED);
    expect([exit, settled.callsCut, calls.cutByFarSide()]).toEqual([10, 2, ['1002', '1002']]);
  });

  test('with a call to 112 up: none is cut, and it is waited for', async () => {
    const calls = await holdAtNode(cluster, { '112': 1, '1000': 1 });
    const run = await startScriptedDrain(cluster, [], { drain: { protect: ['^(112|911)$'] } });
    await run.until(sawSessions(2));
    expect(await run.ask({ kind: 'cut', confirmed: 2 }, 'key c')).toEqual({ accepted: true });
    const warning = await run.until((event) => event.type === 'warning');
    expect(warning.data).toMatchObject({
      code: 'cut.refused',
      message: 'no call of node-1 was cut: a call to a protected number is up',
    });
    await calls.hangUp();
    const { exitCode: exit, events, settled } = await run.end();
    expect(await row('cut with 112 up', 'refused, waited', exit)).toBe(RESTARTED);
    expect([exit, settled.callsCut, cutLegs(events)]).toEqual([0, 0, []]);
  });

  test('of nothing, before and after the wait: refused', async () => {
    const calls = await holdAtNode(cluster, { '1000': 1 });
    const run = await startScriptedDrain(cluster);
    const asked = [await run.ask({ kind: 'cut', confirmed: 1 }, 'too soon')];
    await run.until(sawSessions(1));
    asked.push(await run.ask({ kind: 'cut', confirmed: 0 }, 'nothing'));
    await calls.hangUp();
    await run.until(stepStarted('verify'));
    asked.push(await run.ask({ kind: 'cut', confirmed: 1 }, 'too late'));
    const { exitCode: exit } = await run.end();
    expect(asked).toEqual([
      { accepted: false, why: 'the calls of node-1 are not being waited for' },
      { accepted: false, why: 'the number of calls to cut is not a positive number' },
      { accepted: false, why: 'the calls of node-1 are not being waited for' },
    ]);
    expect([exit, calls.endedHere()]).toEqual([0, ['1000']]);
  });
});

describe('abort', () => {
  test('in the wait: undone, as Ctrl-C', async () => {
    const calls = await holdAtNode(cluster, { '1000': 1 });
    const run = await startScriptedDrain(cluster);
    await run.until(sawSessions(1));
    expect(await run.ask({ kind: 'abort' }, 'key q')).toEqual({ accepted: true });
    const { exitCode: exit, events, settled } = await run.end();
    expect(await row('abort in the wait', 'gave it back', exit)).toBe(WELL);
    expect([exit, settled.outcome, calls.up()]).toEqual([130, 'interrupted', ['1000']]);
    expect(answers(events)).toEqual(['abort by key q: accepted']);
  });

  test('in preflight: nothing was changed', async () => {
    for (const gate of cluster.gates)
      gate.before('core.version', () => new Promise((resolve) => setTimeout(resolve, 400)));
    const run = await startScriptedDrain(cluster);
    expect(await run.ask({ kind: 'abort' }, 'key q')).toEqual({ accepted: true });
    const { exitCode: exit, events, settled } = await run.end();
    expect(await row('abort in preflight', 'stopped, nothing changed', exit)).toBe(WELL);
    expect([exit, settled.outcome]).toEqual([130, 'interrupted']);
    expect(only(events, 'effect.intended')).toEqual([]);
    expect(answers(events)).toEqual(['abort by key q: accepted']);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s is a request as well, on the disk before the end',
    async (signal) => {
      const calls = await holdAtNode(cluster, { '1000': 1 });
      const run = await startScriptedDrain(cluster);
      await run.until(sawSessions(1));
      run.calling.send(signal);
      const { exitCode: exit, events } = await run.end();
      expect(await row(`${signal} in the wait`, 'gave it back', exit)).toBe(WELL);
      expect([exit, calls.up()]).toEqual([signal === 'SIGINT' ? 130 : 143, ['1000']]);
      expect(answers(events)).toEqual([`abort by ${signal}: accepted`]);
      expect(events.at(-1)?.type).toBe('run.settled');
    },
  );

  test('a signal in the moment in which the run begins is recorded too', async () => {
    const config = await cluster.configWith({});
    const calling = startFsha(
      ['drain', 'node-1', '--json', '--config', config],
      {},
      {
        onRun: () => {
          calling.send('SIGINT');
          return () => undefined;
        },
      },
    );
    const { exit, events } = await calling.done;
    expect([exit, answers(events)]).toEqual([130, ['abort by SIGINT: accepted']]);
    expect(await finalState(cluster)).toBe(WELL);
  });
});

describe('requests of all kinds', () => {
  test('two at one moment keep their order, and a node that is not in the plan is refused', async () => {
    const calls = await holdAtNode(cluster, { '1000': 1 });
    const run = await startScriptedDrain(cluster, ['--timeout', '1m']);
    await run.until(sawSessions(1));
    const asked = await Promise.all([
      run.ask({ kind: 'extend', ms: MINUTE, node: 'node-2' }, 'first'),
      run.ask({ kind: 'extend', ms: MINUTE, node: 'node-1' }, 'second'),
      run.ask({ kind: 'hold', node: 'node-2' }, 'third'),
    ]);
    await calls.hangUp();
    const { exitCode: exit, events } = await run.end();
    expect(asked.map(({ accepted }) => accepted)).toEqual([false, true, false]);
    expect(answers(events)).toEqual([
      'extend by first: refused: node-2 is no node of this run',
      'extend by second: accepted',
      'hold by third: refused: node-2 is no node of this run',
    ]);
    expect(await row('requests for a node that is not in the run', 'refused, went on', exit)).toBe(RESTARTED);
    expect(exit).toBe(0);
  });

  test('after the end: refused, and nothing is written any more', async () => {
    const run = await startScriptedDrain(cluster, ['--no-restart']);
    const { events } = await run.end();
    for (const request of [{ kind: 'abort' }, { kind: 'hold' }, { kind: 'extend', ms: 1 }] as const)
      expect(await run.ask(request)).toEqual({ accepted: false, why: 'the run has ended' });
    expect(run.events()).toEqual(events);
  });
});
