import { chmod, mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { NewEvent } from '../../src/domain/run-events.ts';
import { pruneRuns } from '../../src/journal/prune-runs.ts';
import { findStandingBaseline } from '../../src/journal/standing-baseline.ts';
import { asNobody } from './as-nobody.ts';
import { baseline, disable, lines, mark, preflight, restart, settled, started } from './events.ts';
import { eventsOf, journalOf, momentOf, runId, runsDirectory } from './runs-directory.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const HOUR = 3_600_000;
const FOR_EVER = { keepRuns: 1_000, keepAge: 10_000 * HOUR };

/** So many hours after run 0 began, and ten seconds. */
const after = (hours: number): Date => new Date(Date.parse(momentOf(hours, 10)));

async function left(dir: string): Promise<readonly number[]> {
  const names = await readdir(join(dir, 'runs'));
  const all = Array.from({ length: 400 }, (_, index) => index);
  return all.filter((index) => names.includes(`${runId(index)}.ndjson`));
}

const of = (node: string): NewEvent[] => [started({ nodes: [node] }), preflight(node), disable(node)];
const done = (node = 'node-1'): NewEvent[] => [...of(node), settled({ [node]: 'in service' })];
const out = (node = 'node-1'): NewEvent[] => [...of(node), settled({ [node]: 'out of service' }, 6)];
const refused: NewEvent[] = [started(), preflight('node-1'), settled({ 'node-1': 'in service' }, 3)];

describe('what has ended', () => {
  test('is deleted beyond so many, the oldest first', async () => {
    const dir = await runsDirectory(done(), done(), done(), done());
    expect(await pruneRuns(dir, 'voice-eu', { ...FOR_EVER, keepRuns: 2 }, after(4))).toEqual({
      deleted: [runId(0), runId(1)],
      trouble: null,
    });
    expect(await left(dir)).toEqual([2, 3]);
    expect((await pruneRuns(dir, 'voice-eu', { ...FOR_EVER, keepRuns: 2 }, after(4))).deleted).toEqual([]);
  });

  test('is deleted when it ended longer ago, to the second', async () => {
    const dir = await runsDirectory(done(), done(), done());
    // Run 1 ended three seconds after it began.
    const now = new Date(Date.parse(momentOf(1, 3)) + 5 * HOUR);
    const keep = { ...FOR_EVER, keepAge: 5 * HOUR };
    expect((await pruneRuns(dir, 'voice-eu', keep, now)).deleted).toEqual([runId(0)]);
    const later = new Date(now.getTime() + 1);
    expect((await pruneRuns(dir, 'voice-eu', keep, later)).deleted).toEqual([runId(1)]);
    expect(await left(dir)).toEqual([2]);
  });

  test('one that went on for long is as old as its end', async () => {
    const dir = await runsDirectory(done(), done());
    const ended = [...eventsOf(0, of('node-1')), { ...eventsOf(9, done())[3], run: runId(0) }];
    await writeFile(journalOf(dir, 0), ended.map((event) => `${JSON.stringify(event)}\n`).join(''));
    const keep = { ...FOR_EVER, keepAge: 5 * HOUR };
    expect((await pruneRuns(dir, 'voice-eu', keep, after(12))).deleted).toEqual([]);
    expect((await pruneRuns(dir, 'voice-eu', keep, after(15))).deleted).toEqual([runId(0)]);
  });

  test('nothing happens where nothing is old, or there is nothing', async () => {
    const nothing = { deleted: [], trouble: null };
    const dir = await runsDirectory(done(), done());
    expect(await pruneRuns(dir, 'voice-eu', FOR_EVER, after(2))).toEqual(nothing);
    expect(await pruneRuns(join(dir, 'none'), 'voice-eu', FOR_EVER, after(2))).toEqual(nothing);
    // A clock that was set back makes nothing old.
    expect(await pruneRuns(dir, 'voice-eu', FOR_EVER, new Date(0))).toEqual(nothing);
  });

  test('at most 200 at a time', async () => {
    const dir = await runsDirectory(...Array.from({ length: 205 }, () => refused));
    const keep = { ...FOR_EVER, keepRuns: 1 };
    expect((await pruneRuns(dir, 'voice-eu', keep, after(205))).deleted).toHaveLength(200);
    expect(await left(dir)).toEqual([200, 201, 202, 203, 204]);
    expect((await pruneRuns(dir, 'voice-eu', keep, after(205))).deleted).toHaveLength(4);
  });
});

describe('what is always kept', () => {
  const all = { keepRuns: 1, keepAge: HOUR };
  const late = after(300);

  test('runs that have not come to their end', async () => {
    const dir = await runsDirectory(of('node-1'), [started()], done(), done());
    await pruneRuns(dir, 'voice-eu', all, late);
    expect(await left(dir)).toEqual([0, 1, 3]);
  });

  test('damaged ones', async () => {
    const cut = lines(eventsOf(1, done())).slice(0, -20);
    const dir = await runsDirectory('nonsense\n', `${cut}\n`, done(), done());
    await pruneRuns(dir, 'voice-eu', all, late);
    expect(await left(dir)).toEqual([0, 1, 3]);
  });

  test('those of other clusters', async () => {
    const other: NewEvent[] = [started({ cluster: 'voice-us' }), settled({})];
    const dir = await runsDirectory(other, refused, other, refused);
    await pruneRuns(dir, 'voice-eu', all, late);
    expect(await left(dir)).toEqual([0, 2]);
  });

  test('other files', async () => {
    const dir = await runsDirectory(refused, refused);
    await writeFile(join(dir, 'runs', 'notes.txt'), 'mine');
    await pruneRuns(dir, 'voice-eu', all, late);
    expect(await readdir(join(dir, 'runs'))).toEqual(['notes.txt']);
  });

  test('one that recorded nothing, until it is a day old', async () => {
    const dir = await runsDirectory('', '', done());
    const [now, day] = [late.getTime() / 1_000, 86_400];
    await utimes(journalOf(dir, 0), now - day - 1, now - day - 1);
    await utimes(journalOf(dir, 1), now - day + 1, now - day + 1);
    await pruneRuns(dir, 'voice-eu', all, late);
    expect(await left(dir)).toEqual([1, 2]);
  });

  test('for each node the last run that changed it: where it is gone, an older one would be the last', async () => {
    const dir = await runsDirectory(of('node-1'), done(), done('node-2'), refused, refused);
    await pruneRuns(dir, 'voice-eu', all, late);
    expect(await left(dir)).toEqual([0, 1, 2]);
    expect(await findStandingBaseline(dir, 'voice-eu', 'node-1')).toBeUndefined();
  });

  test('what overtook an unfinished one: that is kept, and would be the last one again', async () => {
    const killed = [started(), preflight('node-1'), mark('node-1', null, runId(0)), disable('node-1')];
    const [first, before, , disabled] = killed;
    const back = settled({ 'node-1': 'in service' });
    const overtaker = [first, before, mark('node-1', runId(0), runId(1)), disabled, back].filter(
      (one) => one !== undefined,
    );
    const dir = await runsDirectory(killed, overtaker, done(), done(), done());
    await pruneRuns(dir, 'voice-eu', all, late);
    expect(await left(dir)).toEqual([0, 1, 4]);
    expect(await findStandingBaseline(dir, 'voice-eu', 'node-1')).toBeUndefined();
  });

  test('all that a node that is out inherits from, and nothing before it', async () => {
    const dir = await runsDirectory(
      done(),
      done(),
      [...of('node-1'), restart('node-1'), settled({ 'node-1': 'out of service' }, 8)],
      done('node-2'),
      out(),
      refused,
      out(),
      done('node-2'),
    );
    const before = await findStandingBaseline(dir, 'voice-eu', 'node-1');
    expect(before).toMatchObject({ run: runId(6), baseline: baseline('node-1'), restarted: true });
    expect((await pruneRuns(dir, 'voice-eu', all, late)).deleted).toEqual([0, 3, 5].map(runId));
    expect(await left(dir)).toEqual([1, 2, 4, 6, 7]);
    expect(await findStandingBaseline(dir, 'voice-eu', 'node-1')).toEqual(before);
  });

  test('one whose middle cannot be read, where it may be the last that changed a node', async () => {
    const damaged = lines(eventsOf(1, done())).replace('"seq":2', '"seq":7');
    const dir = await runsDirectory(done(), damaged, refused, refused);
    await pruneRuns(dir, 'voice-eu', all, late);
    expect(await left(dir)).toEqual([0, 1]);
  });
});

describe('trouble is a warning', () => {
  test('a directory that is none', async () => {
    const dir = await temporaryDirectory();
    await writeFile(join(dir, 'runs'), '');
    expect(await pruneRuns(dir, 'voice-eu', FOR_EVER, after(1))).toEqual({
      deleted: [],
      trouble: `Old journals were not deleted: Cannot read the journals in ${join(dir, 'runs')}: a part of its path is not a directory.`,
    });
  });

  test('what is no file', async () => {
    const dir = await runsDirectory(done());
    await mkdir(journalOf(dir, 1));
    const { deleted, trouble } = await pruneRuns(dir, 'voice-eu', { ...FOR_EVER, keepAge: HOUR }, after(300));
    expect([deleted, trouble]).toEqual([[], null]);
  });

  test('a directory that cannot be written', async () => {
    const dir = await runsDirectory(done(), done(), done());
    await chmod(join(dir, 'runs'), 0o555);
    await chmod(dir, 0o755);
    const { deleted, trouble } = await asNobody(() =>
      pruneRuns(dir, 'voice-eu', { ...FOR_EVER, keepRuns: 1 }, after(3)),
    );
    await chmod(join(dir, 'runs'), 0o755);
    expect(deleted).toEqual([]);
    expect(trouble).toBe(
      `Old journals were not deleted: Cannot delete the journal ${journalOf(dir, 0)}: permission denied.`,
    );
    expect(await left(dir)).toEqual([0, 1, 2]);
  });
});
