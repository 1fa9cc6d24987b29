/** Rolling restarts on real Kamailio and OpenSSH: who is taken out, who is not, and how it goes on. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RunEvent, RunSettled } from '../../src/domain/run-events.ts';
import { settledRun } from './harness/events-of.ts';
import { finalState } from './harness/final-state.ts';
import { journalEvents, only, runFsha, startFsha, type StartedFsha } from './harness/fsha.ts';
import type { Changes } from './harness/deep-merge.ts';
import { SLOW_ANSWERS } from './harness/quick.ts';
import { type RealCluster, startRealCluster } from './harness/real-cluster.ts';

const UNTOUCHED = 'lb-1 AP, lb-2 AP; open; no restart; no mark';
const RESTARTED = 'lb-1 AP, lb-2 AP; open; 1 restart; no mark';
const LIMIT = 120_000;

let cluster: RealCluster;
beforeAll(async () => {
  cluster = await startRealCluster({
    via: 'direct',
    jump: false,
    quick: true,
    nodes: 3,
    settings: SLOW_ANSWERS,
  });
});
beforeEach(() => cluster.reset());
afterAll(() => cluster.stop());

interface Rolled {
  readonly exitCode: number | null;
  readonly events: readonly RunEvent[];
  readonly settled: RunSettled;
  readonly stderr: string;
}

/** Starts `fsha rolling` in a state directory of its own. */
async function start(
  flags: readonly string[],
  settings: Changes = {},
): Promise<{ readonly fsha: StartedFsha; readonly config: string; readonly end: () => Promise<Rolled> }> {
  const config = await cluster.configWith(settings);
  const fsha = await startFsha(['rolling', ...flags, '--json', '--pause', '300ms', '--config', config], {
    limitMs: LIMIT,
  });
  return { fsha, config, end: () => endOf(fsha, config) };
}

async function endOf(fsha: StartedFsha, config: string): Promise<Rolled> {
  const { exitCode, stderr } = await fsha.done;
  const events = journalEvents(cluster.stateDirOf(config)).at(-1) ?? [];
  // Of this process alone: an earlier one may have come to an end, too.
  const begun = events.findLastIndex(({ type }) => type === 'run.resumed');
  return { exitCode, events, settled: settledRun(events.slice(begun + 1)), stderr };
}

async function resume(config: string, run = 'last', ...flags: readonly string[]): Promise<Rolled> {
  return endOf(
    await startFsha(['resume', run, '--json', '--config', config, ...flags], { limitMs: LIMIT }),
    config,
  );
}

/** Of every node, read from the servers. */
function states(): Promise<readonly string[]> {
  return Promise.all(cluster.nodes.map((node) => finalState(cluster, node)));
}

const begins =
  (step: string) =>
  (event: RunEvent): boolean =>
    event.type === 'step.started' && event.step === step;

/** When each node was out: from its first effect to its last. */
function inHand(events: readonly RunEvent[]): Readonly<Record<string, readonly [number, number]>> {
  const times = new Map<string, [number, number]>();
  for (const { node, seq } of only(events, 'effect.settled')) {
    if (node === undefined) continue;
    times.set(node, [times.get(node)?.[0] ?? seq, seq]);
  }
  return Object.fromEntries(times);
}

test('all of them, one after the other', async () => {
  const { exitCode, events, settled } = await (await start(['--all'])).end();
  expect([exitCode, settled.outcome, settled.next]).toEqual([0, 'done', []]);
  expect(await states()).toEqual([RESTARTED, RESTARTED, RESTARTED]);
  const { 'node-1': one, 'node-2': two, 'node-3': three } = inHand(events);
  expect([one?.[1], two?.[1]].map(Number)).toEqual([expect.any(Number), expect.any(Number)]);
  expect(Number(one?.[1])).toBeLessThan(Number(two?.[0]));
  expect(Number(two?.[1])).toBeLessThan(Number(three?.[0]));
  expect(only(events, 'batch.started').map(({ data }) => data.nodes)).toEqual([
    ['node-1'],
    ['node-2'],
    ['node-3'],
  ]);
});

test('two at a time, after a canary; those that carry a label', async () => {
  const nodes = { 'node-1': { labels: { role: 'edge' } }, 'node-3': { labels: { role: 'edge' } } };
  const { end } = await start(['--select', 'role=edge', '--max-unavailable', '2', '--canary', '0'], {
    nodes,
  });
  const { exitCode, events } = await end();
  expect(exitCode).toBe(0);
  expect(await states()).toEqual([RESTARTED, UNTOUCHED, RESTARTED]);
  expect(only(events, 'batch.started').map(({ data }) => data.nodes)).toEqual([['node-1', 'node-3']]);
  const { 'node-1': one, 'node-3': three } = inHand(events);
  // Side by side: each was begun before the other had come to its end.
  expect(Number(three?.[0])).toBeLessThan(Number(one?.[1]));
  expect(Number(one?.[0])).toBeLessThan(Number(three?.[1]));
});

