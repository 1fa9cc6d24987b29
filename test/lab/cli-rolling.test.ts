/** Rolling restarts on the lab: order, batches, failure in the middle, and what goes on from there. */
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DateTime } from 'luxon';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { EventOf, RunEvent } from '../../src/domain/run-events.ts';
import { callFsha, type Called } from '../support/call-fsha.ts';
import { type LabForFsha, startLabForFsha } from '../support/lab-for-fsha.ts';
import { until } from '../support/until.ts';

/** As the inventory of the lab has it: ms. */
const MIN_SOAK = 2_000;
const NAMES = ['node-1', 'node-2', 'node-3'];
const QUICK = ['--settle', '200ms', '--poll', '200ms', '--pause', '200ms'];

let lab: LabForFsha;
beforeAll(async () => {
  lab = await startLabForFsha({ nodes: 3, callsPerSecond: 2, holdMs: [500, 1_500] });
});
afterEach(async () => {
  await until('everything is in again', async () => (await lab.flags()).every((one) => one.endsWith(' AP')));
});
afterAll(() => lab.stop());

function endOf({ events, stdout, stderr }: Called): EventOf<'run.settled'>['data'] {
  const last = events.at(-1);
  if (last?.type !== 'run.settled')
    throw new Error(`it ends with ${last?.type ?? 'nothing'}: ${stdout}${stderr}`);
  return last.data;
}

/** In which order nodes were begun. */
function begun(events: readonly RunEvent[]): readonly string[] {
  return events.flatMap(({ type, node, step }) =>
    type === 'step.started' && node !== undefined && step === `${node}/deactivate` ? [node] : [],
  );
}

test('all of them, one after the other, and no call fails', async () => {
  const before = failed();
  const ended = await lab.call('rolling', '--all', '--json', ...QUICK);
  expect(endOf(ended)).toMatchObject({
    outcome: 'done',
    exit: 0,
    nodes: { 'node-1': 'in service', 'node-2': 'in service', 'node-3': 'in service' },
    next: [],
  });
  expect(begun(ended.events)).toEqual(NAMES);
  expect(failed()).toBe(before);
  // Each was seen well, by one of the two ways, before the next was begun.
  const told = ended.events.flatMap(({ type, node, step }) =>
    type === 'node.back' || (type === 'step.started' && step === `${node ?? ''}/deactivate`)
      ? [`${node ?? ''} ${type}`]
      : [],
  );
  expect(told).toEqual(NAMES.flatMap((name) => [`${name} step.started`, `${name} node.back`]));
  for (const event of ended.events) {
    if (event.type !== 'node.back') continue;
    const { proof, activeMs, sessions } = event.data;
    expect([activeMs >= MIN_SOAK, proof]).toEqual([true, Number(sessions) > 0 ? 'calls' : 'soak']);
  }
});

test('two in hand at once do not hold each other up, and no call fails', async () => {
  const before = failed();
  const side = ['--max-unavailable', '2', '--canary', '0', '--headroom', '0%'];
  const ended = await lab.call('rolling', 'node-1', 'node-2', '--json', ...side, ...QUICK);
  expect(endOf(ended)).toMatchObject({ outcome: 'done', exit: 0 });
  const ends = new Map(
    ended.events.flatMap((event) => (event.type === 'step.settled' ? [[event.step, event.seq]] : [])),
  );
  const begins = new Map(
    ended.events.flatMap((event) => (event.type === 'step.started' ? [[event.step, event.seq]] : [])),
  );
  // Each restarts before the other is back in.
  for (const [one, other] of [
    ['node-1', 'node-2'],
    ['node-2', 'node-1'],
  ])
    expect(Number(begins.get(`${one}/restart`))).toBeLessThan(Number(ends.get(`${other}/activate`)));
  expect(failed()).toBe(before);
});

test('stopped with two in hand: both are given back, the third is not begun', async () => {
  const side = ['--max-unavailable', '2', '--canary', '0', '--headroom', '0%', '--settle', '1h'];
  const run = lab.start('rolling', '--all', '--json', '--poll', '200ms', ...side);
  await Promise.all(['node-1', 'node-2'].map((node) => run.until('step.started', `${node}/wait_drained`)));
  run.send('SIGINT');
  const ended = await run.done;
  expect(endOf(ended)).toMatchObject({
    exit: 130,
    nodes: { 'node-1': 'in service', 'node-2': 'in service' },
    untouched: ['node-3'],
  });
});

