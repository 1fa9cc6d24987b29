/** A second Ctrl-C in every step: fsha leaves at once, and says what is not known and what is left to do. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/domain/run-events.ts';
import { until } from '../support/until.ts';
import { troubleTable } from './harness/case-table.ts';
import { readFinalState } from './harness/final-state.ts';
import { only } from './harness/fsha.ts';
import { SLOW_ANSWERS } from './harness/quick.ts';
import { type RealCluster, startRealCluster } from './harness/real-cluster.ts';
import { type EndedRun, startRun, WITH_GATES } from './harness/run-of.ts';
import { type Moment, signalMoments, WELL } from './harness/signal-moments.ts';

let cluster: RealCluster;
const table = troubleTable('a second signal in every step', () => cluster);

beforeAll(async () => {
  cluster = await startRealCluster({ ...WITH_GATES, settings: SLOW_ANSWERS });
});
beforeEach(async () => {
  await cluster.reset();
  rmSync(hookFile(), { force: true });
});
afterAll(() => cluster.stop());

const hookFile = (): string => join(cluster.directory, 'hook');
const MOMENTS = signalMoments(() => cluster, hookFile);

function momentOf(step: string): Moment {
  const moment = MOMENTS.find((one) => one.step === step);
  if (moment === undefined) throw new Error(`no moment in ${step}`);
  return moment;
}

/** What goes on, without how fsha was called and which run it was. */
function nextOf({ settled, events }: EndedRun): readonly string[] {
  const id = events[0]?.run ?? '';
  return settled.next.map((line) => line.replace(/^fsha --config \S+ /, '').replace(id, 'RUN'));
}

const byHand = (state: string, proxy: string): string =>
  `kamcmd dispatcher.set_state ${state} 1 ${cluster.nodes[0].destination}  # on ${proxy}`;
const UNMARK = `fs_cli -x 'global_setvar fsha_run='  # on node-1`;

/** lb-1 was set as wanted by that step, and lb-2, which is silent from the first signal on, cannot have been. */
const lb1IsSet =
  (step: string, flags: RegExp) =>
  (event: RunEvent): boolean =>
    event.type === 'effect.settled' &&
    event.step === `node-1/${step}` &&
    event.data.effect === 'dispatcher.state' &&
    event.data.target.proxy === 'lb-1' &&
    flags.test(event.data.read ?? '');

/** Stops with SIGINT in that moment, from which on lb-2 is silent, and once more when `then` has happened. */
async function twice(moment: Moment, then: (event: RunEvent) => boolean): Promise<EndedRun> {
  await moment.before?.();
  const run = await startRun(cluster, {
    settings: moment.settings ?? {},
    env: { HOOK_FILE: hookFile() },
  });
  await moment.hit(run, () => {
    void cluster.gates[1].set('silent');
    run.fsha.send('SIGINT');
  });
  await run.until('lb-1 is set', then);
  run.fsha.send('SIGINT');
  return run.end();
}

/** The exit code of the signal that came first: two signals of one moment come in either order. */
function exitOfTheFirst({ events }: EndedRun): number {
  const [first] = only(events, 'request.received');
  if (first?.data.by === 'SIGINT') return 130;
  if (first?.data.by === 'SIGTERM') return 143;
  throw new Error(`no signal was recorded: ${JSON.stringify(first)}`);
}

/** The same with two signals at once, which come in one moment; lb-2 answers. */
async function atOnce(moment: Moment): Promise<EndedRun> {
  await moment.before?.();
  const run = await startRun(cluster, { settings: moment.settings ?? {} });
  await moment.hit(run, () => {
    // Two of one kind that are sent at once are one.
    run.fsha.send('SIGINT');
    run.fsha.send('SIGTERM');
  });
  return run.end();
}

test('in preflight: nothing was changed', async () => {
  const ended = await atOnce(momentOf('preflight'));
  expect(ended.exitCode).toBe(exitOfTheFirst(ended));
  expect(nextOf(ended)).toEqual(['doctor node-1']);
  expect(await table.add('preflight', 'nothing was changed', ended)).toBe(WELL);
});

describe('before the restart, with lb-2 silent: what it says gives it back there', () => {
  test.each(['on_out', 'wait_drained', 'fence', 'restart (last look)'])('in %s', async (step) => {
    const ended = await twice(momentOf(step), lb1IsSet('restore', /^AP$/));
    expect(await table.add(`${step}, lb-2 silent`, 'left, said what to run', ended)).toBe(
      'lb-1 AP, lb-2 DX; open; no restart; marked',
    );
    expect([ended.exitCode, ended.settled.outcome]).toEqual([9, 'unknown']);
    expect(nextOf(ended)).toEqual([
      'status',
      'show RUN',
      'resume RUN --undo',
      byHand('ap', 'lb-2'),
      UNMARK,
      'activate node-1',
    ]);
  });
});

test('in verify: it is out, and that is known', async () => {
  const ended = await atOnce(momentOf('verify'));
  expect(await table.add('verify', 'left it out', ended)).toMatch(
    /^lb-1 DX, lb-2 DX; open; 1 restart; (no mark|marked)$/,
  );
  expect([ended.exitCode, ended.settled.nodes]).toEqual([
    exitOfTheFirst(ended),
    { 'node-1': 'out of service' },
  ]);
  expect(nextOf(ended)).toEqual(['activate node-1']);
});

test('in activate, at lb-1’s ip: unknown, and each proxy on which it is not out is named', async () => {
  const ended = await atOnce(momentOf('activate (at lb-1’s ip)'));
  expect([ended.exitCode, ended.settled.outcome]).toEqual([9, 'interrupted']);
  const { flags } = await readFinalState(cluster);
  const isIn = Object.entries(flags).flatMap(([proxy, now]) => (now === 'DX' ? [] : [byHand('d', proxy)]));
  expect(nextOf(ended)).toEqual(
    expect.arrayContaining(['status', 'show RUN', 'resume RUN', ...isIn, 'activate node-1']),
  );
  expect(await table.add('activate, at lb-1’s ip', 'left, said what to run', ended)).toMatch(
    /; open; 1 restart; marked$/,
  );
});

test('in the soak, with lb-2 silent: out on lb-1, and in on lb-2, which is said', async () => {
  const ended = await twice(momentOf('activate (soak)'), lb1IsSet('activate', /^DX$/));
  expect([ended.exitCode, ended.settled.nodes]).toEqual([9, { 'node-1': 'unknown' }]);
  expect(nextOf(ended)).toEqual(['status', 'show RUN', 'resume RUN', byHand('d', 'lb-2'), 'activate node-1']);
  expect(await table.add('soak, lb-2 silent', 'out on lb-1, said what to run', ended)).toBe(
    'lb-1 DX, lb-2 AP; open; 1 restart; marked',
  );
  // What it says takes it out there.
  await cluster.gates[1].open();
  await cluster.proxies[1].setState('d', 1, cluster.nodes[0].destination);
  await until('it is out', async () =>
    Object.values((await readFinalState(cluster)).flags).every((flags) => flags === 'DX'),
  );
});
