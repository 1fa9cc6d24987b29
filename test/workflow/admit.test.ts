import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FshaError } from '../../src/domain/errors.ts';
import { known, type NodeObservation } from '../../src/domain/observation.ts';
import type { RollingPlan } from '../../src/domain/rolling/rolling-plan.ts';
import type { Policy } from '../../src/domain/policy.ts';
import type { NewEvent } from '../../src/domain/run-events.ts';
import { newMemory, type Rolling, type StepContext } from '../../src/workflow/step.ts';
import { admit } from '../../src/workflow/steps/admit.ts';
import { deadlineOf } from '../../src/workflow/steps/wait-drained.ts';
import { Watcher } from '../../src/workflow/watcher.ts';
import { cluster, node, policy, seenNode, seenProxy } from '../domain/builders.ts';
import { rolling } from '../domain/rolling/rolling-plan.ts';
import { HELD } from '../support/held-lock.ts';
import { ManualClock } from '../support/manual-clock.ts';

const NODES = [node('node-1', '10.0.1.10'), node('node-2', '10.0.1.11'), node('node-3', '10.0.1.12')];
const MINUTE = 60_000;

let clock: ManualClock;
let stop: AbortController;
let watcher: Watcher;
/** Calls of each node. */
let calls: Record<string, number>;
/** Of the last five minutes, where it is not the same. */
let peaks: Record<string, number>;
let events: NewEvent[];
let shared: Rolling;
let stopped: string | null;

beforeEach(async () => {
  clock = new ManualClock();
  stop = new AbortController();
  calls = { 'node-1': 10, 'node-2': 10, 'node-3': 10 };
  peaks = {};
  events = [];
  stopped = null;
  const nodes = NODES.map(({ name }) => ({
    node: name,
    observe: (): Promise<NodeObservation> => {
      const up = known(calls[name] ?? 0);
      const peak5Min = known(peaks[name] ?? calls[name] ?? 0);
      return Promise.resolve(seenNode(name, { at: clock.now(), sessions: up, calls: up, peak5Min }));
    },
  }));
  const listed = NODES.map(({ sip }) => [`sip:${sip.ip ?? ''}:5080`, 'AP'] as const);
  const proxies = ['lb-1', 'lb-2'].map((proxy) => ({
    proxy,
    observe: () => Promise.resolve(seenProxy(proxy, listed, { at: clock.now() })),
  }));
  watcher = new Watcher(nodes, proxies as never, clock, 5_000);
  watcher.start();
  share();
  await clock.pass(10);
});
afterEach(async () => {
  stop.abort();
  await clock.pass(MINUTE);
  await watcher.stop();
});

function share(changes: Partial<RollingPlan> = {}): void {
  const limits = { maxUnavailable: 2, headroom: 0, dispatch: 'next' } as const;
  shared = {
    plan: rolling({ limits, ...changes }),
    admitted: new Set(),
    emptied: new Set(),
    surges: new Map(),
    closed: null,
    whyStopped: () => stopped,
  };
}

function contextOf(name: string, changes: Partial<Policy> = {}): StepContext {
  const its = NODES.find((one) => one.name === name);
  return {
    world: {
      cluster: cluster({ nodes: NODES }),
      clock,
      lock: HELD,
      nodes: new Map(NODES.map((one) => [one.name, {}])),
      proxies: new Map([
        ['lb-1', {}],
        ['lb-2', {}],
      ]),
    },
    watcher,
    node: its,
    step: `${name}/admit`,
    run: 'r1',
    who: 'me',
    signal: stop.signal,
    leave: stop.signal,
    policy: () => policy({ timeout: 10 * MINUTE, ...changes }),
    record: (event: NewEvent) => Promise.resolve(void events.push(event)),
    soFar: () => ({ steps: {} }),
    memory: newMemory(null, shared),
  } as unknown as StepContext;
}

interface Asked {
  what: string | null;
}

/** Asks for a node, and tells what it came to: null while it waits. */
function ask(name: string, changes: Partial<Policy> = {}): Asked {
  const asked: Asked = { what: null };
  admit(contextOf(name, changes), {}).then(
    (outcome) => (asked.what = outcome),
    (error: unknown) =>
      (asked.what = error instanceof FshaError ? `${error.code}: ${error.message}` : String(error)),
  );
  return asked;
}

const said = (): readonly string[] =>
  events.flatMap((event) => (event.type === 'step.retrying' ? [event.data.error.message] : []));

test('there is room: admitted at once, without a word', async () => {
  const one = ask('node-1');
  await clock.pass(100);
  expect([one.what, events, [...shared.admitted]]).toEqual(['succeeded', [], ['node-1']]);
});

test('two ask at once, and there is room for one: the other waits until that one is back', async () => {
  calls = { 'node-1': 40, 'node-2': 40, 'node-3': 40 };
  await clock.pass(1_000);
  const [one, two] = [ask('node-1'), ask('node-2')];
  await clock.pass(MINUTE);
  expect([one.what, two.what]).toEqual(['succeeded', null]);
  expect(said()).toEqual([
    'node-2 waits: the others would be too full: node-3 would have 120 calls, its capacity is 100',
  ]);
  shared.admitted.delete('node-1');
  await clock.pass(6_000);
  expect([two.what, [...shared.admitted]]).toEqual(['succeeded', ['node-2']]);
});

