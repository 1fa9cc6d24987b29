import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeMark } from '../../src/domain/mark.ts';
import { known, type NodeObservation, unknown } from '../../src/domain/observation.ts';
import type { Policy } from '../../src/domain/policy.ts';
import type { NewEvent } from '../../src/domain/run-events.ts';
import { newMemory, type Rolling, type StepContext } from '../../src/workflow/step.ts';
import { waitDrained } from '../../src/workflow/steps/wait-drained.ts';
import { Watcher } from '../../src/workflow/watcher.ts';
import { baseline, cluster, DOWN, node, policy, seenNode, seenProxy } from '../domain/builders.ts';
import { rolling } from '../domain/rolling/rolling-plan.ts';
import { HELD } from '../support/held-lock.ts';
import { ManualClock } from '../support/manual-clock.ts';

const NODES = [node('node-1', '10.0.1.10'), node('node-2', '10.0.1.11'), node('node-3', '10.0.1.12')];
const POLL = 5_000;
const MINUTE = 60_000;
const SILENT = {
  trouble: DOWN,
  ready: unknown('it is down'),
  pause: unknown('it is down'),
  sessions: unknown('it is down'),
  calls: unknown('it is down'),
} as const;

let clock: ManualClock;
let stop: AbortController;
let watcher: Watcher;
let sessions: Record<string, number>;
/** What else is so of a node. */
let changes: Record<string, Partial<NodeObservation>>;
/** FLAGS on both proxies. */
let flags: Record<string, string>;
let events: NewEvent[];
/** What the step came to; undefined while it goes on. */
let end: unknown;

beforeEach(() => {
  clock = new ManualClock();
  stop = new AbortController();
  sessions = { 'node-1': 10, 'node-2': 10, 'node-3': 10 };
  changes = {};
  flags = { 'node-1': 'DX', 'node-2': 'AP', 'node-3': 'AP' };
  events = [];
  end = undefined;
});
afterEach(async () => {
  stop.abort();
  await clock.pass(MINUTE);
  await watcher.stop();
});

interface Drain {
  /** Out of a rolling run; else of `fsha drain`. */
  readonly isRolling?: boolean;
  readonly policy?: Partial<Policy>;
  readonly found?: string;
  readonly foundPaused?: boolean;
  readonly headroom?: number;
  readonly nodes?: readonly string[];
}

/** Begins to wait for the calls of node-1, which is out. */
async function begin(drain: Drain = {}): Promise<void> {
  const its = NODES.filter(({ name }) => (drain.nodes ?? ['node-1', 'node-2']).includes(name));
  const observe = (name: string) => (): Promise<NodeObservation> => {
    const up = known(sessions[name] ?? 0);
    const at = clock.now();
    const mark = known(writeMark({ run: 'r1', who: 'me', token: null, guard: false }, clock.wall()));
    return Promise.resolve(
      seenNode(name, { at, sessions: up, calls: up, peak5Min: up, channels: up, mark, ...changes[name] }),
    );
  };
  const ports = its.map(({ name }) => ({
    node: name,
    observe: observe(name),
    onActivity: () => () => undefined,
  }));
  const listed = () => its.map(({ name, sip }) => [`sip:${sip.ip ?? ''}:5080`, flags[name] ?? 'AP'] as const);
  const proxies = ['lb-1', 'lb-2'].map((proxy) => ({
    proxy,
    observe: () => Promise.resolve(seenProxy(proxy, listed(), { at: clock.now() })),
  }));
  watcher = new Watcher(ports, proxies as never, clock, POLL);
  watcher.start();
  await clock.pass(10);
  const limits = { maxUnavailable: 1, headroom: drain.headroom ?? 0, dispatch: 'next' } as const;
  const shared: Rolling = {
    plan: rolling({ limits }),
    admitted: new Set(['node-1']),
    emptied: new Set(),
    surges: new Map(),
    closed: null,
    whyStopped: () => null,
  };
  const memory = { ...newMemory(null, drain.isRolling === false ? null : shared), outSince: clock.now() };
  const before = baseline();
  const found = before.destinations.map((one) => ({ ...one, flags: drain.found ?? 'AP' }));
  const taken = {
    ...before,
    destinations: found,
    coreUuid: 'uuid-of-node-1',
    pause: { inbound: drain.foundPaused === true, outbound: false },
  };
  const context = {
    world: {
      cluster: cluster({ nodes: its }),
      clock,
      lock: HELD,
      nodes: new Map(ports.map((one) => [one.node, one])),
      proxies: new Map(proxies.map((one) => [one.proxy, one])),
      hosts: new Map(),
    },
    watcher,
    node: NODES[0],
    step: 'node-1/wait_drained',
    run: 'r1',
    who: 'me',
    signal: stop.signal,
    leave: stop.signal,
    policy: () => policy({ timeout: 60 * MINUTE, poll: POLL, restart: false, ...drain.policy }),
    record: (event: NewEvent) => Promise.resolve(void events.push(event)),
    soFar: () => ({ steps: {}, effects: [], baseline: taken, wishes: { cut: null } }),
    memory,
  } as unknown as StepContext;
  void waitDrained(context, {}).then(
    (outcome) => (end = outcome),
    (error: unknown) => (end = error),
  );
  await clock.pass(MINUTE);
}