test('of two nodes one is always in', async () => {
  const two = await startRealCluster({ via: 'direct', jump: false, quick: true, settings: SLOW_ANSWERS });
  try {
    const flags = ['--all', '--max-unavailable', '2', '--canary', '0', '--json', '--config', two.configFile];
    const { exitCode, stdout } = await runFsha(['rolling', ...flags], LIMIT);
    expect(exitCode, stdout.slice(-2_000)).toBe(0);
    expect(await Promise.all(two.nodes.map((node) => finalState(two, node)))).toEqual([RESTARTED, RESTARTED]);
    const events = journalEvents(two.stateDir).at(-1) ?? [];
    const { 'node-1': one, 'node-2': other } = inHand(events);
    expect(Number(one?.[1]) < Number(other?.[0]) || Number(other?.[1]) < Number(one?.[0])).toBe(true);
    expect(only(events, 'step.retrying').map(({ data }) => data.error.message)).toContainEqual(
      expect.stringMatching(/waits: nobody would be left in set 1 of lb-1/),
    );
  } finally {
    await two.stop();
  }
});

describe('the only other node goes while one waits for its calls', () => {
  let two: RealCluster;
  beforeAll(async () => {
    two = await startRealCluster({ via: 'direct', jump: false, quick: true });
  });
  beforeEach(() => two.reset());
  afterAll(() => two.stop());

  test.each([
    ['a rolling run', 'rolling'],
    ['a drain', 'drain'],
  ])('%s: given back at once, with its calls, and new ones find it', async (_, command) => {
    const [one, other] = two.nodes;
    const calls = await two.hold({ '1000': 2 }, { at: { host: one.host, port: 5080 } });
    const fsha = await startFsha([command, one.name, '--json', '--config', two.configFile], {
      limitMs: LIMIT,
    });
    await fsha.untilEvent(
      ({ type, step }) => type === 'step.progress' && step === `${one.name}/wait_drained`,
    );
    await other.unit('stop');
    const { exitCode } = await fsha.done;
    const events = journalEvents(two.stateDir).at(-1) ?? [];
    const settled = settledRun(events);
    expect([exitCode, settled.nodes]).toEqual([12, { [one.name]: 'in service' }]);
    expect(settled.error).toMatchObject({ code: 'drain.needed' });
    expect(only(events, 'warning').filter(({ data }) => data.code === 'drain.needed')).toHaveLength(1);
    expect(await finalState(two, one)).toBe(UNTOUCHED);
    expect([calls.up().length, calls.cutByFarSide()]).toEqual([2, []]);
    const more = await two.hold({ '1000': 2 });
    expect([more.answered().length, more.refused()]).toEqual([2, []]);
    await other.unit('start');
  });
});

describe('the others have no room', () => {
  const full = { nodes: { 'node-2': { capacity: { calls: 1 } }, 'node-3': { capacity: { calls: 1 } } } };

  test('it waits for it, and goes on when there is', async () => {
    const calls = await cluster.hold({ '1000': 2 }, { at: { host: cluster.nodes[0].host, port: 5080 } });
    const { fsha, end } = await start(['node-1', '--headroom', '0%'], full);
    const waiting = await fsha.untilEvent((event) => event.type === 'step.retrying');
    expect(waiting).toMatchObject({
      step: 'node-1/admit',
      data: {
        error: { message: expect.stringMatching(/waits: .*would have 2 calls, its capacity is 1/) as string },
      },
    });
    expect(await states()).toEqual([UNTOUCHED, UNTOUCHED, UNTOUCHED]);
    await calls.hangUp();
    const { exitCode, settled } = await end();
    expect([exitCode, settled.nodes]).toEqual([0, { 'node-1': 'in service' }]);
  });

  test('it does not come: nothing is changed, and whoever was not begun is named', async () => {
    await cluster.hold({ '1000': 2 }, { at: { host: cluster.nodes[0].host, port: 5080 } });
    const { end } = await start(['--all', '--headroom', '0%', '--timeout', '2s'], full);
    const { exitCode, settled } = await end();
    expect(exitCode).toBe(3);
    expect(settled).toMatchObject({
      untouched: ['node-1', 'node-2', 'node-3'],
      nodes: {},
      error: { code: 'drain.expired' },
    });
    expect(await states()).toEqual([UNTOUCHED, UNTOUCHED, UNTOUCHED]);
  });
});

