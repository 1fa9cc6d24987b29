/** Between a guard on another host and the moment at which its node may be enabled there is time for it to see that. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeMark, type Whereabouts } from '../../src/domain/mark.ts';
import { known, type NodeObservation } from '../../src/domain/observation.ts';
import type { NewEvent } from '../../src/domain/run-events.ts';
import { newMemory, type StepContext } from '../../src/workflow/step.ts';
import { verify } from '../../src/workflow/steps/verify.ts';
import { Watcher } from '../../src/workflow/watcher.ts';
import { baseline, cluster, node, policy, seenNode } from '../domain/builders.ts';
import { HELD } from '../support/held-lock.ts';
import { ManualClock } from '../support/manual-clock.ts';

const NODE = node('node-1', '10.0.1.10');

let clock: ManualClock;
let stop: AbortController;
let watcher: Watcher;
let mark: string | null;
let markedAt: number | null;
let warned: string[];
let endedAt: number | null;

beforeEach(() => {
  clock = new ManualClock();
  stop = new AbortController();
  mark = null;
  markedAt = null;
  warned = [];
  endedAt = null;
});
afterEach(async () => {
  stop.abort();
  await clock.pass(60_000);
  await watcher.stop();
});

/** The run of an activate that found that mark; or none, since FreeSWITCH had just been restarted, and sees it now. */
function begin(guard: boolean, whereabouts: Whereabouts, isNew = false): void {
  const found = writeMark({ run: 'g1', who: 'you@h2', token: null, guard }, clock.wall());
  mark = found;
  const port = {
    node: 'node-1',
    observe: (): Promise<NodeObservation> =>
      Promise.resolve(seenNode('node-1', { at: clock.now(), mark: known(mark) })),
    setMark: (value: string | null) => {
      mark = value;
      markedAt = clock.now();
      return Promise.resolve();
    },
    onActivity: () => () => undefined,
  };
  const settings = cluster({ nodes: [NODE] });
  watcher = new Watcher([port] as never, [], clock, 1_000);
  watcher.start();
  const context = {
    world: {
      cluster: { ...settings, verify: { ...settings.verify, options: false } },
      clock,
      lock: HELD,
      nodes: new Map([['node-1', port]]),
      proxies: new Map(),
      whereabouts: () => Promise.resolve(whereabouts),
    },
    watcher,
    node: NODE,
    step: 'node-1/verify',
    run: 'r1',
    who: 'me',
    signal: stop.signal,
    leave: stop.signal,
    policy: () => policy(),
    record: (event: NewEvent) => {
      if (event.type === 'warning') warned.push(event.data.message);
      return Promise.resolve();
    },
    soFar: () => ({ effects: [], baseline: baseline() }),
    memory: { ...newMemory(), markFound: isNew ? null : found },
  } as unknown as StepContext;
  void verify(context, {}).then(
    () => (endedAt = clock.now()),
    (error: unknown) => warned.push(String(error)),
  );
}

test('a guard on another host sees the mark of this run for seconds, and nobody says that it has ended', async () => {
  begin(true, 'elsewhere');
  await clock.pass(60_000);
  expect((endedAt ?? 0) - (markedAt ?? 0)).toBeGreaterThanOrEqual(3_000);
  expect(warned).toEqual([
    'node-1 was kept out by run g1 of you@h2 on another host: whether that guard has ended is not seen from here',
  ]);
});

test('a guard of this host was seen to end', async () => {
  begin(true, 'ended');
  await clock.pass(60_000);
  expect([endedAt === null, warned]).toEqual([false, []]);
});

test('a guard that has marked its node again since preflight gives way, as it would have then', async () => {
  begin(true, 'elsewhere', true);
  await clock.pass(60_000);
  expect((endedAt ?? 0) - (markedAt ?? 0)).toBeGreaterThanOrEqual(3_000);
  expect(warned).toEqual([expect.stringMatching(/^node-1 was kept out by run g1 of you@h2 on another host/)]);
});

test('who has marked it since preflight and is no guard has taken it', async () => {
  begin(false, 'elsewhere', true);
  await clock.pass(60_000);
  expect([endedAt, markedAt]).toEqual([null, null]);
  expect(warned).toEqual([expect.stringMatching(/node-1 was taken by/)]);
});

test('what is no guard is not waited for', async () => {
  begin(false, 'ended');
  await clock.pass(60_000);
  expect([(endedAt ?? 60_000) - (markedAt ?? 0) < 3_000, warned]).toEqual([true, []]);
});
