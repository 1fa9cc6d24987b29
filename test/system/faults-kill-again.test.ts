/** A drain that died, and whoever comes then: undoes on, drains anew, dies as well, sits at another host. */
import { cpSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { well } from './harness/fault-cases.ts';
import { begins, mayHaveCalls, type Place, placesOf } from './harness/fault-stages.ts';
import { type Killed, killSuite, said } from './harness/fault-kill-suite.ts';
import { finalState } from './harness/final-state.ts';
import { type FshaResult, journalEvents, only, runFsha, startFsha } from './harness/fsha.ts';
import { FENCED, type KillPoint, killPoints, named, RESTART_ANNOUNCED } from './harness/kill-points.ts';

const suite = killSuite('Killed, and gone on with in other ways');
const LIMIT_MS = 60_000;
const AT_RESTART = { when: 'after', key: RESTART_ANNOUNCED, nth: 1 } as const;

async function expectEnd(what: string, did: string, result: FshaResult, state: string): Promise<void> {
  const real = await suite.row(what, did, result);
  expect([result.exitCode, real], said(result)).toEqual([0, state]);
}

describe('Ctrl-C, and killed in its undo', () => {
  const recorded = inject('recorded').undo;
  const stopped = only(recorded, 'request.settled')[0]?.seq ?? Number.POSITIVE_INFINITY;
  // The wish to stop is recorded: what comes behind it gives the node back.
  const ofUndo = ({ seq, isSettled }: KillPoint): boolean => !isSettled && seq >= stopped;

  test.each(named(killPoints(recorded).filter(ofUndo)))('%s', async (_name, point) => {
    const dead = await suite.killAt(point, {
      moments: (send) => [{ when: 'after', key: FENCED, hook: () => send('SIGINT') }],
    });
    await expectEnd(`killed ${point.name}`, 'resume: undid the rest', await dead.resume(), well(0));
    await dead.expectOver(1);
  });
});

describe('killed as its restart is announced, and the process that goes on is killed, too', () => {
  // What it does that a first process does not; and its own restart.
  const wanted = ({ when, step, key, isSettled }: KillPoint): boolean =>
    when === 'after' &&
    !isSettled &&
    (step === '' ||
      (/^(step.started|effect)/.test(key) && ['keep_out', 'settle_restart', 'restart'].includes(step)));

  test.each(named(killPoints(inject('recorded').resume).filter(wanted)))('%s', async (_name, point) => {
    const dead = await suite.killAt(AT_RESTART);
    await dead.dieAgain(point);
    await expectEnd(`killed, and again ${point.name}`, 'resume: went on', await dead.resume(), well(1));
    await dead.expectOver(2);
  });
});

describe('killed as a step begins, and drained again', () => {
  const drain = (dead: Killed): Promise<FshaResult> =>
    dead.goOn(['drain', 'node-1', '--config', dead.config, '--json']);

  test.each(['preflight', 'deactivate'] as const)('%s: nothing was done, a run of its own', async (step) => {
    const dead = await suite.killAt({ when: 'after', key: begins({ stage: 'drain', step }), nth: 1 });
    const result = await drain(dead);
    await expectEnd(`killed as ${step} begins`, 'drain: a new run', result, well(1));
    expect([result.stderr, journalEvents(dead.stateDir).length]).toEqual(['', 2]);
  });

  const begun = placesOf(inject('recorded')).filter(({ stage }) => stage === 'drain');
  const done = ({ step }: Place): boolean => step !== 'preflight' && step !== 'deactivate';
  test.each(begun.filter(done))('$step: goes on with that run, and says so', async (place) => {
    const { step } = place;
    const dead = await suite.killAt({
      ...{ when: 'after', key: begins(place), nth: 1 },
      isBeforeZero: mayHaveCalls(place),
    });
    const result = await drain(dead);
    await expectEnd(`killed as ${step} begins`, 'drain: went on with that run', result, well(1));
    expect(result.stderr).toContain(`node-1 has an unfinished run: ${dead.run} `);
    await dead.expectOver(1);
  });
});

describe('on another host, to which the journal was copied', () => {
  async function elsewhere(dead: Killed): Promise<(...flags: readonly string[]) => Promise<FshaResult>> {
    const config = await suite.cluster().configWith({});
    cpSync(dead.stateDir, suite.cluster().stateDirOf(config), { recursive: true });
    return (...flags) => runFsha(['resume', dead.run, '--config', config, '--json', ...flags], LIMIT_MS);
  }

  test('its mark is fresh: refused, unless that is overruled', async () => {
    const dead = await suite.killAt({
      when: 'after',
      key: begins({ stage: 'drain', step: 'wait_drained' }),
      nth: 1,
    });
    const found = await finalState(suite.cluster());
    const resume = await elsewhere(dead);
    const refused = await resume();
    expect([refused.exitCode, await finalState(suite.cluster())], said(refused)).toEqual([4, found]);
    const what = 'killed as wait_drained begins, journal copied to another host';
    await suite.row(what, 'resume: refused, its mark is fresh', refused);
    await expectEnd(what, 'resume --force mark: went on', await resume('--force', 'mark'), well(1));
  });

  test('its mark died with the restart, and its journal is fresh: refused, unless that is overruled', async () => {
    const dead = await suite.killAt({
      when: 'before',
      key: 'effect.settled node-1/restart node.restart',
      nth: 1,
    });
    const resume = await elsewhere(dead);
    const what = 'killed as its restart was done, journal copied to another host';
    const refused = await resume();
    expect(refused.exitCode, said(refused)).toBe(4);
    await suite.row(what, 'resume: refused, its journal is fresh', refused);
    await expectEnd(what, 'resume --force mark: went on', await resume('--force', 'mark'), well(1));
  });
});

test('killed while its restart is under way on the node: waited for, and not done twice', async () => {
  const [node] = suite.cluster().nodes;
  const [begun, go] = ['begun', 'go'].map((name) => join(suite.cluster().directory, name)) as [
    string,
    string,
  ];
  const command = `touch ${begun}; while [ ! -e ${go} ]; do sleep 0.1; done; ${node.restartCommand}`;
  const dead = await suite.killWhen('the restart is under way', () => existsSync(begun), {
    settings: { nodes: { 'node-1': { restart: { command, timeout: '30s' } } } },
  });
  const resuming = await startFsha(['resume', dead.run, '--config', dead.config, '--json']);
  await resuming.untilEvent(
    (event) =>
      event.type === 'step.retrying' &&
      /a restart of node-1 is still under way/.test(event.data.error.message),
  );
  expect(node.starts()).toBe(suite.cluster().startsBefore(node));
  writeFileSync(go, '');
  const result = await resuming.done;
  await expectEnd('killed while its restart is under way', 'resume: waited for it', result, well(1));
  expect(
    only(dead.events(), 'effect.intended').filter(({ data }) => data.effect === 'node.restart'),
  ).toHaveLength(1);
  await dead.expectOver(1);
});
