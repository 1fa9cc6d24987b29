import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { NewEvent } from '../../src/domain/run-events.ts';
import { findStandingBaseline } from '../../src/journal/standing-baseline.ts';
import { asNobody, lockAway } from './as-nobody.ts';
import { baseline, disable, enveloped, lines, preflight, restart, settled, started } from './events.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** Runs in the order in which they took place, one a day. */
async function history(...runs: readonly (readonly NewEvent[] | string)[]): Promise<string> {
  const dir = await temporaryDirectory();
  await mkdir(join(dir, 'runs'));
  for (const [index, run] of runs.entries()) {
    const content = typeof run === 'string' ? run : lines(enveloped(run, runId(index)));
    await writeFile(join(dir, 'runs', `${runId(index)}.ndjson`), content);
  }
  return dir;
}

const runId = (index: number): string => `202611${String(index + 10)}-080000-aaaa`;
const find = (dir: string, node = 'node-1', cluster = 'voice-eu') => findStandingBaseline(dir, cluster, node);

const SECOND = 'bbbbbbbb-0000-4000-8000-000000000002';
const out = settled({ 'node-1': 'out of service' }, 6);
const inService = settled({ 'node-1': 'in service' });
const drain = [started(), preflight('node-1'), disable('node-1')];

test('none where there are no runs', async () => {
  expect(await find(join(await temporaryDirectory(), 'none'))).toBeUndefined();
  expect(await find(await history())).toBeUndefined();
});

describe('after one run', () => {
  test.each([
    ['that put it back in', [...drain, inService], undefined],
    ['that left it out', [...drain, out], false],
    ['that left it unknown', [...drain, settled({ 'node-1': 'unknown' }, 9)], false],
    ['that does not name it at its end', [...drain, settled({})], false],
    ['that is unfinished', drain, false],
    ['that is unfinished after the restart began', [...drain, restart('node-1')], true],
    ['that restarted it and left it out', [...drain, restart('node-1'), out], true],
    [
      'that was refused',
      [started(), preflight('node-1'), settled({ 'node-1': 'out of service' }, 3)],
      undefined,
    ],
    [
      'that was resumed after its end',
      [...drain, inService, { type: 'run.resumed', data: { who: 'ops', mode: 'undo' } }],
      false,
    ],
  ] satisfies [string, NewEvent[], boolean | undefined][])('%s', async (_, events, restarted) => {
    const found = await find(await history(events));
    // A run that has not come to its end may still be under way: nobody may take the node over from it unasked.
    const isSettled = events.at(-1)?.type === 'run.settled';
    expect(found).toEqual(
      restarted === undefined
        ? undefined
        : {
            run: runId(0),
            settled: isSettled,
            baseline: baseline('node-1'),
            restarted,
            restartOpen: restarted,
          },
    );
  });
});

