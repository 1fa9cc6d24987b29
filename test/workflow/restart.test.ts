import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Known, NodeObservation } from '../../src/domain/observation.ts';
import { writeMark } from '../../src/domain/mark.ts';
import type { Policy } from '../../src/domain/policy.ts';
import { policyFor } from '../../src/domain/run.ts';
import type { NewEvent, RunEvent } from '../../src/domain/run-events.ts';
import type { CommandResult, Detail, NodeActivity, ProxyPort } from '../../src/workflow/ports.ts';
import { Recorder } from '../../src/workflow/recorder.ts';
import { createRequestDesk, type RequestDesk } from '../../src/workflow/request-desk.ts';
import { newMemory, type NodeMemory, type Rolling, type StepContext } from '../../src/workflow/step.ts';
import { restart } from '../../src/workflow/steps/restart.ts';
import { Watcher } from '../../src/workflow/watcher.ts';
import type { World } from '../../src/workflow/world.ts';
import {
  baseline,
  cluster,
  DOWN,
  known,
  node,
  policy,
  proxy,
  seenNode,
  seenProxy,
  unknown,
} from '../domain/builders.ts';
import { rolling } from '../domain/rolling/rolling-plan.ts';
import { HELD } from '../support/held-lock.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { drainStarted } from './drain-started.ts';

const POLL = 30_000;
/** Of a call, and of everything that lasts: ms. */
const MINUTE = 60_000;

const ENDED: CommandResult = { exitCode: 0, signal: null, stdout: '', stderr: '' };

/** A node whose sessions a test sets; what a reading says is so as it begins. */
class FakeNode {
  readonly node: string;
  readonly #clock: ManualClock;
  /** Ms for a reading. */
  takes = 1;
  sessions: Known<number> = known(0);
  coreUuid = 'before';
  changes: Partial<NodeObservation> = {};
  /** Called as the nth reading of the step begins. */
  onReading: (nth: number) => void = () => undefined;
  /** So many readings have begun; null as long as none counts. */
  readings: number | null = null;
  readonly #listeners = new Set<(activity: NodeActivity) => void>();

  constructor(name: string, clock: ManualClock) {
    this.node = name;
    this.#clock = clock;
  }

