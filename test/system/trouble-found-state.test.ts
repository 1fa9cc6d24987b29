/** The node is not as it should be before fsha touches it: somebody else's state, and what a run of fsha's had left. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { caseTable } from './harness/case-table.ts';
import { effects, sawSessions, verdictsOf } from './harness/events-of.ts';
import { finalState, readFinalState } from './harness/final-state.ts';
import { runFsha } from './harness/fsha.ts';
import { oneCall } from './harness/hold-at-node.ts';
import { SLOW_ANSWERS } from './harness/quick.ts';
import { startRealCluster, type RealCluster } from './harness/real-cluster.ts';
import { SETTERS } from './harness/rpc-gate.ts';
import { type EndedRun, runToEnd, startRun, startWaitingRun, WITH_GATES } from './harness/run-of.ts';
import type { StandInNode } from './harness/stand-in-node.ts';

const IN_AGAIN = 'lb-1 AP, lb-2 AP; open; 1 restart; no mark';
const table = caseTable("Somebody else's state");
let cluster: RealCluster;
let node: StandInNode;

beforeAll(async () => {
  cluster = await startRealCluster({ ...WITH_GATES, settings: SLOW_ANSWERS });
  [node] = cluster.nodes;
});
beforeEach(async () => {
  await cluster.reset();
  for (const gate of cluster.gates) gate.forget();
});
afterAll(() => cluster.stop());

function drain(...args: readonly string[]): Promise<EndedRun> {
  return runToEnd(cluster, { config: cluster.configFile, flags: ['--json', ...args] });
}

/** Sets node-1's state on both proxies, as an operator would, or on one. */
async function set(state: string, proxies = cluster.proxies.slice()): Promise<void> {
  for (const proxy of proxies) await proxy.setState(state, 1, node.destination);
}

function untilFlags(wanted: string): Promise<unknown> {
  return until(`node-1 is ${wanted} on both`, async () =>
    Object.values((await readFinalState(cluster)).flags).every((flags) => flags === wanted),
  );
}

/** Adds the row of a run that ended like that, and tells how the servers are. */
async function row(what: string, did: string, run: EndedRun, exit: number): Promise<string> {
  expect(run.exitCode, run.stdout.slice(-1_500)).toBe(exit);
  const state = await finalState(cluster);
  table.add({ case: what, did, state, exit: run.exitCode });
  return state;
}

const waiting = (...args: readonly string[]) => startWaitingRun(cluster, { flags: ['--json', ...args] });

const expectUntouched = (): void =>
  expect(cluster.gates.map((gate) => gate.count(...SETTERS))).toEqual([0, 0]);