describe('a node fails in the middle', () => {
  test('the rest is untouched; resume goes on with it', async () => {
    const { config, end } = await start(['--all'], {
      nodes: { 'node-2': { restart: { command: 'false' } } },
    });
    const { exitCode, settled, events } = await end();
    expect([exitCode, settled.untouched]).toEqual([11, ['node-3']]);
    expect(settled.nodes).toEqual({ 'node-1': 'in service', 'node-2': 'out of service' });
    const [first, failed, rest] = await states();
    expect([first, failed?.split(';')[0], rest]).toEqual([RESTARTED, 'lb-1 DX, lb-2 DX', UNTOUCHED]);
    expect(settled.next.at(-1)).toBe(`fsha --config ${config} resume ${events[0]?.run ?? ''}`);

    // The command was mended.
    const mended = await cluster.configWith({}, { stateDir: cluster.stateDirOf(config) });
    const again = await resume(mended, events[0]?.run);
    expect([again.exitCode, again.settled.outcome]).toEqual([0, 'done']);
    expect(await states()).toEqual([RESTARTED, RESTARTED, RESTARTED]);
    // Who was through was not touched again.
    const resumed = only(again.events, 'run.resumed')[0]?.seq ?? Infinity;
    expect(again.events.filter(({ seq, node }) => seq > resumed && node === 'node-1')).toEqual([]);
  });

  test('one may: the others go on', async () => {
    await cluster.hold({ '1000': 1 }, { at: { host: cluster.nodes[0].host, port: 5080 } });
    const { end } = await start(['--all', '--timeout', '2s', '--max-failures', '1']);
    const { exitCode, settled } = await end();
    expect([exitCode, settled.untouched ?? []]).toEqual([11, []]);
    expect(await states()).toEqual([UNTOUCHED, RESTARTED, RESTARTED]);
  });

  test('the canary: nobody else is begun', async () => {
    await cluster.hold({ '1000': 1 }, { at: { host: cluster.nodes[0].host, port: 5080 } });
    const { end } = await start(['--all', '--timeout', '2s', '--canary', '1', '--max-unavailable', '2']);
    const { exitCode, settled } = await end();
    expect([exitCode, settled.untouched]).toEqual([11, ['node-2', 'node-3']]);
    expect(await states()).toEqual([UNTOUCHED, UNTOUCHED, UNTOUCHED]);
  });
});

describe('stopped', () => {
  test('Ctrl-C: the node in hand is given back, the others stay as they are', async () => {
    const { fsha, config, end } = await start(['--all', '--settle', '1m']);
    await fsha.untilEvent(begins('node-1/wait_drained'));
    fsha.send('SIGINT');
    const { exitCode, settled, events } = await end();
    expect([exitCode, settled.nodes, settled.untouched]).toEqual([
      130,
      { 'node-1': 'in service' },
      ['node-2', 'node-3'],
    ]);
    expect(await states()).toEqual([UNTOUCHED, UNTOUCHED, UNTOUCHED]);
    expect(settled.next.at(-1)).toBe(`fsha --config ${config} resume ${events[0]?.run ?? ''}`);
  });

  test('SIGKILL: resume goes on with the node in hand, then with the others', async () => {
    const { fsha, config } = await start(['--all']);
    await fsha.untilEvent(begins('node-2/wait_drained'));
    await fsha.end();
    const { exitCode, settled, events } = await resume(config);
    expect([exitCode, settled.outcome]).toEqual([0, 'done']);
    expect(await states()).toEqual([RESTARTED, RESTARTED, RESTARTED]);
    const resumed = only(events, 'run.resumed')[0];
    expect(resumed?.data.plan?.rolling).toMatchObject({
      batches: [['node-2'], ['node-3']],
      done: ['node-1'],
    });
  });

  test('SIGKILL: resume --undo gives back the node in hand', async () => {
    const { fsha, config } = await start(['--all']);
    await fsha.untilEvent(begins('node-2/wait_drained'));
    await fsha.end();
    const { exitCode } = await resume(config, 'last', '--undo');
    expect([exitCode, await states()]).toEqual([0, [RESTARTED, UNTOUCHED, UNTOUCHED]]);
  });
});

describe('a window', () => {
  test('too short to begin anybody', async () => {
    // Less than the fifteen minutes that are wanted by default.
    const soon = new Date(Date.now() + 6 * 60_000);
    const until = `${String(soon.getUTCHours()).padStart(2, '0')}:${String(soon.getUTCMinutes()).padStart(2, '0')} UTC`;
    const { end } = await start(['--all', '--until', until]);
    const { exitCode, settled } = await end();
    expect([exitCode, settled.untouched]).toEqual([11, ['node-1', 'node-2', 'node-3']]);
    expect(settled.error?.message).toMatch(/too little time is left/);
    expect(await states()).toEqual([UNTOUCHED, UNTOUCHED, UNTOUCHED]);
  });
});

test('a node that cannot be read: refused, or left out', async () => {
  const [, second] = cluster.nodes;
  await second.unit('stop');
  const refused = await runFsha(['rolling', '--all', '--config', await cluster.configWith({})], LIMIT);
  expect([refused.exitCode, refused.stderr]).toEqual([3, expect.stringMatching(/node-2 cannot be read/)]);
  const { end } = await start(['--all', '--skip-unreachable', '--max-unavailable', '2']);
  const { exitCode, settled } = await end();
  expect([exitCode, Object.keys(settled.nodes)]).toEqual([11, ['node-1', 'node-3']]);
  await second.unit('start');
  expect((await states()).filter((one) => one === RESTARTED)).toHaveLength(2);
});
