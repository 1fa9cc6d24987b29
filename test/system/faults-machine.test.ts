/** The machine on which fsha runs: its clock jumps, its disk is full, nobody reads any more, in every step of every kind of run. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import type { RunEvent } from '../../src/domain/run-events.ts';
import { settledRun } from './harness/events-of.ts';
import { callElsewhere, faultTable, well } from './harness/fault-cases.ts';
import { diskExit } from './harness/fault-kinds.ts';
import { journalFlaws } from './harness/fault-outcome.ts';
import { FOR_FAULTS } from './harness/fault-quick.ts';
import {
  begins,
  cleanExit,
  cleanRestarts,
  configOf,
  finishStage,
  healStage,
  mayHaveCalls,
  type Place,
  placeName,
  placesOf,
  startStage,
} from './harness/fault-stages.ts';
import { startWaitedCall } from './harness/fault-waited-call.ts';
import { only, runFsha } from './harness/fsha.ts';
import { RESTART_ANNOUNCED } from './harness/kill-points.ts';
import { type RealCluster, startRealCluster } from './harness/real-cluster.ts';
import { journalFile } from './harness/run-of.ts';

const execute = promisify(execFile);

let cluster: RealCluster;
const table = faultTable('The machine of fsha in trouble in every step', () => cluster);

beforeAll(async () => {
  cluster = await startRealCluster(FOR_FAULTS);
});
beforeEach(() => cluster.reset());
afterAll(() => cluster.stop());

const HOUR = 3_600_000;
const places = placesOf(inject('recorded'));
const stages = [...new Set(places.map(({ stage }) => stage))];

interface DiskMoment {
  readonly where: string;
  readonly key: string;
  readonly place: Place;
}

/** Where a run is when the disk is full; behind its step's name what it has just announced. */
const DISK_MOMENTS: readonly DiskMoment[] = [
  ...places.map((place) => ({ where: placeName(place), key: begins(place), place })),
  {
    where: 'deactivate, at lb-1',
    key: 'effect.intended node-1/deactivate dispatcher.state lb-1',
    place: { stage: 'drain', step: 'deactivate' },
  },
  { where: 'restart, on its way', key: RESTART_ANNOUNCED, place: { stage: 'drain', step: 'restart' } },
];

/** What an earlier process of the run has written. */
function eventsBefore(text: string, seq: number): readonly RunEvent[] {
  return text
    .split('\n')
    .slice(0, seq - 1)
    .map((line) => JSON.parse(line) as RunEvent);
}

describe.each(DISK_MOMENTS.map((its) => [its.where, its] as const))(
  'the disk is full in %s',
  (where, { key, place }) => {
    test.each([
      ['between two lines', 0],
      ['in the middle of a line', 40],
    ])('%s', async (line, more) => {
      const { stage } = place;
      const elsewhere = await callElsewhere(cluster);
      const call = mayHaveCalls(place) ? await startWaitedCall(cluster) : null;
      const config = await configOf(cluster, stage);
      const stateDir = cluster.stateDirOf(config);
      // From so many bytes on: EFBIG (setrlimit(2), RLIMIT_FSIZE; Node ignores SIGXFSZ).
      const fill = async (): Promise<void> => {
        const fsize = journalFile(stateDir).bytes + more;
        await execute('prlimit', ['--pid', String(run.fsha.pid), `--fsize=${fsize}`]);
      };
      const run = await startStage(cluster, stage, { config, moments: [{ when: 'after', key, hook: fill }] });
      await run.met();
      await finishStage(cluster, stage, run, 'on its stdout');
      const result = await run.fsha.done;
      await run.stop();
      await call?.hangUp();
      await healStage(cluster, stage);
      // Whoever reads what it prints hears everything; the journal ends where the disk did.
      const printed = run.fsha.events();
      const settled = settledRun(printed);
      const written = (): string => readFileSync(journalFile(stateDir).path, 'utf8');
      // A resume prints what it does itself, and knows what its journal has from before.
      const events = [...eventsBefore(written(), printed[0]?.seq ?? 1), ...printed];
      expect([written().endsWith('\n'), journalFlaws(written()).length > 0]).toEqual([more === 0, true]);
      await table.judge(`the disk is full in ${where}, ${line}`, {
        ended: { ...result, events, settled },
        stateDir,
        elsewhere,
        restartsWhenDone: cleanRestarts(stage),
        isJournalLost: true,
      });
      // An undo goes on without its journal, as it was asked to, and whoever comes finds no end of it either.
      if (result.exitCode === 12 || stage === 'undo') {
        expect(settled.lost?.code).toBe('journal');
        // To whoever comes it was interrupted, though it gave everything back.
        const goOn = more === 0 ? ['drain', 'node-1'] : ['resume', events[0]?.run ?? '', '--undo'];
        const { exitCode, stdout, stderr } = await runFsha([...goOn, '--config', config], 60_000);
        const state = await table.then(
          more === 0 ? 'drain: went on with that run' : 'resume --undo: nothing to do',
          exitCode,
        );
        expect([exitCode, state], `${stdout}\n${stderr}`).toEqual([0, well(more === 0 ? 1 : 0)]);
      }
      if (result.exitCode !== 3) expect(journalFlaws(written())).toEqual([]);
      call?.expectUncut();
      expect(result.exitCode, result.stderr).toBe(diskExit(place, where.includes(',')));
    });
  },
);