describe('disabled by somebody else', () => {
  beforeEach(() => set('d'));

  test('refused, and nothing is changed', async () => {
    const run = await drain();
    const state = await row('disabled by hand', 'refused', run, 3);
    expect(state).toBe('lb-1 DX, lb-2 DX; open; no restart; no mark');
    expectUntouched();
    expect(effects(run.events)).toEqual([]);
    const { error } = run.settled;
    expect(error?.message).toMatch(/^refused by the check found-state: node-1 is disabled already \(lb-1 /);
    expect(error?.hint).toMatch(/--then activate, or --then leave/);
  });

  test('--then activate: drained, restarted, and enabled', async () => {
    const run = await drain('--then', 'activate');
    const state = await row('disabled by hand, --then activate', 'restarted and enabled it', run, 0);
    expect(state).toBe(IN_AGAIN);
    expect(run.settled.nodes).toEqual({ 'node-1': 'in service' });
  });

  test('--then leave: restarted, and left as it was; that does not make it fsha’s own', async () => {
    const run = await drain('--then', 'leave');
    const state = await row('disabled by hand, --then leave', 'restarted it, left it disabled', run, 0);
    expect(state).toMatch(/^lb-1 DX, lb-2 DX; open; 1 restart; /);
    const settled = run.settled;
    expect(settled.nodes).toEqual({ 'node-1': 'out of service' });
    expect(settled.next).toEqual([expect.stringMatching(/ activate node-1$/)]);
    const again = await drain();
    const same = await row('the same, drained once more', 'refused', again, 3);
    expect(same).toMatch(/^lb-1 DX, lb-2 DX; open; 1 restart; /);
    expect(verdictsOf(again.events, 'found-state')[0]).toMatch(/^refusal: node-1 is disabled already/);
  });

  test('--then activate and stopped: left disabled, as it was found', async () => {
    const { fsha, end } = await waiting('--then', 'activate');
    fsha.send('SIGINT');
    const state = await row('disabled by hand, --then activate, Ctrl-C', 'undone', await end(), 130);
    expect(state).toBe('lb-1 DX, lb-2 DX; open; no restart; no mark');
  });
});

describe('left out by a run of fsha', () => {
  /** What was to be seen before is seen after, and the run that left it is named. */
  async function adopted(what: string, restarts: number): Promise<void> {
    const run = await drain();
    const state = await row(what, 'adopted it, gave back what that run had found', run, 0);
    expect(state).toBe(`lb-1 AP, lb-2 AP; open; ${restarts} restart${restarts > 1 ? 's' : ''}; no mark`);
    expect(verdictsOf(run.events, 'found-state')[0]).toMatch(
      /^ok: node-1 was left out by run \S+; what that run had found counts/,
    );
    expect(run.settled.nodes).toEqual({ 'node-1': 'in service' });
  }

  test('fsha deactivate', async () => {
    const run = await runFsha(['deactivate', 'node-1', '--json', '--config', cluster.configFile], 60_000);
    expect(run.exitCode).toBe(0);
    expect(await finalState(cluster)).toMatch(/^lb-1 DX, lb-2 DX; open; no restart/);
    await adopted('out by fsha deactivate', 1);
  });

  test('a drain that was held (exit 6)', async () => {
    expect((await drain('--hold')).exitCode).toBe(6);
    expect(await finalState(cluster)).toMatch(/^lb-1 DX, lb-2 DX; paused; no restart/);
    await adopted('out by a drain that was held (6)', 1);
  });

  test('a drain whose node did not get well (exit 8)', async () => {
    await node.fault('noProfile', true, 'nextStart');
    expect((await drain()).exitCode).toBe(8);
    expect(await finalState(cluster)).toMatch(/^lb-1 DX, lb-2 DX; paused; 1 restart/);
    await node.clearFaults();
    await adopted('out by a drain that failed its verification (8)', 2);
  });
});

describe('found inactive', () => {
  test('since it does not answer the probes: restarted, and it comes in', async () => {
    await node.fault('noProfile');
    await untilFlags('IP');
    const run = await drain();
    const state = await row('its SIP is silent: IP by probing', 'restarted it, and it came in', run, 0);
    expect(state).toBe(IN_AGAIN);
    expect(verdictsOf(run.events, 'found-state')).toEqual([
      'warning: node-1 does not pass the probes of lb-1 (IP)',
      'warning: node-1 does not pass the probes of lb-2 (IP)',
    ]);
  });

  test('the same, and stopped: IP again, and probed', async () => {
    const calls = await oneCall(cluster);
    await node.fault('noProfile');
    await untilFlags('IP');
    const { fsha, end } = await startRun(cluster);
    await fsha.untilEvent(sawSessions(1));
    fsha.send('SIGINT');
    const state = await row('the same, Ctrl-C', 'gave it back inactive and probed', await end(), 130);
    expect(state).toBe('lb-1 IP, lb-2 IP; open; no restart; no mark');
    // What is probed comes back by itself once it answers.
    await node.clearFaults();
    await untilFlags('AP');
    expect(calls.errors()).toBe('');
  });
});

describe('found paused', () => {
  test('inbound: paused again at the end', async () => {
    await node.api('fsctl pause inbound');
    // Kamailio sees a fence as probes that fail.
    await untilFlags('IP');
    const run = await drain();
    expect(run.exitCode).toBe(0);
    expect(verdictsOf(run.events, 'found-state').at(-1)).toBe(
      'warning: node-1 was found paused; its inbound side will be paused again at the end',
    );
    expect(effects(run.events).slice(-2)).toEqual([
      'activate: node.pause true done',
      'activate: node.mark false done',
    ]);
    await untilFlags('IP');
    const state = await row('found paused inbound', 'restarted it, paused it again', run, 0);
    expect(state).toBe('lb-1 IP, lb-2 IP; paused; 1 restart; no mark');
  });

  test('inbound, and stopped: it stays paused', async () => {
    const calls = await oneCall(cluster);
    await node.api('fsctl pause inbound');
    await untilFlags('IP');
    const { fsha, end } = await startRun(cluster);
    await fsha.untilEvent(sawSessions(1));
    fsha.send('SIGINT');
    const state = await row('found paused inbound, Ctrl-C', 'gave it back paused', await end(), 130);
    expect(state).toBe('lb-1 IP, lb-2 IP; paused; no restart; no mark');
    expect(calls.up()).toEqual(['1000']);
  });

  test('outbound: named, since a restart lifts it', async () => {
    await node.api('fsctl pause outbound');
    const run = await drain();
    const state = await row('found paused outbound', 'warned that the restart lifts it', run, 0);
    expect(state).toBe(IN_AGAIN);
    expect(verdictsOf(run.events, 'found-state')).toEqual([
      'warning: the outbound side of node-1 is paused; a restart lifts that, and fsha does not put it back',
    ]);
    expect((await node.stats()).paused.outbound).toBe(false);
  });
});

describe('held by a run that is not known here', () => {
  const OTHER = '20261101-120000-abcd,ops@elsewhere,2026-11-01T12:00:00.000Z';
  beforeEach(() => node.api(`global_setvar fsha_run=${OTHER}`));

  test('locked, and nothing is changed', async () => {
    const run = await drain();
    const state = await row('marked by another run', 'refused, named it', run, 4);
    expect(state).toBe('lb-1 AP, lb-2 AP; open; no restart; marked');
    expectUntouched();
    expect((await node.api('global_getvar fsha_run')).trim()).toBe(OTHER);
    const { error, next } = run.settled;
    expect(error?.message).toMatch(/node-1 is held by run 20261101-120000-abcd of ops@elsewhere, .* ago/);
    expect(error?.hint).toMatch(/--force mark/);
    expect(next).toEqual([expect.stringMatching(/ status$/)]);
  });

  test('--force mark: goes on', async () => {
    const run = await drain('--force', 'mark');
    const state = await row('the same with --force mark', 'went on', run, 0);
    expect(state).toBe(IN_AGAIN);
  });

  test('--force mark, and stopped: its mark is given back', async () => {
    const { fsha, end } = await waiting('--force', 'mark');
    fsha.send('SIGINT');
    const state = await row('the same with --force mark, Ctrl-C', 'gave the mark back', await end(), 130);
    expect(state).toBe('lb-1 AP, lb-2 AP; open; no restart; marked');
    expect((await node.api('global_getvar fsha_run')).trim()).toBe(OTHER);
  });
});
