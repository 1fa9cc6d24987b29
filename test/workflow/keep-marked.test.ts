/** The mark of a run that has its node for long: when it is renewed, and when it is left alone. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ageOf, isFresh, MARK_EVERY, MARK_FRESH, readMark, writeMark } from '../../src/domain/mark.ts';
import type { NodeObservation } from '../../src/domain/observation.ts';
import { keepMarked } from '../../src/workflow/keep-marked.ts';
import { newMemory, type StepContext } from '../../src/workflow/step.ts';
import { cluster, DOWN, known, node, observation, seenNode, unknown } from '../domain/builders.ts';
import { HELD } from '../support/held-lock.ts';
import { ManualClock } from '../support/manual-clock.ts';

/** Between two looks of the wait: ms. */
const POLL = 5_000;

let clock: ManualClock;
let stop: AbortController;
let mark: string | null;
/** What the node looks like where it is not well. */
let changes: Partial<NodeObservation>;
let writes: number;
/** How long FreeSWITCH had been up when the test began: ms. */
const UP = 86_400_000;
let upSince: number;
let context: StepContext;

beforeEach(() => {
  clock = new ManualClock();
  stop = new AbortController();
  changes = {};
  writes = 0;
  upSince = clock.now() - UP;
  const port = {
    observe: () => Promise.resolve(seen()),
    setMark: (wanted: string | null) => {
      writes += 1;
      mark = wanted;
      return Promise.resolve();
    },
  };
  context = {
    world: { cluster: cluster(), clock, lock: HELD, nodes: new Map([['node-1', port]]) },
    node: node('node-1', '10.0.1.10'),
    step: 'node-1/wait_drained',
    run: 'r1',
    who: 'me',
    signal: stop.signal,
    leave: stop.signal,
    record: () => Promise.resolve(),
    policy: () => ({ poll: POLL }),
    soFar: () => ({ effects: [] }),
    memory: newMemory('aaaaaaaa'),
  } as unknown as StepContext;
  mark = markNow();
});
afterEach(() => stop.abort());

function markNow(run = 'r1', guard = false): string {
  return writeMark({ run, who: 'me', token: 'aaaaaaaa', guard }, clock.wall(), clock.now() - upSince);
}

function seen(): NodeObservation {
  return seenNode('node-1', { mark: known(mark), uptimeMs: known(clock.now() - upSince), ...changes });
}

/** Looks once a poll for that long. */
async function keptFor(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += POLL) {
    await clock.pass(POLL);
    await keepMarked(context, observation({ nodes: [seen()] }));
  }
}

const ageNow = (): number => clock.wall().getTime() - (readMark(mark ?? '')?.at ?? Number.NaN);

test('it is left alone for a minute, and renewed then', async () => {
  await keptFor(MARK_EVERY - POLL);
  expect(writes).toBe(0);
  await keptFor(POLL);
  expect([writes, ageNow()]).toEqual([1, 0]);
  await keptFor(MARK_EVERY - POLL);
  expect(writes).toBe(1);
});

test('over hours it is never so old that a run on another host would take it for that of a dead one', async () => {
  for (let looks = 0; looks < (3 * MARK_FRESH) / POLL; looks += 1) {
    await keptFor(POLL);
    const read = readMark(mark ?? '');
    const age = read === undefined ? Infinity : ageOf(read, seen(), clock.wall().getTime());
    expect(isFresh((age ?? Infinity) + MARK_EVERY)).toBe(true);
  }
  expect(writes).toBe((3 * MARK_FRESH) / MARK_EVERY);
});

test('FreeSWITCH was restarted by another hand, and it is gone: set again at the next look', async () => {
  mark = null;
  await keptFor(POLL);
  expect([writes, ageNow()]).toEqual([1, 0]);
});

test('from the moment at which it only keeps the node out, its mark says so', async () => {
  context.memory.isGuarding = true;
  await keptFor(POLL);
  expect([writes, readMark(mark ?? '')?.guard]).toEqual([1, true]);
  await keptFor(POLL);
  expect(writes).toBe(1);
});

describe('by the clock of its node', () => {
  const upNow = (): number | null | undefined => readMark(mark ?? '')?.up;

  test.each([-3_600_000, 3_600_000])('that of this host is set by %i ms: renewed as ever', async (by) => {
    await keptFor(POLL);
    clock.setWall(by);
    await keptFor(MARK_EVERY - 2 * POLL);
    expect(writes).toBe(0);
    await keptFor(POLL);
    expect([writes, upNow()]).toEqual([1, clock.now() - upSince]);
  });

  test('it does not say how long it is up: marked by the clock of this host, until it does', async () => {
    changes = { uptimeMs: unknown('no answer') };
    await keptFor(MARK_EVERY);
    expect([writes, upNow()]).toEqual([1, null]);
    changes = {};
    await keptFor(MARK_EVERY);
    expect([writes, upNow()]).toEqual([2, UP + MARK_EVERY + POLL]);
  });

  test('one that is ahead of it is another start’s: renewed at once', async () => {
    upSince = clock.now();
    await keptFor(POLL);
    expect([writes, upNow()]).toEqual([1, POLL]);
  });
});

describe('what is not touched', () => {
  test('one that this process has written since the observation was made', async () => {
    const observed = observation({ nodes: [seen()] });
    context.memory.isGuarding = true;
    await keepMarked(context, observed);
    await keepMarked(context, observed);
    expect([writes, readMark(mark ?? '')?.guard]).toEqual([1, true]);
  });

  test('a mark that cannot be read: it may be another’s', async () => {
    changes = { mark: unknown('no answer') };
    await keptFor(2 * MARK_EVERY);
    expect(writes).toBe(0);
  });

  test('the mark of another run, however old', async () => {
    const others = (mark = markNow('r2'));
    await keptFor(2 * MARK_FRESH);
    expect([writes, mark]).toEqual([0, others]);
  });

  test('one that another run has written since the observation was made', async () => {
    await clock.pass(MARK_EVERY);
    const observed = observation({ nodes: [seen()] });
    const others = (mark = markNow('r2'));
    await keepMarked(context, observed);
    expect([writes, mark]).toEqual([0, others]);
  });
});

test('a node that falls silent when it is to be renewed is no failure: renewed when it answers', async () => {
  await clock.pass(MARK_EVERY);
  const observed = observation({ nodes: [seen()] });
  changes = { trouble: DOWN };
  await keepMarked(context, observed);
  expect(writes).toBe(0);
  changes = {};
  await keptFor(POLL);
  expect([writes, ageNow()]).toEqual([1, 0]);
});