test('two ask at once: the peak that the first had a moment ago counts against the second, for five minutes', async () => {
  calls = { 'node-1': 5, 'node-2': 5, 'node-3': 45 };
  peaks = { 'node-1': 30, 'node-2': 30 };
  // All of them have been read since.
  await clock.pass(10_000);
  const [one, two] = [ask('node-1'), ask('node-2')];
  await clock.pass(MINUTE);
  expect([one.what, two.what]).toEqual(['succeeded', null]);
  expect(said()).toEqual([
    'node-2 waits: the others would be too full: node-3 would have 105 calls, its capacity is 100',
  ]);
  await clock.pass(3.8 * MINUTE);
  expect(two.what).toBeNull();
  await clock.pass(MINUTE);
  expect(two.what).toBe('succeeded');
});

test('why it waits is said once for the same words, and at the deadline', async () => {
  calls['node-1'] = 95;
  const one = ask('node-1', { timeout: 2 * MINUTE });
  await clock.pass(MINUTE);
  expect([one.what, said().length]).toEqual([null, 1]);
  calls['node-2'] = 20;
  await clock.pass(20_000);
  expect(said().at(-1)).toMatch(/node-2 would have 115 calls/);
  await clock.pass(MINUTE);
  expect(one.what).toMatch(/^drain\.expired: node-1 was not taken out: the others would be too full/);
  expect(shared.admitted.size).toBe(0);
});

test('the run begins no further node while it waits', async () => {
  calls['node-1'] = 95;
  const one = ask('node-1');
  await clock.pass(MINUTE);
  stopped = 'node-2 was not brought through, and none may';
  await clock.pass(10_000);
  expect(one.what).toBe('rolling.stopped: node-1 is not begun: node-2 was not brought through, and none may');
});

test('it is told to stop while it waits', async () => {
  calls['node-1'] = 95;
  const one = ask('node-1');
  await clock.pass(MINUTE);
  stop.abort();
  await clock.pass(1);
  expect(one.what).toMatch(/^interrupted/);
});

describe('a window', () => {
  // The longest restart (its timeout of 90 s twice, and 15 s), verify (120 s), the wait for pings (35 s) and as long a soak.
  const BEHIND = 385_000;
  /** Calls that are cut have 30 s to be gone, settle and frTimer. */
  const CUT = 65_000;
  const untilIn = (ms: number): number => clock.wall().getTime() + ms;

  test('as much as is wanted is left: begun', async () => {
    share({
      window: { asked: '05:00', until: untilIn(15 * MINUTE + BEHIND + 1_000), minDrain: 15 * MINUTE },
    });
    const one = ask('node-1');
    await clock.pass(100);
    expect(one.what).toBe('succeeded');
  });
  test('less is left: not begun', async () => {
    share({
      window: { asked: '05:00', until: untilIn(15 * MINUTE + BEHIND - 1_000), minDrain: 15 * MINUTE },
    });
    const one = ask('node-1');
    await clock.pass(100);
    expect(one.what).toBe(
      'rolling.stopped: node-1 is not begun: too little time is left until the window closes',
    );
  });
  test('it closes while the node waits', async () => {
    calls['node-1'] = 95;
    share({ window: { asked: '05:00', until: untilIn(16 * MINUTE + BEHIND), minDrain: 15 * MINUTE } });
    const one = ask('node-1');
    await clock.pass(50_000);
    expect(one.what).toBeNull();
    await clock.pass(20_000);
    expect(one.what).toMatch(/^rolling\.stopped/);
  });

  test.each([
    ['sooner than its timeout', 5 * MINUTE, 5 * MINUTE],
    ['later than its timeout', 20 * MINUTE, 10 * MINUTE],
  ])('it closes %s: the sooner one is the deadline', (_, left, expected) => {
    share({ window: { asked: '05:00', until: untilIn(left + BEHIND), minDrain: MINUTE } });
    const context = contextOf('node-1');
    context.memory.outSince = clock.now();
    expect(deadlineOf(context)).toBe(clock.now() + expected);
  });
  test('where calls are cut then, these have their time to be gone, and no more', () => {
    share({ window: { asked: '05:00', until: untilIn(5 * MINUTE + BEHIND), minDrain: MINUTE } });
    const context = contextOf('node-1', { timeout: null, onTimeout: 'hangup' });
    context.memory.outSince = clock.now();
    expect(deadlineOf(context)).toBe(clock.now() + 5 * MINUTE - CUT);
    context.memory.cutAt = clock.now() + 5 * MINUTE - 1_000;
    expect(deadlineOf(context)).toBe(clock.now() + 5 * MINUTE);
  });
  test('where calls are cut then, that time is not one to drain', async () => {
    const left = 15 * MINUTE + BEHIND + CUT;
    for (const [until, expected] of [
      [untilIn(left + 1_000), 'succeeded'],
      [untilIn(left - 1_000), expect.stringMatching(/^rolling\.stopped/) as string],
    ] as const) {
      share({ window: { asked: '05:00', until, minDrain: 15 * MINUTE } });
      const one = ask('node-1', { onTimeout: 'hangup' });
      await clock.pass(100);
      expect(one.what).toEqual(expected);
    }
  });
  test('it is a deadline also where there is no other', () => {
    share({ window: { asked: '05:00', until: untilIn(5 * MINUTE + BEHIND), minDrain: MINUTE } });
    expect(deadlineOf(contextOf('node-1', { timeout: null }))).toBe(clock.now() + 5 * MINUTE);
  });
});
