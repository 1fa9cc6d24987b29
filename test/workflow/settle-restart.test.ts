/** A restart that another process announced: when it is known to be over, and what became of it. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FshaError } from '../../src/domain/errors.ts';
import type { Intent } from '../../src/domain/effect.ts';
import type { NodeObservation } from '../../src/domain/observation.ts';
import type { EffectSettled, NewEvent } from '../../src/domain/run-events.ts';
import type { CommandResult } from '../../src/workflow/ports.ts';
import type { StepContext } from '../../src/workflow/step.ts';
import { untilNothingUnderWay } from '../../src/workflow/restart-under-way.ts';
import { settleRestart } from '../../src/workflow/steps/settle-restart.ts';
import { cluster, DOWN, known, node, seenNode, unknown } from '../domain/builders.ts';
import { ManualClock } from '../support/manual-clock.ts';

const TIMEOUT = 20_000;
/** What is granted beyond it: ms. */
const GRACE = 30_000;
const FREE = 0;
/** The exit status of `flock` that did not get the lock. */
const TAKEN = 75;

type Answer = () => number | FshaError;

let clock: ManualClock;
let events: NewEvent[];
/** What the command under the node's own lock exits with; an error is thrown. */
let lock: Answer;
let stderr: string;
let shows: () => Partial<NodeObservation>;
/** How the restart that was announced ended, as far as that is recorded. */
let recorded: EffectSettled | null;
let memory: { outSince: number | null; isRestarted: boolean };
let guarded: string[];
let stop: AbortController;

beforeEach(() => {
  clock = new ManualClock();
  events = [];
  lock = () => FREE;
  stderr = '';
  shows = () => ({ coreUuid: known('before') });
  recorded = null;
  memory = { outSince: 5, isRestarted: false };
  guarded = [];
  stop = new AbortController();
});
afterEach(() => stop.abort());

function context(): StepContext {
  const intent: Intent = {
    effect: 'node.restart',
    target: { node: 'node-1' },
    found: 'before',
    wanted: 'restart-it',
  };
  const run = (): Promise<CommandResult> => {
    const exit = lock();
    if (exit instanceof FshaError) return Promise.reject(exit);
    return Promise.resolve({ exitCode: exit, signal: null, stdout: '', stderr });
  };
  return {
    world: {
      cluster: cluster(),
      clock,
      guard: (_node: string, command: string) => {
        guarded.push(command);
        return command;
      },
      hosts: new Map([['node-1', { login: () => Promise.resolve(), run }]]),
      nodes: new Map([['node-1', { observe: () => Promise.resolve(seenNode('node-1', shows())) }]]),
    },
    node: node('node-1', '10.0.1.10', { restart: { command: 'restart-it', timeout: TIMEOUT } }),
    step: 'node-1/x',
    signal: stop.signal,
    record: (event: NewEvent) => Promise.resolve(void events.push(event)),
    soFar: () => ({ effects: [{ intent, step: 'node-1/restart', settled: recorded }] }),
    memory,
  } as unknown as StepContext;
}

/** Begins, and tells what it came to: null while it goes on, with the ms at which it ended. */
function watched(work: (context: StepContext) => Promise<unknown>): { what: unknown; at: number } {
  const end: { what: unknown; at: number } = { what: null, at: Number.POSITIVE_INFINITY };
  void work(context())
    .then((what) => what ?? 'over')
    .catch((error: unknown) => error)
    .then((what) => Object.assign(end, { what, at: clock.now() }));
  return end;
}

const retries = (): readonly string[] =>
  events.flatMap((event) => (event.type === 'step.retrying' ? [event.data.error.message] : []));