  async observe(_detail: Detail, signal: AbortSignal): Promise<NodeObservation> {
    const at = this.#clock.now();
    if (this.readings !== null) {
      this.readings += 1;
      this.onReading(this.readings);
    }
    const seen = seenNode(this.node, {
      at,
      sessions: this.sessions,
      calls: this.sessions,
      channels: this.sessions,
      coreUuid: known(this.coreUuid),
      uptimeMs: known(0),
      mark: known(writeMark({ run: 'r1', who: 'me', token: null, guard: false }, this.#clock.wall())),
      ...this.changes,
    });
    await this.#clock.sleep(this.takes, signal);
    return seen;
  }

  onActivity(listener: (activity: NodeActivity) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A call comes up, for a minute; the node says so. */
  call(): void {
    this.sessions = known(1);
    for (const tell of this.#listeners)
      tell({ kind: 'created', direction: 'inbound', address: '10.0.1.5', furtherLeg: false });
    void this.#clock.sleep(MINUTE, new AbortController().signal).then(() => (this.sessions = known(0)));
  }
}

let clock: ManualClock;
let one: FakeNode;
let third: FakeNode;
let events: RunEvent[];
/** Ms until which another restart of the node is under way. */
let freeFrom: number;
/** What was up each time the restart command was run. */
let restarts: Known<number>[];
let memory: NodeMemory;
let desk: RequestDesk;
/** What the step came to: its outcome, or what it threw; undefined while it goes on. */
let end: unknown;
const ends: (() => Promise<unknown>)[] = [];

beforeEach(() => {
  clock = new ManualClock();
  one = new FakeNode('node-1', clock);
  third = new FakeNode('node-3', clock);
  events = [];
  restarts = [];
  freeFrom = 0;
  memory = { ...newMemory(), outSince: 0, drainedOut: 0 };
  end = undefined;
});
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

function quietProxy(name: string): ProxyPort {
  return {
    proxy: name,
    observe: () =>
      Promise.resolve(
        seenProxy(
          name,
          [
            ['sip:10.0.1.10:5080', 'DX'],
            ['sip:10.0.1.12:5080', 'AP'],
          ],
          { at: clock.now() },
        ),
      ),
  } as unknown as ProxyPort;
}

/** Begins the step, on a node that was drained a minute ago. */
async function begin(changes: Partial<Policy> = {}): Promise<void> {
  const settings = policy({ poll: POLL, ...changes });
  const recorder = new Recorder({
    run: 'r1',
    clock,
    journal: {
      append: (event) => {
        events.push(event);
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
    },
    views: [],
    onViewFailure: () => undefined,
  });
  const proxies = ['lb-1', 'lb-2'].map(quietProxy);
  const watcher = new Watcher([one, third], proxies, clock, POLL);
  desk = createRequestDesk({
    recorder,
    abort: () => undefined,
    wake: () => watcher.wake({ nodes: ['node-1', 'node-3'], proxies: ['lb-1', 'lb-2'] }),
    window: () => null,
  });
  const record = (event: NewEvent): Promise<void> => recorder.record(event);
  const its = node('node-1', '10.0.1.10', { restart: { command: 'restart-it', timeout: 20_000 } });
  await record(drainStarted(settings));
  const found = baseline({ coreUuid: 'before' });
  await record({
    type: 'preflight.settled',
    node: 'node-1',
    data: { verdicts: [], baseline: found, found: found.destinations },
  });
  await record({ type: 'step.started', node: 'node-1', step: 'node-1/wait_drained', data: {} });
  watcher.start();
  const stop = new AbortController();
  const world = {
    cluster: cluster({
      nodes: [its, node('node-3', '10.0.1.12')],
      proxies: [proxy('lb-1', { frTimer: 1_000 }), proxy('lb-2', { frTimer: 1_000 })],
    }),
    clock,
    lock: HELD,
    nodes: new Map([one, third].map((each) => [each.node, each])),
    proxies: new Map(proxies.map((each) => [each.proxy, each])),
    guard: (_node: string, command: string) => command,
    hosts: new Map([
      [
        'node-1',
        {
          login: () => Promise.resolve(),
          run: (command: string): Promise<CommandResult> => {
            // Whether another restart has the node's lock.
            if (command === 'true')
              return Promise.resolve({ ...ENDED, exitCode: clock.now() < freeFrom ? 75 : 0 });
            restarts.push(one.sessions);
            one.coreUuid = 'after';
            return Promise.resolve(ENDED);
          },
        },
      ],
    ]),
  } as unknown as World;
  const context: StepContext = {
    world,
    watcher,
    node: its,
    step: 'node-1/restart',
    run: 'r1',
    who: 'me',
    signal: stop.signal,
    leave: new AbortController().signal,
    policy: () => policyFor(recorder.state, 'node-1'),
    record,
    tolerateJournalLoss: () => undefined,
    soFar: () => recorder.state.nodes['node-1'] ?? expect.fail('nothing is recorded of node-1'),
    memory,
  };
  await clock.pass(MINUTE);
  one.readings = 0;
  const step = restart(context, {})
    .catch((error: unknown) => error)
    .then((what) => (end = what));
  ends.push(async () => {
    stop.abort();
    await clock.pass(2 * MINUTE);
    await watcher.stop();
    await step;
  });
}

/** Why it was tried again, in words. */
function retries(): readonly string[] {
  return events.flatMap((event) => (event.type === 'step.retrying' ? [event.data.error.message] : []));
}

test('nothing speaks against it: restarted at once', async () => {
  await begin();
  await clock.pass(1_000);
  expect([end, restarts]).toEqual(['succeeded', [known(0)]]);
});

test('another node is silent for long, and a call comes up meanwhile: it is not restarted before that call has ended', async () => {
  third.takes = 10_000;
  await begin();
  await clock.pass(1_500);
  one.call();
  await clock.pass(MINUTE - 1);
  expect([end, restarts]).toEqual([undefined, []]);
  // The last look has seen it, and not only the effect: nothing had to be called off.
  expect(retries()).toEqual([]);
  await clock.pass(MINUTE);
  expect([end, restarts]).toEqual(['succeeded', [known(0)]]);
});

test('another restart of the node is under way, and a call comes up meanwhile: that call is waited for', async () => {
  await begin();
  freeFrom = clock.now() + 3_000;
  await clock.pass(2_000);
  one.call();
  await clock.pass(MINUTE - 1);
  expect([end, restarts]).toEqual([undefined, []]);
  expect(retries()).toEqual(['a restart of node-1 is still under way']);
  await clock.pass(MINUTE);
  expect([end, restarts]).toEqual(['succeeded', [known(0)]]);
});

describe('right before the restart', () => {
  /** Which reading of the node it is: of the look at everybody, of the one at it alone, of the effect itself. */
  const READINGS = [1, 2, 3];

  test.each(READINGS)('a call comes up as reading %i begins: waited for', async (wanted) => {
    one.onReading = (nth) => {
      if (nth === wanted) one.call();
    };
    await begin();
    await clock.pass(MINUTE - 1);
    expect([end, restarts]).toEqual([undefined, []]);
    await clock.pass(MINUTE);
    expect([end, restarts]).toEqual(['succeeded', [known(0)]]);
  });

  test.each(READINGS)(
    'the sessions are unknown in reading %i: looked at until they are known',
    async (wanted) => {
      one.onReading = (nth) => {
        one.sessions = nth >= wanted && nth < wanted + 3 ? unknown('it does not say') : known(0);
      };
      await begin();
      await clock.pass(4 * MINUTE);
      expect([end, restarts]).toEqual(['succeeded', [known(0)]]);
    },
  );

  test.each(READINGS)('the node does not answer in reading %i: looked at until it does', async (wanted) => {
    one.onReading = (nth) => {
      const isSilent = nth >= wanted && nth < wanted + 3;
      one.changes = isSilent
        ? { trouble: DOWN, sessions: unknown('it is down'), coreUuid: unknown('it is down') }
        : {};
    };
    await begin();
    await clock.pass(4 * MINUTE);
    expect([end, restarts]).toEqual(['succeeded', [known(0)]]);
  });

  test('a call comes up while the node answers slowly, after it has said how many there are: waited for', async () => {
    one.onReading = (nth) => {
      if (nth !== 3) return;
      one.takes = 2_000;
      void clock.sleep(1_000, new AbortController().signal).then(() => one.call());
    };
    await begin();
    await clock.pass(MINUTE - 1);
    expect([end, restarts]).toEqual([undefined, []]);
    one.takes = 1;
    await clock.pass(2 * MINUTE);
    expect([end, restarts]).toEqual(['succeeded', [known(0)]]);
  });

  test('that a call came up at the last moment is told', async () => {
    one.onReading = (nth) => {
      if (nth === 3) one.call();
    };
    await begin();
    await clock.pass(1_000);
    expect(retries()).toEqual([expect.stringMatching(/^node-1 has 1 session again/)]);
  });
});

describe('while the core database holds it back', () => {
  const HELD = /core database does not answer/;

  test('hold is granted: left at once, and nothing is restarted', async () => {
    one.changes = { calls: unknown('core database is down') };
    await begin({ timeout: null });
    await clock.pass(1_000);
    expect(retries()).toEqual([expect.stringMatching(HELD)]);
    expect(await desk.submit({ kind: 'hold' }, 'key h')).toEqual({ accepted: true });
    // No poll has passed since.
    await clock.pass(1_000);
    expect([end, restarts]).toEqual(['skipped', []]);
  });

  test('the database answers again: restarted at the next poll', async () => {
    one.changes = { calls: unknown('core database is down') };
    await begin({ timeout: null });
    await clock.pass(10 * POLL);
    expect([end, restarts]).toEqual([undefined, []]);
    expect(retries()).toHaveLength(1);
    one.changes = {};
    await clock.pass(POLL);
    expect([end, restarts]).toEqual(['succeeded', [known(0)]]);
  });

  test('the deadline passes: expired, and nothing is restarted', async () => {
    one.changes = { calls: unknown('core database is down') };
    await begin({ timeout: 5 * MINUTE });
    await clock.pass(6 * MINUTE);
    expect(end).toMatchObject({ code: 'drain.expired', message: expect.stringMatching(HELD) as string });
    expect(restarts).toEqual([]);
  });
});

describe('in a rolling run', () => {
  let shared: Rolling;
  beforeEach(() => {
    const limits = { maxUnavailable: 1, headroom: 0.2, dispatch: 'next' } as const;
    shared = {
      plan: rolling({ limits }),
      admitted: new Set(['node-1']),
      emptied: new Set(),
      surges: new Map(),
      closed: null,
      whyStopped: () => null,
    };
    memory = { ...newMemory(null, shared), outSince: 0, drainedOut: 0 };
  });

  test('the others are too full: it is not restarted before they have room', async () => {
    third.sessions = known(90);
    await begin({ timeout: null });
    await clock.pass(5 * POLL);
    expect([end, restarts]).toEqual([undefined, []]);
    expect(retries()).toEqual([
      expect.stringMatching(/^node-1 is drained, but it may be needed: .*node-3 would have 90 calls/),
    ]);
    third.sessions = known(10);
    await clock.pass(2 * POLL);
    expect([end, restarts]).toEqual(['succeeded', [known(0)]]);
  });

  test('from the restart on what it does not say is no call', async () => {
    await begin();
    expect([...shared.emptied]).toEqual([]);
    await clock.pass(1_000);
    expect([end, [...shared.emptied]]).toEqual(['succeeded', ['node-1']]);
  });

  test('a restart that was called off: it counts again', async () => {
    one.onReading = (nth) => {
      if (nth === 3) one.call();
    };
    await begin();
    await clock.pass(1_000);
    expect([end, [...shared.emptied]]).toEqual([undefined, []]);
  });
});
