/** What a run does that has marked its node and finds the marks of others: goes on, waits, or takes its own away. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeMark } from '../../src/domain/mark.ts';
import type { NodeObservation } from '../../src/domain/observation.ts';
import type { EffectRecord } from '../../src/domain/run.ts';
import type { NewEvent } from '../../src/domain/run-events.ts';
import { claimTurn } from '../../src/workflow/claim-turn.ts';
import { newMemory, type StepContext } from '../../src/workflow/step.ts';
import { cluster, DOWN, known, node, observation, policy, seenNode } from '../domain/builders.ts';
import { HELD } from '../support/held-lock.ts';
import { ManualClock } from '../support/manual-clock.ts';

/** Its own id is r2. */
const RUN = 'r2';
/** Longer than the connect and request timeouts and what another run has to give way: ms. */
const WAITED_OUT = 15_000;

let clock: ManualClock;
let stop: AbortController;
let marks: Record<string, string | null>;
let trouble: NodeObservation['trouble'];
let events: NewEvent[];
let end: unknown;

const markOf = (run: string): string =>
  writeMark({ run, who: `ops@${run}`, token: null, guard: false }, clock.wall());

beforeEach(() => {
  clock = new ManualClock();
  stop = new AbortController();
  marks = { 'node-1': markOf(RUN), 'node-2': null };
  trouble = null;
  events = [];
  end = undefined;
});
afterEach(() => stop.abort());

/** @param found what stood on node-1 before this run marked it */
function begin(found: string | null = null): void {
  const seen = (name: string): NodeObservation =>
    seenNode(name, { at: clock.now(), mark: known(marks[name] ?? null) });
  const port = {
    observe: () => Promise.resolve(seenNode('node-1', { ...seen('node-1'), trouble })),
    setMark: (mark: string | null) => Promise.resolve(void (marks['node-1'] = mark)),
  };
  const effect = { effect: 'node.mark', target: { node: 'node-1' }, found, wanted: marks['node-1'] };
  const context = {
    world: {
      cluster: cluster(),
      clock,
      lock: HELD,
      nodes: new Map([['node-1', port]]),
      whereabouts: () => Promise.resolve('elsewhere'),
    },
    watcher: { fresh: () => Promise.resolve(observation({ nodes: Object.keys(marks).map(seen) })) },
    node: node('node-1', '10.0.1.10'),
    step: 'node-1/deactivate',
    run: RUN,
    who: 'me',
    signal: stop.signal,
    leave: stop.signal,
    policy: () => policy(),
    record: (event: NewEvent) => Promise.resolve(void events.push(event)),
    soFar: () => ({ effects: [{ intent: effect } as unknown as EffectRecord] }),
    memory: { ...newMemory(), marksBefore: { 'node-1': found, 'node-2': null } },
  } as unknown as StepContext;
  void claimTurn(context)
    .then(() => 'goes on')
    .catch((error: unknown) => error)
    .then((what) => (end = what));
}

const told = (type: 'step.retrying' | 'warning'): number =>
  events.filter((event) => event.type === type).length;

test('nobody else is there: at once', async () => {
  begin();
  await clock.pass(0);
  expect([end, events]).toEqual(['goes on', []]);
});

test('one that began earlier: its own mark is taken away, and what stood there before comes back', async () => {
  const before = markOf('r0');
  marks['node-2'] = markOf('r1');
  begin(before);
  await clock.pass(0);
  expect(end).toMatchObject({
    code: 'locked',
    message: 'node-2 is held by run r1 of ops@r1: one run at a time changes voice',
  });
  expect(marks['node-1']).toBe(before);
});

test('one that began later gives way: waited for, which is said once', async () => {
  marks['node-2'] = markOf('r3');
  begin();
  await clock.pass(3_000);
  expect([end, told('step.retrying')]).toEqual([undefined, 1]);
  marks['node-2'] = null;
  await clock.pass(1_000);
  expect([end, marks['node-1']]).toEqual(['goes on', markOfAt(0)]);
});

test('one that began later and is at work: this one gives way after all, however early it began', async () => {
  marks['node-2'] = markOf('r3');
  begin();
  await clock.pass(WAITED_OUT - 1);
  expect(end).toBeUndefined();
  await clock.pass(1_000);
  expect([end, marks['node-1']]).toMatchObject([{ code: 'locked' }, null]);
});

test('an earlier one comes while it waits: it gives way', async () => {
  marks['node-2'] = markOf('r3');
  begin();
  await clock.pass(2_000);
  marks['node-3'] = markOf('r1');
  await clock.pass(1_000);
  expect([end, marks['node-1']]).toMatchObject([{ code: 'locked' }, null]);
});

test('another one has marked its own node meanwhile: that mark stays', async () => {
  const others = (marks['node-1'] = markOf('r3'));
  begin();
  await clock.pass(0);
  expect([end, marks['node-1']]).toMatchObject([{ code: 'locked' }, others]);
});

test('the node falls silent as it gives way: it gives way, and says that its mark stays', async () => {
  marks['node-2'] = markOf('r1');
  trouble = DOWN;
  begin();
  await clock.pass(0);
  expect([end, told('warning')]).toMatchObject([{ code: 'locked' }, 1]);
});

function markOfAt(ms: number): string {
  return writeMark(
    { run: RUN, who: `ops@${RUN}`, token: null, guard: false },
    new Date(clock.wall().getTime() - clock.now() + ms),
  );
}
