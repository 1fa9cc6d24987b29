/** A run of which a copy of the journal was gone on with elsewhere: two processes that bear one name. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readMark, writeMark } from '../../src/domain/mark.ts';
import type { EffectRecord } from '../../src/domain/run.ts';
import { keepMarked } from '../../src/workflow/keep-marked.ts';
import {
  anothersMark,
  assertHeld,
  isMarkFound,
  newMemory,
  type StepContext,
} from '../../src/workflow/step.ts';
import { cluster, known, node, observation, seenNode } from '../domain/builders.ts';
import { HELD } from '../support/held-lock.ts';
import { ManualClock } from '../support/manual-clock.ts';

const [MINE, EARLIER, ELSEWHERE] = ['aaaaaaaa', 'bbbbbbbb', 'cccccccc'];

let clock: ManualClock;
let stop: AbortController;
let mark: string;
let context: StepContext;

beforeEach(() => {
  clock = new ManualClock();
  stop = new AbortController();
  const port = {
    observe: () => Promise.resolve(seen()),
    setMark: (wanted: string) => {
      mark = wanted;
      return Promise.resolve();
    },
  };
  const before = {
    intent: { effect: 'node.mark', target: { node: 'node-1' }, found: null, wanted: markOf(EARLIER) },
  } as unknown as EffectRecord;
  context = {
    world: { cluster: cluster(), clock, lock: HELD, nodes: new Map([['node-1', port]]) },
    node: node('node-1', '10.0.1.10'),
    step: 'node-1/wait_drained',
    run: 'r1',
    who: 'me',
    signal: stop.signal,
    leave: stop.signal,
    record: () => Promise.resolve(),
    soFar: () => ({ effects: [before] }),
    memory: newMemory(MINE),
  } as unknown as StepContext;
});
afterEach(() => stop.abort());

function markOf(token: string | undefined, run = 'r1'): string {
  return writeMark({ run, who: 'me', token: token ?? null, guard: false }, clock.wall());
}

function seen(): ReturnType<typeof seenNode> {
  return seenNode('node-1', { mark: known(mark) });
}

test.each([
  ['of this process', MINE, false],
  ['of the process whose journal it goes on with', EARLIER, false],
  ['without a token', undefined, false],
  ['of a process that goes on with the run elsewhere', ELSEWHERE, true],
])('a mark %s', (_, token, isAnothers) => {
  mark = markOf(token);
  expect(anothersMark(context, seen().mark)).toBe(isAnothers ? mark : null);
});

test('a mark of its own run that preflight has judged is no successor, as long as nobody renews it', async () => {
  // The journal may have lost who wrote it: the disk was full.
  mark = markOf(ELSEWHERE);
  context.memory.markFound = mark;
  expect(anothersMark(context, seen().mark)).toBeNull();
  await keepMarked(context, observation({ nodes: [seen()] }));
  expect(readMark(mark)?.token).toBe(MINE);

  await clock.pass(60_000);
  mark = markOf(ELSEWHERE);
  expect(anothersMark(context, seen().mark)).toBe(mark);
});

test('who has been succeeded gives way, and says to whom', () => {
  mark = markOf(ELSEWHERE);
  expect(() => assertHeld(context, observation({ nodes: [seen()] }))).toThrow(
    'node-1 was taken by me, who goes on with this run elsewhere',
  );
});

test('who has been succeeded does not overwrite the mark of its successor, however old that is', async () => {
  const others = (mark = markOf(ELSEWHERE));
  await clock.pass(600_000);
  await keepMarked(context, observation({ nodes: [seen()] }));
  expect(mark).toBe(others);
});

test('who goes on marks the node anew at once, though the mark of the earlier process is fresh', async () => {
  mark = markOf(EARLIER);
  await keepMarked(context, observation({ nodes: [seen()] }));
  expect(readMark(mark)?.token).toBe(MINE);
  const own = mark;
  await keepMarked(context, observation({ nodes: [seen()] }));
  expect(mark).toBe(own);
});

test('the mark that preflight allowed is still that one when it is renewed, and not when another process writes it', () => {
  context.memory.markFound = markOf(EARLIER, 'r2');
  expect(isMarkFound(context, markOf(EARLIER, 'r2'))).toBe(true);
  expect(isMarkFound(context, markOf(ELSEWHERE, 'r2'))).toBe(false);
  expect(isMarkFound(context, markOf(EARLIER, 'r3'))).toBe(false);
});