test('nodes that were not begun: the end, show, status and resume say one thing', async () => {
  const run = lab.start(
    'rolling',
    'node-1',
    'node-2',
    '--json',
    '--poll',
    '200ms',
    '--settle',
    '200ms',
    '--pause',
    '1h',
  );
  await run.until('batch.settled');
  run.send('SIGINT');
  const end = endOf(await run.done);
  const id = (await lab.journals()).toSorted().at(-1)?.replace('.ndjson', '') ?? '';
  expect(end).toMatchObject({
    exit: 130,
    untouched: ['node-2'],
    next: [expect.stringContaining(`resume ${id}`)],
  });
  const [shown, status, listed] = await Promise.all([
    lab.call('show', id),
    lab.call('status'),
    lab.call('runs'),
  ]);
  expect(shown.stdout).toContain(`resume ${id}`);
  expect(status.stdout.replaceAll(/\s+/g, ' ')).toMatch(/has not brought node-2 through: .*resume /);
  expect(listed.stdout).toMatch(/interrupted \(130\), 1 not begun/);
  const rest = await lab.call('resume', 'last', '--json', '--force', 'capacity');
  expect([endOf(rest).exit, begun(rest.events)]).toEqual([0, ['node-2']]);
  // Of this run; an earlier one of this file has left others.
  expect((await lab.call('status')).stdout.replaceAll(/\s+/g, ' ')).not.toContain('brought node-2 through');
});

describe('what is planned', () => {
  const planOf = async (...flags: readonly string[]): Promise<string> => {
    const { exit, stdout, stderr } = await lab.call('rolling', '--all', '--dry-run', ...flags);
    expect([exit, stderr]).toEqual([0, '']);
    return stdout;
  };
  test('a percentage is rounded down, and at least 1', async () => {
    expect(await planOf('--max-unavailable', '67%')).toContain('at most 2 out at a time');
    expect(await planOf('--max-unavailable', '66%')).toContain('at most 1 out at a time');
    expect(await planOf('--max-unavailable', '1%')).toContain('at most 1 out at a time');
  });
  test('a canary, then the others', async () => {
    const plan = await planOf('--max-unavailable', '2', '--headroom', '0%');
    expect(plan).toMatch(/\n {2}1\. node-1 .*\[canary\]\n(?:.*\n)*? {2}2\. node-2 .*node-3/);
  });
  test('a node that is out before counts, and goes first where it is to be restarted', async () => {
    await lab.call('deactivate', 'node-3');
    const only = await lab.call('rolling', 'node-1', 'node-2', '--dry-run');
    expect([only.exit, only.stderr]).toEqual([3, expect.stringMatching(/node-3 .*is out already/)]);
    expect(await planOf()).toMatch(/\n {2}1\. node-3 .*\n {2}2\. node-1/);
    await lab.call('activate', 'node-3');
  });
});

/** The clock in so many minutes, as `--until` takes it. */
function clockIn(minutes: number): string {
  return `${new Date(Date.now() + minutes * 60_000).toISOString().slice(11, 16)} UTC`;
}

describe('nodes that were taken in hand meanwhile', () => {
  test('one that was activated, as the end of the run said, is left out of what goes on', async () => {
    const { configFile } = lab.lab;
    const broken = join(dirname(configFile), 'broken.yaml');
    const text = await readFile(configFile, 'utf8');
    let nth = 0;
    const mended = text.replaceAll(/restart: \{ command: .* \}/g, (found) =>
      (nth += 1) === 2 ? 'restart: { command: "false" }' : found,
    );
    expect(nth).toBe(3);
    await writeFile(broken, mended);
    const failed = await callFsha(['rolling', '--all', '--json', ...QUICK, '--config', broken]);
    const end = endOf(failed);
    expect([end.exit, end.nodes['node-2'], end.untouched]).toEqual([11, 'out of service', ['node-3']]);
    const id = failed.events[0]?.run ?? '';
    // In the order in which they were printed.
    expect(end.next).toEqual([
      expect.stringMatching(/ activate node-2$/),
      expect.stringMatching(new RegExp(` resume ${id}$`)),
    ]);
    expect((await lab.call('activate', 'node-2')).exit).toBe(0);
    const rest = await lab.call('resume', id, '--json');
    expect([endOf(rest).exit, endOf(rest).nodes]).toMatchObject([11, { 'node-3': 'in service' }]);
    expect(begun(rest.events)).toEqual(['node-3']);
  });

  test('one that was given back is done, unless another run has restarted it since', async () => {
    const flags = ['--json', '--poll', '200ms', '--settle', '2s'];
    const run = lab.start('rolling', 'node-1', 'node-2', ...flags, '--pause', '200ms');
    await run.until('step.started', 'node-1/wait_drained');
    run.send('SIGINT');
    const id = (await run.done).events[0]?.run ?? '';
    // Nobody was there since: both remain.
    const remains = await lab.call('resume', id, '--dry-run', '--json');
    expect(JSON.parse(remains.stdout)).toMatchObject({
      plan: { rolling: { batches: [['node-1'], ['node-2']], skipped: [] } },
    });
    expect((await lab.call('drain', 'node-1', '--settle', '200ms', '--poll', '200ms')).exit).toBe(0);
    const rest = await lab.call('resume', id, '--json');
    expect([endOf(rest).exit, endOf(rest).earlier, begun(rest.events)]).toEqual([0, ['node-1'], ['node-2']]);
  });
});