describe.each(stages)('%s', (stage) => {
  const its = places.filter((place) => place.stage === stage);
  const names = its.map(placeName).join(', ');

  // There and back, and further the other way round: in each step it jumps once in each direction.
  test.each([5, -5])(`the wall clock jumps in ${names}, first by %i hours`, async (first) => {
    const elsewhere = await callElsewhere(cluster);
    const call = its.some(mayHaveCalls) ? await startWaitedCall(cluster) : null;
    const jumps = its.map((place, index) => ({ place, hours: index % 2 === 0 ? first : -first }));
    const orders = jumps.map(({ place, hours }) => ({
      ...({ when: 'after', key: begins(place), nth: 1 } as const),
      act: { kind: 'clock', ms: hours * HOUR } as const,
    }));
    const run = await startStage(cluster, stage, { orders });
    await call?.hangUpOnceWaitedFor({ done: run.fsha.done, events: () => run.events() });
    if (stage === 'guard') await run.until('it keeps watch', ({ step }) => step === 'node-1/guard');
    await finishStage(cluster, stage, run);
    await run.fsha.done;
    await healStage(cluster, stage);
    const ended = await run.end();
    const { events, exitCode, ms } = ended;
    for (const { place, hours } of jumps) {
      const jump = events.findLastIndex((event) => `${event.type} ${event.step ?? ''}` === begins(place));
      const [before, after] = [events[jump], events[jump + 1]].map((event) => Date.parse(event?.at ?? ''));
      expect(Math.round(((after ?? 0) - (before ?? 0)) / HOUR), placeName(place)).toBe(hours);
    }
    for (const { place, hours } of its.length > 1 ? jumps : [])
      table.among({
        ...{ case: `the clock jumps by ${hours} h in ${placeName(place)}`, did: 'went on' },
        ...{ state: 'see below', exit: exitCode },
      });
    await table.judge(
      `${its.length > 1 ? '  the end of these, first' : 'the clock jumps'} by ${first} h in ${names}`,
      {
        ended,
        stateDir: run.stateDir,
        elsewhere,
        restartsWhenDone: cleanRestarts(stage),
      },
    );
    call?.expectUncut();
    expect(exitCode).toBe(cleanExit(stage));
    // What took how long is told by the other clock.
    const resumed = only(events, 'run.resumed').at(-1)?.seq ?? 0;
    const took = only(events, 'step.settled')
      .filter(({ seq }) => seq > resumed)
      .map(({ data }) => data.ms);
    expect(Math.min(...took)).toBeGreaterThanOrEqual(0);
    if (stage !== 'guard') expect(took.reduce((sum, one) => sum + one, 0)).toBeLessThan(ms);
  });

  test.each(its.map((place) => [placeName(place), place] as const))(
    'whoever reads its stdout goes away in %s',
    async (name, place) => {
      const elsewhere = await callElsewhere(cluster);
      const call = mayHaveCalls(place) ? await startWaitedCall(cluster) : null;
      const run = await startStage(cluster, stage, {
        moments: [{ when: 'after', key: begins(place), hook: () => run.fsha.closeStdout() }],
      });
      await call?.hangUpOnceWaitedFor({ done: run.fsha.done, events: () => run.events() });
      await run.met();
      await finishStage(cluster, stage, run);
      await run.fsha.done;
      await healStage(cluster, stage);
      const ended = await run.end();
      await table.judge(`stdout is closed in ${name}`, {
        ended,
        stateDir: run.stateDir,
        elsewhere,
        restartsWhenDone: cleanRestarts(stage),
      });
      call?.expectUncut();
      expect(ended.exitCode, ended.stderr).toBe(cleanExit(stage));
    },
  );
});
