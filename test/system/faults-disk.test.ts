/** A disk that is really full (ENOSPC, on a small tmpfs): no room for another file, or for another line. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import type { RunEvent } from '../../src/domain/run-events.ts';
import { settledRun, warnings } from './harness/events-of.ts';
import { callElsewhere, faultTable, well } from './harness/fault-cases.ts';
import { bothSaid } from './harness/fault-hosts.ts';
import { diskExit } from './harness/fault-kinds.ts';
import { FOR_FAULTS } from './harness/fault-quick.ts';
import {
  begins,
  cleanExit,
  cleanRestarts,
  configOf,
  finishStage,
  type Place,
  placeName,
  placesOf,
  startStage,
} from './harness/fault-stages.ts';
import { finalState } from './harness/final-state.ts';
import { only, runFsha } from './harness/fsha.ts';
import { RESTART_ANNOUNCED } from './harness/kill-points.ts';
import { type RealCluster, startRealCluster } from './harness/real-cluster.ts';
import { journalFile } from './harness/run-of.ts';
import { startSmallDisk } from './harness/small-disk.ts';

const LIMIT_MS = 60_000;
const BYTES = 1_024 * 1_024;

let cluster: RealCluster;
const table = faultTable('A disk with no room left', () => cluster);

beforeAll(async () => {
  cluster = await startRealCluster(FOR_FAULTS);
});
beforeEach(() => cluster.reset());
afterAll(() => cluster.stop());

describe('before it begins', () => {
  // The directory itself, the lock, who holds it, the directory of the runs; with one more there is room for the journal.
  test.each([1, 2, 3, 4])('there is room for %i files and directories', async (inodes) => {
    const config = await configOf(cluster, 'drain');
    const disk = await startSmallDisk(cluster.stateDirOf(config), { bytes: BYTES, inodes });
    const refused = await runFsha(['drain', 'node-1', '--config', config, '--json'], LIMIT_MS, { disk });
    await disk.leave();
    const state = await table.then(`drain: refused, with room for ${inodes}`, refused.exitCode);
    expect([refused.exitCode, state], bothSaid(refused)).toEqual([3, well(0)]);
    expect(refused.stderr).toMatch(/the disk is full/);
    const again = await runFsha(['drain', 'node-1', '--config', config, '--json'], LIMIT_MS);
    expect([again.exitCode, await finalState(cluster)], bothSaid(again)).toEqual([0, well(1)]);
  });

  test('there is no room for a byte', async () => {
    const config = await configOf(cluster, 'drain');
    const disk = await startSmallDisk(cluster.stateDirOf(config), { bytes: BYTES });
    disk.fill();
    const refused = await runFsha(['drain', 'node-1', '--config', config, '--json'], LIMIT_MS, { disk });
    await disk.leave();
    const state = await table.then('drain: refused, with no room for a byte', refused.exitCode);
    expect([refused.exitCode, state], bothSaid(refused)).toEqual([3, well(0)]);
    const again = await runFsha(['drain', 'node-1', '--config', config, '--json'], LIMIT_MS);
    expect([again.exitCode, await finalState(cluster)], bothSaid(again)).toEqual([0, well(1)]);
  });
});

/** Before that it needs a lock of its own, and says that there is no room for it. */
const KEEPS_WATCH = 'effect.settled node-1/guard node.mark';

const PLACES: readonly (readonly [where: string, place: Place, key: string])[] = [
  ...placesOf(inject('recorded'))
    .filter(({ stage, step }) => ['drain', 'undo', 'guard'].includes(stage) && step !== 'preflight')
    .map(
      (place) => [placeName(place), place, place.stage === 'guard' ? KEEPS_WATCH : begins(place)] as const,
    ),
  ['restart, on its way', { stage: 'drain', step: 'restart' }, RESTART_ANNOUNCED],
];

test.each(PLACES)('it is full from %s on', async (where, place, key) => {
  const { stage } = place;
  const elsewhere = await callElsewhere(cluster);
  const config = await configOf(cluster, stage);
  const disk = await startSmallDisk(cluster.stateDirOf(config), { bytes: BYTES });
  const run = await startStage(cluster, stage, {
    ...{ config, disk },
    moments: [{ when: 'after', key, hook: () => disk.fill() }],
  });
  await run.met();
  await finishStage(cluster, stage, run, 'on its stdout');
  const result = await run.fsha.done;
  await run.stop();
  await disk.leave();
  const events = run.fsha.events();
  const stateDir = cluster.stateDirOf(config);
  // The last block of the journal was there already: it ends some lines later, where that is full.
  const whole = readFileSync(journalFile(stateDir).path, 'utf8').split('\n').length - 1;
  const lost = events[whole];
  await table.judge(`the disk is full from ${where} on`, {
    ended: { ...result, events, settled: settledRun(events) },
    ...{ stateDir, elsewhere, restartsWhenDone: cleanRestarts(stage), isJournalLost: true },
  });
  const said = `${whole} of ${events.length} were written\n${bothSaid(result)}`;
  if (lost === undefined) expect(result.exitCode, said).toBe(cleanExit(stage));
  else expect(exitsWithout(place, events.slice(0, whole), lost.step), said).toContain(result.exitCode);
  if (stage === 'guard') expect(warnings(events).join('\n')).toMatch(/nothing is written down/);
});

/** By what is written down: see `diskExit`. */
function exitsWithout(
  { stage }: Place,
  written: readonly RunEvent[],
  lostIn: string | undefined,
): readonly number[] {
  const step = (lostIn?.split('/').at(-1) ?? 'activate') as Place['step'];
  const isAnnounced = only(written, 'effect.intended').some(({ data }) => data.effect === 'node.restart');
  const hasActed = only(written, 'effect.intended').length > 0;
  if (stage !== 'drain') return [cleanExit(stage)];
  if (!isAnnounced) return [hasActed ? 12 : 3];
  return [diskExit({ stage, step }, true)];
}
