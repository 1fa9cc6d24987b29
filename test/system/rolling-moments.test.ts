/** Rolling restarts on real Kamailio and OpenSSH, at moments of their own: canaries, calls that are cut, the pause, the window's end. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RunEvent, RunSettled } from '../../src/domain/run-events.ts';
import type { Changes } from './harness/deep-merge.ts';
import { settledRun } from './harness/events-of.ts';
import { finalState } from './harness/final-state.ts';
import { journalEvents, only, startFsha, type StartedFsha } from './harness/fsha.ts';
import { SLOW_ANSWERS } from './harness/quick.ts';
import { type RealCluster, startRealCluster } from './harness/real-cluster.ts';

const UNTOUCHED = 'lb-1 AP, lb-2 AP; open; no restart; no mark';
const RESTARTED = 'lb-1 AP, lb-2 AP; open; 1 restart; no mark';
const LIMIT = 240_000;
const HANGUP = ['--on-timeout', 'hangup', '--yes'];

let cluster: RealCluster;
beforeAll(async () => {
  cluster = await startRealCluster({
    ...{ via: 'direct', jump: false, quick: true, nodes: 3, settings: SLOW_ANSWERS },
  });
});
beforeEach(() => cluster.reset());
afterAll(() => cluster.stop());

interface Rolled {
  readonly exitCode: number | null;
  readonly events: readonly RunEvent[];
  readonly settled: RunSettled;
}

async function start(
  argv: readonly string[],
  settings: Changes = {},
): Promise<{ readonly fsha: StartedFsha; readonly config: string; readonly end: () => Promise<Rolled> }> {
  const config = await cluster.configWith(settings);
  const fsha = await startFsha(['rolling', ...argv, '--json', '--config', config], { limitMs: LIMIT });
  return { fsha, config, end: () => endOf(fsha, config) };
}

async function endOf(fsha: StartedFsha, config: string): Promise<Rolled> {
  const { exitCode } = await fsha.done;
  const events = journalEvents(cluster.stateDirOf(config)).at(-1) ?? [];
  const begun = events.findLastIndex(({ type }) => type === 'run.resumed');
  return { exitCode, events, settled: settledRun(events.slice(begun + 1)) };
}

function states(): Promise<readonly string[]> {
  return Promise.all(cluster.nodes.map((node) => finalState(cluster, node)));
}

const atNode1 = (holdMs = 60_000) => ({ at: { host: cluster.nodes[0].host, port: 5080 }, holdMs }) as const;

test('the canary goes alone; when it is through, the others go side by side', async () => {
  const flags = ['--canary', '1', '--max-unavailable', '2', '--headroom', '0%', '--pause', '300ms'];
  const { end } = await start(['--all', ...flags]);
  const { exitCode, events } = await end();
  expect(exitCode).toBe(0);
  const batches = only(events, 'batch.started').map(({ data }) => [data.nodes, data.canary ?? false]);
  expect(batches).toEqual([
    [['node-1'], true],
    [['node-2', 'node-3'], false],
  ]);
  expect(await states()).toEqual([RESTARTED, RESTARTED, RESTARTED]);
});

test('calls of one are cut at its deadline: all are through, exit 10', async () => {
  const calls = await cluster.hold({ '1000': 2 }, atNode1());
  const { end } = await start(['node-1', 'node-2', '--timeout', '2s', '--pause', '300ms', ...HANGUP]);
  const { exitCode, settled } = await end();
  expect([exitCode, settled.outcome, settled.callsCut, calls.cutByFarSide().length]).toEqual([
    ...[10, 'done', 2, 2],
  ]);
  expect(await states()).toEqual([RESTARTED, RESTARTED, UNTOUCHED]);
});

describe('in the pause', () => {
  test('SIGKILL: everybody is in, and resume goes on with those that are not through', async () => {
    const { fsha, config } = await start(['node-1', 'node-2', '--pause', '1h']);
    await fsha.untilEvent(({ type }) => type === 'batch.settled');
    await fsha.end();
    expect(await states()).toEqual([RESTARTED, UNTOUCHED, UNTOUCHED]);
    const again = await startFsha(['resume', 'last', '--json', '--config', config], { limitMs: LIMIT });
    const { exitCode, settled, events } = await endOf(again, config);
    expect([exitCode, settled.outcome, settled.earlier]).toEqual([0, 'done', ['node-1']]);
    expect(only(events, 'run.resumed')[0]?.data.plan?.rolling?.batches).toEqual([['node-2']]);
    expect(await states()).toEqual([RESTARTED, RESTARTED, UNTOUCHED]);
  });

  test('a node dies: the next one waits until it is back', async () => {
    const [, , third] = cluster.nodes;
    if (third === undefined) throw new Error('there is no node-3');
    const { fsha, end } = await start(['node-1', 'node-2', '--pause', '3s']);
    await fsha.untilEvent(({ type }) => type === 'batch.settled');
    await third.unit('stop');
    const waiting = await fsha.untilEvent(({ type }) => type === 'step.retrying');
    expect(waiting).toMatchObject({
      step: 'node-2/admit',
      data: { error: { message: expect.stringMatching(/node-2 waits: node-3 \(cannot be read/) as string } },
    });
    expect((await states())[1]).toBe(UNTOUCHED);
    await third.unit('start');
    const { exitCode, settled } = await end();
    expect([exitCode, settled.nodes]).toEqual([0, { 'node-1': 'in service', 'node-2': 'in service' }]);
  });
});

/** What the settings of this cluster have a node need behind its drain, and behind the cut of its calls: ms. */
const BEHIND = 2 * 8_000 + 15_000 + 8_000 + 35_000 + 35_000;
const CUT = 30_000 + 1_000 + 1_000;