describe('a window', () => {
  test('the run says how it goes on behind it; resume takes another one, or none', async () => {
    const asked = clockIn(60);
    const flags = ['--json', '--poll', '200ms', '--settle', '1h', '--until', asked, '--min-drain', '1m'];
    const run = lab.start('rolling', 'node-1', 'node-2', ...flags);
    await run.until('step.started', 'node-1/wait_drained');
    run.send('SIGINT');
    const ended = await run.done;
    const end = endOf(ended);
    const id = ended.events[0]?.run ?? '';
    expect(end.next.at(-1)).toMatch(new RegExp(` resume ${id} --until '${asked}'$`));
    const late = await lab.call('resume', id, '--until', clockIn(1));
    expect([late.exit, late.stderr]).toEqual([
      3,
      expect.stringMatching(/too little time is left[^]*resume \S+ --until none/),
    ]);
    const planned = await lab.call('resume', id, '--until', 'none', '--dry-run');
    expect([planned.exit, planned.stdout.includes('are back in by')]).toEqual([0, false]);
    const open = lab.start('resume', id, '--until', 'none', '--json');
    await open.until('step.started', 'node-1/wait_drained');
    open.send('SIGINT');
    const again = endOf(await open.done);
    expect([again.exit, again.next.at(-1)]).toEqual([
      130,
      expect.stringMatching(new RegExp(` resume ${id}$`)),
    ]);
  });

  test('too short for a single node: refused without a change, and how it goes on is said', async () => {
    const asked = clockIn(2);
    const end = endOf(await lab.call('rolling', 'node-3', '--json', '--until', asked));
    expect([end.exit, end.untouched]).toEqual([11, ['node-3']]);
    expect(end.next).toEqual([expect.stringMatching(` resume \\S+ --until '${asked}'$`)]);
  });

  test('is in the plan: who could not be begun', async () => {
    const plan = await lab.call('rolling', '--all', '--dry-run', '--until', clockIn(3));
    expect(plan.stdout.match(/would not be begun: too little time is left/g)).toHaveLength(3);
    expect(plan.stdout).not.toContain('could go now');
  });

  test('of another night: refused, unless it is dated', async () => {
    const asked = clockIn(-2);
    const { exit, stderr } = await lab.call('rolling', '--all', '--dry-run', '--until', asked);
    expect([exit, stderr]).toEqual([2, expect.stringMatching(/is 24 hours away: that is the next night's/)]);
    const dated = /name its day: '(.*)'/.exec(stderr)?.[1] ?? '';
    expect(dated.endsWith(asked)).toBe(true);
    const plan = await lab.call('rolling', '--all', '--dry-run', '--until', dated);
    expect([plan.exit, plan.stdout]).toEqual([0, expect.stringContaining('all are back in by ')]);
  });
});

test('the commands of the unit and of cron are commands', async () => {
  const docs = await readFile(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');
  const lines = [...docs.matchAll(/\/usr\/local\/bin\/fsha --config \S+ (rolling .*)/g)].map(
    ([, argv]) => argv ?? '',
  );
  expect(lines).toHaveLength(2);
  // What they name is a time of the night in which they are run.
  const { hour, minute } = DateTime.now().plus({ hours: 4 });
  const soon = `${hour}:${String(minute).padStart(2, '0')}`;
  for (const line of new Set(lines.map((one) => one.replace(/--until \d\d:\d\d/, `--until ${soon}`)))) {
    const { exit, stdout, stderr } = await lab.call(...line.split(' '), '--dry-run');
    expect([exit, stderr, stdout]).toEqual([0, '', expect.stringContaining('all are back in by ')]);
  }
});

function failed(): number {
  return lab.lab.calls().reduce((sum, one) => sum + one.failed.length, 0);
}

describe('what is asked for', () => {
  test.each([
    [[], /no node was named/],
    [['node-1', '--all'], /in more than one way/],
    [['node-9'], /there is no node node-9/],
    [['--select', 'role=edge'], /no node has role=edge/],
    [['--select', 'edge'], /is not a label/],
    [['--all', '--max-unavailable', '0'], /is not a number of nodes/],
    [['--all', '--until', '25:00'], /is not a time of day/],
    [['--all', '--until', '05:00 Mars/Olympus'], /no time zone Mars\/Olympus/],
    [['--all', '--min-drain', '5m'], /Name its end with --until/],
    [['--all', '--then', 'leave'], /--then leave is not for rolling/],
  ])('%j: refused', async (argv, why) => {
    const { exit, stderr } = await lab.call('rolling', ...argv);
    expect([exit, stderr]).toEqual([2, expect.stringMatching(why)]);
  });
});
