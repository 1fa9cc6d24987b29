/** A process of fsha's that is stopped (Ctrl-Z, a machine that sleeps) in any step, and goes on later; or finds that somebody has taken over. */
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, inject, test } from 'vitest';
import { callElsewhere, well } from './harness/fault-cases.ts';
import { startNodeCall } from './harness/fault-call.ts';
import { bothSaid, expectOver, hostsSuite, otherHost } from './harness/fault-hosts.ts';
import {
  begins,
  cleanExit,
  finishStage,
  healStage,
  type Place,
  placeName,
  placesOf,
  startStage,
} from './harness/fault-stages.ts';
import { RESTART_ANNOUNCED } from './harness/kill-points.ts';

const { cluster, row } = hostsSuite('A process that is stopped, and goes on');
const places = placesOf(inject('recorded'));
const stages = [...new Set(places.map(({ stage }) => stage))];

/** Longer than a connection may be silent: ms. */
const STOPPED = 2_500;

describe.each(stages)('%s', (stage) => {
  const its = places.filter((place) => place.stage === stage);

  test(`stopped for a while in ${its.map(placeName).join(', ')}: it goes on`, async () => {
    const elsewhere = await callElsewhere(cluster());
    const run = await startStage(cluster(), stage, {
      moments: its.map((place) => ({
        when: 'after',
        key: begins(place),
        hook: async () => {
          run.fsha.send('SIGSTOP');
          await delay(STOPPED);
          run.fsha.send('SIGCONT');
        },
      })),
    });
    await run.met();
    await finishStage(cluster(), stage, run);
    await run.fsha.done;
    await healStage(cluster(), stage);
    const ended = await run.end();
    for (const place of its) await row(`stopped for a while in ${placeName(place)}`, 'went on', ended);
    expect(ended.exitCode, bothSaid(ended)).toBe(cleanExit(stage));
    await expectOver(run.stateDir);
    expect(await elsewhere.isUp()).toBe(true);
  });
});

interface Moment {
  readonly where: string;
  readonly key: string;
  readonly end: keyof typeof ENDS;
}

const ENDS = {
  'drained it': [0, well(1)],
  'gave way': [4, well(0)],
  // What was announced can be said to be nothing by nobody who does not look.
  'gave way, and tells to look': [9, well(0)],
  'had restarted it': [0, well(1)],
} as const;

const MOMENTS: readonly Moment[] = [
  ...places
    .filter(({ stage }) => stage === 'drain')
    .map((place) => ({ where: place.step, key: begins(place), end: endOf(place) })),
  { where: 'restart, announced', key: RESTART_ANNOUNCED, end: 'gave way, and tells to look' },
];

/** Before the node is marked there is nothing to take over; behind its restart nothing but to bring it back, as the other one did. */
function endOf({ step }: Place): Moment['end'] {
  if (step === 'preflight' || step === 'deactivate') return 'drained it';
  return step === 'verify' || step === 'activate' ? 'had restarted it' : 'gave way';
}

test.each(MOMENTS.map((moment) => [moment.where, moment] as const))(
  'stopped in %s while another host brings the node back: that one has it, and its calls',
  async (where, { key, end }) => {
    const elsewhere = await callElsewhere(cluster());
    const other = await otherHost(cluster());
    const run = await startStage(cluster(), 'drain', {
      moments: [{ when: 'after', key, hook: () => run.fsha.send('SIGSTOP') }],
    });
    await run.met();
    const activated = await other.run('activate', 'node-1', '--force', 'mark');
    await row(`stopped in ${where}, then activate --force mark on another host`, 'that one', activated);
    const call = end === 'drained it' ? null : await startNodeCall(cluster().nodes[0]);
    run.fsha.send('SIGCONT');
    const ended = await run.end();
    const state = await row('  the one that was stopped goes on', end, ended);
    const its = [activated.exitCode, ended.exitCode, state];
    expect(its, bothSaid(ended, activated)).toEqual([0, ...ENDS[end]]);
    await call?.hangUp();
    await Promise.all([expectOver(run.stateDir), expectOver(other.stateDir)]);
    expect(await elsewhere.isUp()).toBe(true);
  },
);