/** A window that leaves at least so much to drain, and less than a minute more. */
function windowFor(ms: number): { readonly until: number; readonly flags: readonly string[] } {
  const until = Math.ceil((Date.now() + ms) / 60_000) * 60_000;
  const time = new Date(until).toISOString().slice(0, 16).replace('T', ' ');
  return { until, flags: ['--until', `${time} UTC`, '--min-drain', '3s'] };
}

/** When it was given up, wall clock, ms. */
function gaveUpAt(events: readonly RunEvent[]): number {
  const end = only(events, 'step.settled').find(({ step }) => step === 'node-1/wait_drained');
  return Date.parse(end?.at ?? '');
}

describe('the window closes while a node drains', () => {
  test('it is given back with its calls, in time, and nobody else is begun', async () => {
    const calls = await cluster.hold({ '1000': 1 }, atNode1(200_000));
    const { until, flags } = windowFor(BEHIND + 10_000);
    const { end } = await start(['node-1', 'node-2', ...flags]);
    const { exitCode, settled, events } = await end();
    expect([exitCode, settled.outcome, settled.untouched]).toEqual([11, 'restored', ['node-2']]);
    expect(settled.error).toMatchObject({ code: 'drain.expired' });
    const left = until - gaveUpAt(events);
    expect(left).toBeLessThanOrEqual(BEHIND);
    expect(left).toBeGreaterThan(0);
    expect([calls.up().length, await states()]).toEqual([1, [UNTOUCHED, UNTOUCHED, UNTOUCHED]]);
  });

  test('a protected call is not waited for behind it, and not cut: the node stays out, the call stays up', async () => {
    const calls = await cluster.hold({ '112': 1, '1000': 1 }, atNode1(200_000));
    const { until, flags } = windowFor(BEHIND + CUT + 10_000);
    const settings = { drain: { protect: ['^112$'], protectTimeout: 'none', timeout: '2h' } };
    const { end } = await start(['node-1', ...flags, ...HANGUP], settings);
    const { exitCode, settled, events } = await end();
    expect([exitCode, settled.nodes, settled.callsCut]).toEqual([6, { 'node-1': 'out of service' }, 0]);
    expect(settled.error?.message).toMatch(/nothing was cut: a call to a protected number is up/);
    const left = until - gaveUpAt(events);
    expect(left).toBeLessThanOrEqual(BEHIND);
    expect(left).toBeGreaterThan(0);
    expect(calls.up()).toHaveLength(2);
  });
});
