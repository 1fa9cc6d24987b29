import { Listr } from 'listr2';
import { expect, test } from 'vitest';
import type { RollingPlan } from '../../src/domain/rolling/rolling-plan.ts';
import { planRolling } from '../../src/domain/plan.ts';
import type { NewEvent } from '../../src/domain/run-events.ts';
import { batchTasks, newRolling } from '../../src/workflow/batches.ts';
import { Recorder } from '../../src/workflow/recorder.ts';
import { cluster, node, policy } from '../domain/builders.ts';
import { rolling } from '../domain/rolling/rolling-plan.ts';
import { ManualClock } from '../support/manual-clock.ts';

const MINUTE = 60_000;
const NAMES = ['node-1', 'node-2', 'node-3'];
/** Behind the drain of a node, as its settings are. */
const BEHIND = 385_000;

/** A run whose nodes are through at once: which were begun, what was recorded, and how long it took. */
async function run(changes: Partial<RollingPlan> & { readonly leaves: number | null }) {
  const clock = new ManualClock();
  const { leaves, ...more } = changes;
  const window =
    leaves === null
      ? null
      : { asked: '05:00', until: clock.wall().getTime() + BEHIND + leaves, minDrain: 15 * MINUTE };
  const plan = rolling({ window, ...more });
  const events: NewEvent[] = [];
  const recorder = new Recorder({
    ...{ run: 'r1', clock, journal: null, onViewFailure: () => undefined },
    views: [(event) => events.push(event)],
  });
  await recorder.record({
    type: 'run.started',
    data: {
      ...{ command: 'rolling --all', reason: null, who: 'me', cluster: 'voice', policy: policy() },
      ...{ inventory: { path: '/x', sha256: 'ab' }, plan: planRolling(plan, policy()) },
    },
  });
  const nodes = NAMES.map((name) => node(name, `10.0.1.1${name.slice(-1)}`));
  const world = { clock, cluster: cluster({ nodes }) };
  const shared = newRolling(plan, { recorder });
  const begun: string[] = [];
  const tasks = batchTasks(shared, { world, recorder, signal: new AbortController().signal }, (name) => ({
    title: name,
    task: () => void begun.push(name),
  }));
  const began = clock.now();
  const end = { is: false };
  const done = new Listr([...tasks], { renderer: 'silent', registerSignalListeners: false })
    .run()
    .then(() => (end.is = true));
  for (let passes = 0; passes < 100 && !end.is; passes += 1) await clock.pass(MINUTE);
  await done;
  const ends = events.flatMap(({ type, data }) => (type === 'batch.settled' ? [data] : []));
  return { begun, ends, minutes: (clock.now() - began) / MINUTE, state: recorder.state };
}

const CLOSED = 'too little time is left until the window closes (05:00)';

test('without a window: pauses, and all of them', async () => {
  const { begun, ends } = await run({ pause: 10 * MINUTE, leaves: null });
  expect(begun).toEqual(NAMES);
  expect(ends.map(({ pauseMs, stopped }) => [pauseMs, stopped])).toEqual([
    [10 * MINUTE, undefined],
    [10 * MINUTE, undefined],
    [0, undefined],
  ]);
});

test('a pause behind which the window lets nobody be begun is not waited for', async () => {
  const { begun, ends, minutes } = await run({ pause: 10 * MINUTE, leaves: 35 * MINUTE - 1 });
  expect(begun).toEqual(['node-1', 'node-2']);
  expect(ends).toEqual([
    { batch: 1, of: 3, pauseMs: 10 * MINUTE },
    { batch: 2, of: 3, pauseMs: 0, stopped: CLOSED },
  ]);
  expect(minutes).toBeLessThan(20);
});

test('one behind which it lets a node be begun is', async () => {
  const { begun, ends } = await run({ pause: 10 * MINUTE, leaves: 60 * MINUTE });
  expect(begun).toEqual(NAMES);
  expect(ends.flatMap(({ stopped }) => stopped ?? [])).toEqual([]);
});
