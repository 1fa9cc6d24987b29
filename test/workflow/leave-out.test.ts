/** A run that has left a node out says so in its mark, and in nobody else's. */
import { expect, test } from 'vitest';
import { readMark, writeMark } from '../../src/domain/mark.ts';
import type { NodeObservation } from '../../src/domain/observation.ts';
import type { NewEvent } from '../../src/domain/run-events.ts';
import { newMemory, type StepContext } from '../../src/workflow/step.ts';
import { leaveOut } from '../../src/workflow/steps/leave-out.ts';
import { cluster, DOWN, known, node, seenNode, unknown } from '../domain/builders.ts';
import { HELD } from '../support/held-lock.ts';
import { ManualClock } from '../support/manual-clock.ts';

const clock = new ManualClock();
const markOf = (run: string, token = 'aaaaaaaa', guard = false): string =>
  writeMark({ run, who: 'me', token, guard }, clock.wall(), 1_000);

/** Leaves a node with that mark. @returns what it is marked with then, how the step ended, and what was warned of */
async function left(mark: string | null, changes: Partial<NodeObservation> = {}) {
  let now = mark;
  const warnings: string[] = [];
  const { signal } = new AbortController();
  const port = {
    observe: () =>
      Promise.resolve(seenNode('node-1', { mark: known(now), uptimeMs: known(5_000), ...changes })),
    setMark: (wanted: string | null) => Promise.resolve(void (now = wanted)),
  };
  const context = {
    world: { cluster: cluster(), clock, lock: HELD, nodes: new Map([['node-1', port]]) },
    node: node('node-1', '10.0.1.10'),
    step: 'node-1/leave_out',
    run: 'r1',
    who: 'me',
    signal,
    leave: signal,
    record: (event: NewEvent) => {
      if (event.type === 'warning') warnings.push(event.data.message);
      return Promise.resolve();
    },
    soFar: () => ({ effects: [] }),
    memory: newMemory('aaaaaaaa'),
  } as unknown as StepContext;
  const outcome = await leaveOut(context, {});
  return { mark: now, outcome, warnings };
}

test.each([markOf('r1'), markOf('r1', 'aaaaaaaa', true)])(
  'its own mark tells its end: %s',
  async (before) => {
    const { mark, outcome, warnings } = await left(before);
    expect([outcome, warnings]).toEqual(['succeeded', []]);
    expect(readMark(mark ?? '')).toMatchObject({
      run: 'r1',
      up: 5_000,
      token: 'aaaaaaaa',
      guard: false,
      ended: true,
    });
  },
);

test.each([
  ['another run’s', markOf('r2')],
  ['one of this run, of who goes on with it elsewhere', markOf('r1', 'bbbbbbbb')],
  ['none: it was taken away', null],
])('%s is left alone', async (_, before) => {
  expect(await left(before)).toEqual({ mark: before, outcome: 'skipped', warnings: [] });
});

test('one that cannot be read is left alone', async () => {
  const before = markOf('r1');
  expect(await left(before, { mark: unknown('no answer') })).toMatchObject({
    mark: before,
    outcome: 'skipped',
  });
});

test('a node that does not answer is no failure of the run: told', async () => {
  const before = markOf('r1');
  expect(await left(before, { trouble: DOWN })).toEqual({
    mark: before,
    outcome: 'skipped',
    warnings: ['the mark on node-1 does not tell that this run has ended: it is down'],
  });
});