describe('untilNothingUnderWay', () => {
  const untilAnnouncedIsOver = (own: StepContext): Promise<void> => untilNothingUnderWay(own, 'announced');

  test('no restart holds the lock of the node: at once, and nothing is said', async () => {
    const end = watched(untilAnnouncedIsOver);
    await clock.pass(0);
    expect([end.what, events]).toEqual(['over', []]);
    // The lock is not waited for on the node: it is asked for again from here, where a signal is heard.
    expect(guarded).toEqual(['true']);
  });

  test('one holds it: until it is over, said once', async () => {
    lock = () => (clock.now() < 12_000 ? TAKEN : FREE);
    const end = watched(untilAnnouncedIsOver);
    await clock.pass(11_999);
    expect(end.what).toBeNull();
    await clock.pass(1_000);
    expect(end.what).toBe('over');
    expect(retries()).toEqual(['a restart of node-1 is still under way']);
  });

  test('one held it, and the node is not up again: until it answers, or the time of a restart is over', async () => {
    lock = () => (clock.now() < 2_000 ? TAKEN : FREE);
    shows = () => (clock.now() < 9_000 ? { trouble: DOWN } : {});
    const up = watched(untilAnnouncedIsOver);
    await clock.pass(8_999);
    expect(up.what).toBeNull();
    await clock.pass(1_000);
    expect(up.what).toBe('over');
    lock = () => (clock.now() < 12_000 ? TAKEN : FREE);
    shows = () => ({ trouble: DOWN });
    const down = watched(untilAnnouncedIsOver);
    await clock.pass(TIMEOUT + GRACE - 1);
    expect(down.what).toBeNull();
    await clock.pass(1_000);
    expect(down.what).toBe('over');
  });

  test('none holds it, and the node is down: that is for others to say', async () => {
    shows = () => ({ trouble: DOWN });
    const end = watched(untilAnnouncedIsOver);
    await clock.pass(0);
    expect(end.what).toBe('over');
  });

  test('one holds it for longer than a restart takes: refused', async () => {
    lock = () => TAKEN;
    const end = watched(untilAnnouncedIsOver);
    await clock.pass(TIMEOUT + GRACE - 1);
    expect(end.what).toBeNull();
    await clock.pass(1_000);
    expect(end.what).toMatchObject({
      code: 'refused',
      message:
        'a restart of node-1 was announced, and may be under way still: a restart of node-1 is still under way',
    });
  });

  test.each<[string, Answer, RegExp]>([
    ['SSH is refused', () => new FshaError('connect.refused', 'SSH is refused'), /: SSH is refused$/],
    ['there is no flock', () => 127, /cannot be told: sh: flock: not found$/],
  ])('that cannot be told, since %s: refused, and not waited for', async (_, answer, why) => {
    lock = answer;
    stderr = 'sh: flock: not found\n';
    const end = watched(untilAnnouncedIsOver);
    await clock.pass(0);
    expect(end.what).toMatchObject({ code: 'refused', message: expect.stringMatching(why) as string });
  });

  test('no run is known that could have begun one: what holds the lock is waited for, what cannot be told is not', async () => {
    lock = () => (clock.now() < 2_000 ? TAKEN : FREE);
    const taken = watched((own) => untilNothingUnderWay(own, 'nothing'));
    await clock.pass(1_999);
    expect(taken.what).toBeNull();
    await clock.pass(1_000);
    expect(taken.what).toBe('over');
    lock = () => new FshaError('connect.refused', 'SSH is refused');
    const silent = watched((own) => untilNothingUnderWay(own, 'nothing'));
    await clock.pass(0);
    expect(silent.what).toBe('over');
  });

  test('a lock that was held, and cannot be asked any more, is not taken for free', async () => {
    const from = clock.now();
    lock = () => (clock.now() < from + 1_000 ? TAKEN : new FshaError('connect.refused', 'SSH is refused'));
    const end = watched((own) => untilNothingUnderWay(own, 'nothing'));
    await clock.pass(1_500);
    expect(end.what).toMatchObject({
      code: 'refused',
      message: 'a restart of node-1 by another hand does not end: SSH is refused',
    });
  });

  test('the node is marked by a run that is unknown here: what cannot be told is refused, and why', async () => {
    lock = () => new FshaError('connect.refused', 'SSH is refused');
    const end = watched((own) => untilNothingUnderWay(own, 'unknown run'));
    await clock.pass(0);
    expect(end.what).toMatchObject({
      code: 'refused',
      message:
        'node-1 is marked by a run of which nothing is known here, and a restart of it may be under way: SSH is refused',
    });
  });

  test('a wish to stop ends the wait', async () => {
    lock = () => TAKEN;
    const end = watched(untilAnnouncedIsOver);
    await clock.pass(5_000);
    stop.abort();
    await clock.pass(0);
    expect(end.what).toMatchObject({ code: 'interrupted' });
  });
});

describe('settleRestart', () => {
  const settled = (): unknown[] =>
    events.flatMap((event) =>
      event.type === 'effect.settled' ? [[event.data.outcome, event.data.read]] : [],
    );

  test('a new core_uuid is proof, while something is under way still', async () => {
    lock = () => TAKEN;
    shows = () => ({ coreUuid: known(clock.now() < 4_000 ? 'before' : 'after') });
    const end = watched((own) => settleRestart(own, {}));
    await clock.pass(3_999);
    expect(end.what).toBeNull();
    await clock.pass(1_000);
    expect([end.what, memory.isRestarted, settled()]).toEqual(['succeeded', true, [['done', 'after']]]);
  });

  test('an unchanged one says nothing while something is under way, and not in the moment in which nothing is', async () => {
    const over = 10_000;
    lock = () => (clock.now() < over ? TAKEN : FREE);
    const end = watched((own) => settleRestart(own, {}));
    await clock.pass(over + 2_900);
    expect([end.what, settled()]).toEqual([null, []]);
    await clock.pass(1_000);
    expect([end.what, memory.isRestarted, settled()]).toEqual(['succeeded', false, [['failed', 'before']]]);
    // The calls that it has still get the whole time of a drain, and not what the wait for the restart has left of it.
    expect(memory.outSince).toBe(end.at);
  });

  test('a node that was not taken out is not said to be out since then', async () => {
    memory.outSince = null;
    const end = watched((own) => settleRestart(own, {}));
    await clock.pass(5_000);
    expect([end.what, memory.outSince]).toEqual(['succeeded', null]);
  });

  test.each<[string, Answer, string]>([
    ['nothing is under way, and it is silent', () => FREE, 'restart.failed'],
    ['something is under way to the end', () => TAKEN, 'effect.unknown'],
    ['nobody can log in', () => new FshaError('connect.refused', 'SSH is refused'), 'effect.unknown'],
  ])('%s: %s', async (_, answer, code) => {
    lock = answer;
    if (code === 'restart.failed') shows = () => ({ trouble: DOWN, coreUuid: unknown('it is down') });
    const end = watched((own) => settleRestart(own, {}));
    await clock.pass(TIMEOUT + GRACE + 1_000);
    expect([end.what, settled()]).toEqual([expect.objectContaining({ code }), []]);
  });

  test('what was recorded as done is not looked at again', async () => {
    recorded = { effect: 'node.restart', target: { node: 'node-1' }, outcome: 'done', read: 'after' };
    const end = watched((own) => settleRestart(own, {}));
    await clock.pass(0);
    expect([end.what, memory.isRestarted, guarded]).toEqual(['skipped', true, []]);
  });
});
