import { appendFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { NewEvent } from '../../src/domain/run-events.ts';
import { LastRuns } from '../../src/journal/last-runs.ts';
import { findStandingBaseline } from '../../src/journal/standing-baseline.ts';
import { disable, lines, mark, preflight, restart, settled, started } from './events.ts';
import { eventsOf, journalOf, runId, runsDirectory } from './runs-directory.ts';

const ANOTHER = 'bbbbbbbb-0000-4000-8000-000000000002';
const inService = settled({ 'node-1': 'in service' });
const out = settled({ 'node-1': 'out of service' }, 6);

/** A run number `index` that took node-1 in hand when it bore this run's mark, as far as it disabled it. */
function taken(index: number, from: number | null, before = preflight('node-1')): NewEvent[] {
  const met = from === null ? null : runId(from);
  return [started(), before, mark('node-1', met, runId(index)), disable('node-1')];
}

/** What was done to its end: node-1 is back, and bears no mark. */
function over(index: number, from: number | null, before = preflight('node-1')): NewEvent[] {
  return [...taken(index, from, before), mark('node-1', runId(index), null), inService];
}

/** The run that stands for node-1, by both readings of the same journals; null: none. */
async function standing(dir: string) {
  const baseline = await findStandingBaseline(dir, 'voice-eu', 'node-1');
  const runs = await new LastRuns({
    dir,
    cluster: 'voice-eu',
    locks: {
      name: 'bastion:/var/lib/fsha/voice-eu.lock',
      cluster: () => Promise.resolve({ held: false }),
      guard: () => Promise.resolve(null),
    },
    nodes: ['node-1'],
    clock: { now: () => 1_000, wall: () => new Date('2026-12-01T00:00:00Z') },
  }).read();
  const last = runs.last.get('node-1');
  const overtaken = runs.unfinished.flatMap((one) => (one.overtaken?.includes('node-1') ? [one.run] : []));
  return {
    run: baseline?.run ?? null,
    restartOpen: baseline?.restartOpen ?? null,
    last: last?.run,
    overtaken,
  };
}

describe('a run that was killed, and a settled one with a later date', () => {
  test('is not forgotten where the clock was ahead: the settled one found no mark of it', async () => {
    const dir = await runsDirectory(taken(0, null), over(1, null));
    expect(await standing(dir)).toEqual({ run: runId(0), restartOpen: false, last: runId(0), overtaken: [] });
  });

  test('nor a restart that it announced, nor where the settled one had restarted the node itself', async () => {
    const own = preflight('node-1', ANOTHER);
    const ahead = [...taken(1, null), restart('node-1'), mark('node-1', runId(1), null), inService];
    const dir = await runsDirectory([...taken(0, null, own), restart('node-1')], ahead);
    expect(await standing(dir)).toEqual({ run: runId(0), restartOpen: true, last: runId(0), overtaken: [] });
  });

  test('nor where the settled one had brought back what an even earlier one had left out', async () => {
    const earlier = [...taken(1, null), out];
    const back = over(2, 1, preflight('node-1', undefined, 'DX'));
    const dir = await runsDirectory(taken(0, null), earlier, back);
    expect(await standing(dir)).toMatchObject({ run: runId(0), last: runId(0), overtaken: [] });
  });

  test('is overtaken by the one that found its mark', async () => {
    const dir = await runsDirectory(taken(0, null), over(1, 0));
    expect(await standing(dir)).toEqual({
      run: null,
      restartOpen: null,
      last: runId(1),
      overtaken: [runId(0)],
    });
  });

  test('also by one that came before the last one', async () => {
    const dir = await runsDirectory(taken(0, null), over(1, 0), over(2, null));
    expect(await standing(dir)).toEqual({
      run: null,
      restartOpen: null,
      last: runId(2),
      overtaken: [runId(0)],
    });
  });

  test('also by one with an earlier date, whose clock had been set back', async () => {
    const dir = await runsDirectory(over(0, 1), taken(1, null));
    expect(await standing(dir)).toEqual({
      run: null,
      restartOpen: null,
      last: runId(0),
      overtaken: [runId(1)],
    });
  });

  test('also where its mark died with the restart: the later one inherited what it had found', async () => {
    const heir = over(1, null, preflight('node-1', undefined, 'DX'));
    const dir = await runsDirectory([...taken(0, null), restart('node-1')], heir);
    expect(await standing(dir)).toEqual({
      run: null,
      restartOpen: null,
      last: runId(1),
      overtaken: [runId(0)],
    });
  });

  test('what it restarted counts for the one that overtook it and left the node out', async () => {
    const heir = [...taken(2, 1, preflight('node-1', undefined, 'DX')), out];
    const dir = await runsDirectory(over(0, null), [...taken(1, null), restart('node-1')], heir);
    expect(await standing(dir)).toMatchObject({ run: runId(2), restartOpen: true, last: runId(2) });
  });

  test('is told from it by dates once it had let the node go', async () => {
    const done = over(0, null).slice(0, -1);
    const dir = await runsDirectory(done, over(1, null));
    expect(await standing(dir)).toEqual({ run: null, restartOpen: null, last: runId(1), overtaken: [] });
  });

  test('that went on since is the later one, though each found the mark of the other', async () => {
    const dir = await runsDirectory(taken(0, null), [...taken(1, 0), out]);
    const resumed: NewEvent = { type: 'run.resumed', data: { who: 'eve@bastion', mode: 'forward' } };
    const again = eventsOf(3, [...taken(0, null), resumed, mark('node-1', runId(1), runId(0))]).slice(-2);
    await appendFile(journalOf(dir, 0), lines(again.map((event) => ({ ...event, run: runId(0) }))));
    expect(await standing(dir)).toMatchObject({ run: runId(0), last: runId(0), overtaken: [] });
  });
});

test('settled runs are told apart by when they ended, by both readings: one that was resumed is later than its name', async () => {
  const dir = await runsDirectory([...taken(0, null), settled({}, 9)], over(1, null));
  const resumed: NewEvent = { type: 'run.resumed', data: { who: 'eve@bastion', mode: 'forward' } };
  const again = eventsOf(3, [...taken(0, null), settled({}, 9), resumed, out]).slice(-2);
  await appendFile(journalOf(dir, 0), lines(again.map((event) => ({ ...event, run: runId(0) }))));
  expect(await standing(dir)).toMatchObject({ run: runId(0), last: runId(0) });
});