const warnings = (): readonly string[] =>
  events.flatMap((event) => (event.type === 'warning' ? [event.data.message] : []));
const reasons = (): readonly string[] =>
  events.flatMap((event) => (event.type === 'step.progress' ? event.data.observation.why : [])).slice(-2);
const GIVEN_BACK = {
  code: 'drain.needed',
  message: expect.stringMatching(/nobody but node-1 is left/) as string,
};

describe.each([
  ['a rolling run', true],
  ['a drain', false],
])('the only other one goes while node-1 of %s waits for its calls', (_, isRolling) => {
  test('the proxies have it inactive: given back with the second look', async () => {
    await begin({ isRolling });
    expect([end, warnings()]).toEqual([undefined, []]);
    flags['node-2'] = 'IP';
    await clock.pass(2 * POLL);
    expect(end).toMatchObject(GIVEN_BACK);
    expect(String(end)).toContain('set 1 of lb-1 (node-2 is inactive there)');
    expect(warnings()).toHaveLength(1);
  });

  test('it is not ready: given back, too', async () => {
    await begin({ isRolling });
    changes['node-2'] = { ready: known(false) };
    await clock.pass(2 * POLL);
    expect(end).toMatchObject(GIVEN_BACK);
  });

  test('it does not answer: shown at once, given back when that lasts', async () => {
    await begin({ isRolling });
    changes['node-2'] = SILENT;
    await clock.pass(POLL + 100);
    expect([end, warnings()]).toEqual([
      undefined,
      [
        expect.stringMatching(
          /^node-1 is out, and nobody else may be left in set 1 of lb-1 \(node-2 cannot be read/,
        ),
      ],
    ]);
    expect(reasons().at(-1)).toMatch(/nobody else may be left/);
    await clock.pass(4_000);
    expect(end).toBeUndefined();
    await clock.pass(10_000);
    expect(end).toMatchObject(GIVEN_BACK);
  });

  test('it does not answer for a look or two: nothing is done, and it is not told each time', async () => {
    await begin({ isRolling });
    for (let blink = 0; blink < 5; blink += 1) {
      changes['node-2'] = SILENT;
      await clock.pass(POLL + 1_000);
      changes = {};
      await clock.pass(POLL + 1_000);
    }
    expect([end, warnings().length]).toEqual([undefined, 1]);
  });

  test('node-1 itself cannot be read either: nobody knows, nothing is done', async () => {
    await begin({ isRolling });
    changes = { 'node-1': { ...SILENT, coreUuid: unknown('it is down') }, 'node-2': SILENT };
    await clock.pass(5 * MINUTE);
    expect(end).toBeUndefined();
  });

  test('another one is left: node-1 stays out', async () => {
    await begin({ isRolling, nodes: ['node-1', 'node-2', 'node-3'] });
    flags['node-2'] = 'IP';
    await clock.pass(5 * MINUTE);
    expect([end, warnings()]).toEqual([undefined, []]);
  });

  test.each([
    ['--hold: it is to stay out', { policy: { hold: true } }, 1],
    ['--force survivors: overruled', { policy: { force: ['survivors'] } }, 0],
    // The guard of a rolling run says all the same that nobody would be left.
    ['it was disabled when it was found', { found: 'DX' }, isRolling ? 1 : 0],
    ['it was paused when it was found', { foundPaused: true }, isRolling ? 1 : 0],
  ])('%s: not given back', async (_why, drain, told) => {
    await begin({ isRolling, ...drain });
    flags['node-2'] = 'IP';
    await clock.pass(5 * MINUTE);
    expect([end, warnings().length]).toEqual([undefined, told]);
  });
});

describe('the others become too full while node-1 of a rolling run waits for its calls', () => {
  const FULL =
    /^node-1 is out, and may be needed: the others would be too full: node-2 would have 10\d calls/;

  test('told once, however the number changes, and shown at every look', async () => {
    await begin();
    for (const calls of [91, 92, 93, 94]) {
      sessions['node-2'] = calls;
      await clock.pass(2 * POLL);
    }
    expect([end, warnings()]).toEqual([undefined, [expect.stringMatching(FULL)]]);
    expect(reasons().at(-1)).toMatch(/^the others would be too full: node-2 would have 104 calls/);
  });
  test('it passes and comes again: told again', async () => {
    await begin();
    sessions['node-2'] = 95;
    await clock.pass(2 * POLL);
    sessions['node-2'] = 10;
    await clock.pass(2 * MINUTE);
    expect(reasons()).not.toContainEqual(expect.stringMatching(/too full/));
    sessions['node-2'] = 95;
    await clock.pass(2 * POLL);
    expect(warnings()).toEqual([expect.stringMatching(FULL), expect.stringMatching(FULL)]);
  });
  test('a drain by itself does not ask', async () => {
    await begin({ isRolling: false });
    sessions['node-2'] = 95;
    await clock.pass(5 * MINUTE);
    expect([end, warnings()]).toEqual([undefined, []]);
  });
});