describe('after several runs', () => {
  test('the newest that touched the node decides', async () => {
    expect(await find(await history([...drain, out], [...drain, inService]))).toBeUndefined();
    expect((await find(await history([...drain, inService], [...drain, out])))?.run).toBe(runId(1));
  });

  test('runs that did not touch it, of other nodes and other clusters say nothing', async () => {
    const dir = await history(
      [...drain, out],
      [started(), preflight('node-1'), settled({ 'node-1': 'out of service' }, 3)],
      [
        started({ nodes: ['node-2'] }),
        preflight('node-2'),
        disable('node-2'),
        settled({ 'node-2': 'out of service' }),
      ],
      [started({ cluster: 'voice-us' }), preflight('node-1', SECOND), disable('node-1')],
    );
    expect(await find(dir)).toMatchObject({
      run: runId(0),
      baseline: baseline('node-1'),
      restarted: false,
      restartOpen: false,
    });
    expect((await find(dir, 'node-2'))?.run).toBe(runId(2));
    expect((await find(dir, 'node-1', 'voice-us'))?.baseline.coreUuid).toBe(SECOND);
  });

  test('a restart counts for every run that inherited the baseline', async () => {
    const dir = await history([...drain, restart('node-1'), out], [...drain, out]);
    expect(await find(dir)).toMatchObject({
      run: runId(1),
      baseline: baseline('node-1'),
      restarted: true,
      restartOpen: true,
    });
  });

  test('a restart before a baseline of its own does not count', async () => {
    const later = [started(), preflight('node-1', SECOND), disable('node-1'), out];
    const dir = await history([...drain, restart('node-1'), out], later);
    expect(await find(dir)).toMatchObject({
      run: runId(1),
      baseline: baseline('node-1', SECOND),
      restarted: false,
      restartOpen: false,
    });
  });

  test('a run without a baseline leaves that of the run before', async () => {
    const dir = await history([...drain, inService], [...drain, out], [started(), disable('node-1')]);
    expect(await find(dir)).toMatchObject({
      run: runId(2),
      baseline: baseline('node-1'),
      restarted: false,
      restartOpen: false,
    });
    expect(await find(await history([...drain, inService], [started(), disable('node-1')]))).toBeUndefined();
  });

  test('of one run with two nodes each has its own', async () => {
    const dir = await history([
      started({ nodes: ['node-1', 'node-2'] }),
      preflight('node-1'),
      disable('node-1'),
      preflight('node-2', SECOND),
      disable('node-2'),
      settled({ 'node-1': 'in service', 'node-2': 'out of service' }, 11),
    ]);
    expect(await find(dir, 'node-1')).toBeUndefined();
    expect((await find(dir, 'node-2'))?.baseline).toEqual(baseline('node-2', SECOND));
  });
});

describe('journals that cannot be read', () => {
  test('an empty or torn first line is a run that did nothing', async () => {
    const dir = await history([...drain, out], '', lines(enveloped(drain)).slice(0, 40));
    expect((await find(dir))?.run).toBe(runId(0));
  });

  test('a torn last line stands for nothing', async () => {
    const text = lines(enveloped([...drain, restart('node-1')], runId(0)));
    expect(await find(await history(text.slice(0, -10)))).toMatchObject({
      restarted: false,
      restartOpen: false,
    });
  });

  test('a damaged one that may matter is an error, never passed over', async () => {
    const damaged = lines(enveloped(drain, runId(1))).replace('"seq":2', '"seq":7');
    const dir = await history([...drain, inService], damaged);
    await expect(find(dir)).rejects.toMatchObject({
      code: 'journal',
      message: `${join(dir, 'runs', `${runId(1)}.ndjson`)}:2: event 7 where event 2 should be.`,
      hint: 'This run may have left node-1 out of service: see with fsha status what node-1 is. Then move the file out of its directory, and bring node-1 back with: fsha activate node-1 --force mark',
    });
  });

  test('one that may not be read is not damaged: it stays where it is', async () => {
    const dir = await history([...drain, inService], [...drain, out]);
    await chmod(dir, 0o755);
    const path = join(dir, 'runs', `${runId(1)}.ndjson`);
    await lockAway(path);
    await expect(asNobody(() => find(dir))).rejects.toMatchObject({
      code: 'journal',
      message: `Cannot read the journal ${path}: permission denied.`,
      hint: `Run as its owner or root, or have one of them let your group read it: chmod g+r ${path}. Leave it where it is: what its run found stands only there.`,
    });
  });

  test('nor is their directory', async () => {
    const dir = await history([...drain, out]);
    await chmod(dir, 0o755);
    const runs = join(dir, 'runs');
    await lockAway(runs);
    const error = asNobody(() => find(dir));
    await expect(error).rejects.toMatchObject({
      message: `Cannot read the journals in ${runs}: permission denied.`,
      hint: `Run as its owner or root, or have one of them let your group read it: chmod g+rx ${runs}`,
    });
    await chmod(runs, 0o700);
  });

  test('a damaged one of another node does not matter', async () => {
    const damaged = lines(enveloped([started({ nodes: ['node-2'] }), disable('node-2')], runId(1)));
    const dir = await history([...drain, out], damaged.replace('"seq":2', '"seq":7'));
    expect((await find(dir))?.run).toBe(runId(0));
  });

  test('one that is older than the answer does not matter', async () => {
    expect(await find(await history('nonsense\n', [...drain, inService]))).toBeUndefined();
  });
});
