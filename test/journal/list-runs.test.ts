import { mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { LockState } from '../../src/domain/lock-holder.ts';
import { listRuns, withLocks } from '../../src/journal/list-runs.ts';
import { disable, enveloped, lines, progress, settled, started } from './events.ts';
import { temporaryDirectory } from './temporary-directory.ts';

async function stateDirectory(journals: Readonly<Record<string, string>>): Promise<string> {
  const dir = await temporaryDirectory();
  await mkdir(join(dir, 'runs'));
  for (const [name, content] of Object.entries(journals)) await writeFile(join(dir, 'runs', name), content);
  return dir;
}

test('no directory, no runs', async () => {
  expect(await listRuns(join(await temporaryDirectory(), 'none'))).toEqual([]);
});

test('newest first, each with its end or without', async () => {
  const [done, under, empty, torn, damaged, noStart] = [
    '20261120-080000-aaaa',
    '20261121-080000-bbbb',
    '20261122-080000-cccc',
    '20261122-090000-dddd',
    '20261122-100000-eeee',
    '20261122-110000-ffff',
  ];
  const events = [started(), disable('node-1'), settled({ 'node-1': 'out of service' }, 6)];
  const dir = await stateDirectory({
    [`${done}.ndjson`]: lines(enveloped(events, done)),
    [`${under}.ndjson`]: lines(enveloped([started(), disable('node-1')], under)),
    [`${empty}.ndjson`]: '',
    [`${torn}.ndjson`]: lines(enveloped(events, torn)).slice(0, -1),
    [`${damaged}.ndjson`]: 'nonsense\n',
    [`${noStart}.ndjson`]: lines(enveloped([disable('node-1')], noStart)),
    'notes.txt': 'not a journal',
    'readme.ndjson': 'not a run id',
  });
  const runs = await listRuns(dir);
  expect(runs.map(({ run, state }) => [run, state])).toEqual([
    [noStart, 'damaged'],
    [damaged, 'damaged'],
    [torn, 'unfinished'],
    [empty, 'empty'],
    [under, 'unfinished'],
    [done, 'settled'],
  ]);
  expect(runs.at(-1)).toEqual({
    run: done,
    path: join(dir, 'runs', `${done}.ndjson`),
    state: 'settled',
    command: 'drain node-1',
    cluster: 'voice-eu',
    who: 'ops@bastion',
    reason: 'kernel update',
    startedAt: '2026-11-22T21:31:34.000Z',
    settledAt: '2026-11-22T21:31:34.000Z',
    kind: 'drain',
    nodes: ['node-1'],
    call: 'fsha',
    lock: null,
    outcome: 'held',
    exit: 6,
    services: { 'node-1': 'out of service' },
    next: [],
    untouched: [],
    damage: null,
  });
  expect(runs[0]?.damage).toBe(
    `${join(dir, 'runs', `${noStart}.ndjson`)}:1: a journal that does not begin with run.started.`,
  );
  expect(runs[1]?.damage).toContain(':1: not a line of JSON.');
  expect((await listRuns(dir, 2)).map(({ run }) => run)).toEqual([noStart, damaged]);
});

test('a resumed run that goes on is unfinished, although it had ended before', async () => {
  const run = '20261120-080000-aaaa';
  const events = [
    started(),
    settled({ 'node-1': 'unknown' }, 9),
    { type: 'run.resumed', data: { who: 'ops', mode: 'forward' } } as const,
  ];
  const dir = await stateDirectory({ [`${run}.ndjson`]: lines(enveloped(events, run)) });
  expect((await listRuns(dir))[0]).toMatchObject({ state: 'unfinished', outcome: null, exit: null });
});

test('long first and last lines are read whole', async () => {
  const run = '20261120-080000-aaaa';
  const nodes = Array.from({ length: 3_000 }, (_, index) => `node-${index}`);
  const services = Object.fromEntries(nodes.map((node) => [node, 'in service' as const]));
  const dir = await stateDirectory({
    [`${run}.ndjson`]: lines(enveloped([started({ nodes }), settled(services)], run)),
  });
  expect((await listRuns(dir))[0]).toMatchObject({ state: 'settled', nodes, services });
});

test('reads the ends only: a journal of gigabytes costs no more than a small one', async () => {
  const run = '20261120-080000-aaaa';
  const dir = await stateDirectory({ [`${run}.ndjson`]: lines(enveloped([started()], run)) });
  const handle = await open(join(dir, 'runs', `${run}.ndjson`), 'r+');
  // A hole of 4 GiB, which nobody could read in the time of a test.
  await handle.write(`\n${lines(enveloped([settled({})], run, 9))}`, 4 * 1024 ** 3);
  await handle.close();
  expect((await listRuns(dir))[0]).toMatchObject({ state: 'settled', exit: 0 });
});

test('thousands of runs are listed quickly', async () => {
  const journals: Record<string, string> = {};
  for (let index = 0; index < 3_000; index += 1) {
    const run = `20261120-${String(80_000 + index).padStart(6, '0')}-aaaa`;
    const events = [started(), ...Array.from({ length: 20 }, (_, at) => progress('node-1', at)), settled({})];
    journals[`${run}.ndjson`] = lines(enveloped(events, run));
  }
  const dir = await stateDirectory(journals);
  const before = performance.now();
  const runs = await listRuns(dir);
  // 0.5 s on two busy cores when this was written; the rest is room for what else runs there.
  expect(performance.now() - before).toBeLessThan(5_000);
  expect(runs).toHaveLength(3_000);
});

test('what is JSON and no run is damaged', async () => {
  const [first, last] = ['20261120-080000-aaaa', '20261121-080000-bbbb'];
  const whole = enveloped([started(), settled({})], first);
  const dir = await stateDirectory({
    [`${first}.ndjson`]: lines(whole).replace('"who":"ops@bastion"', '"who":7'),
    [`${last}.ndjson`]: lines(enveloped([started(), settled({})], last)).replace('"next":[]', '"next":[7]'),
  });
  expect((await listRuns(dir)).map(({ state, damage }) => [state, damage])).toEqual([
    ['damaged', expect.stringContaining('last line: a run.settled without a usable next[0].')],
    ['damaged', expect.stringContaining(':1: a run.started without a usable who.')],
  ]);
});

test('whether those that are unfinished go on, is told by the lock', async () => {
  const [done, under, dead, other, cut] = [
    '20261120-080000-aaaa',
    '20261121-080000-bbbb',
    '20261122-080000-cccc',
    '20261123-080000-dddd',
    '20261124-080000-eeee',
  ];
  const name = 'bastion:/var/lib/fsha/voice-eu.lock';
  const startedUnder = (lock: string) => {
    const first = started();
    return first.type === 'run.started' ? [{ ...first, data: { ...first.data, lock } }] : [];
  };
  const text = lines(enveloped([started()], cut)).replace('"kind":"drain"', '"kind":"hangup"');
  const dir = await stateDirectory({
    [`${done}.ndjson`]: lines(enveloped([started(), settled({})], done)),
    [`${under}.ndjson`]: lines(enveloped(startedUnder(name), under)),
    [`${dead}.ndjson`]: lines(enveloped(startedUnder(name), dead)),
    [`${other}.ndjson`]: lines(enveloped(startedUnder('other:/x.lock'), other)),
    [`${cut}.ndjson`]: text,
  });
  const holder = { run: under, command: 'drain node-1', who: 'ops', pid: 1, started: 1, since: '' };
  const guard = () => Promise.resolve(null);
  const listed = async (cluster: () => Promise<LockState>) =>
    (await withLocks(await listRuns(dir), { name, cluster, guard })).map(({ underWay }) => underWay);
  expect(await listed(() => Promise.resolve({ held: true, holder }))).toEqual([
    null,
    null,
    false,
    true,
    false,
  ]);
  expect(await listed(() => Promise.resolve({ held: false }))).toEqual([null, null, false, false, false]);
  expect(await listed(() => Promise.resolve({ held: true, holder: null }))).toEqual([
    null,
    null,
    null,
    null,
    false,
  ]);
  expect(await listed(() => Promise.reject(new Error('no')))).toEqual([null, null, null, null, false]);
  // One that ends before the lock is looked at was not interrupted.
  const ends = async (): Promise<LockState> => {
    await writeFile(
      join(dir, 'runs', `${dead}.ndjson`),
      lines(enveloped([...startedUnder(name), settled({})], dead)),
    );
    return { held: false };
  };
  const runs = await withLocks(await listRuns(dir), { name, cluster: ends, guard });
  expect(runs.find(({ run }) => run === dead)).toMatchObject({ state: 'settled', underWay: false });
});
