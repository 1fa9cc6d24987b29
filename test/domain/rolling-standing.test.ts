import { expect, test } from 'vitest';
import { planRolling } from '../../src/domain/plan.ts';
import { admit } from '../../src/domain/requests.ts';
import { rollingStanding } from '../../src/domain/rolling-standing.ts';
import { fold, type RunState } from '../../src/domain/run.ts';
import type { NewEvent } from '../../src/domain/run-events.ts';
import { rollingStarted, stepFails, through, until } from '../tui/rolling-stories.ts';
import { type At, told } from '../tui/run-stories.ts';
import { policy } from './builders.ts';
import { rolling } from './rolling/rolling-plan.ts';

const ONE_BY_ONE = ['node-1', 'node-2', 'node-3'].map((name) => [name]);

function state(...more: readonly At[]): RunState {
  const folded = fold(told([[0, rollingStarted(ONE_BY_ONE)], ...more]));
  if (folded === undefined) throw new Error('no run');
  return folded;
}

const SECOND = [...through('node-1', 0, 60), ...until('node-2', 90)];

test('a node of a rolling run can be held, in hand or to come, and not once it is back', () => {
  const now = state(...SECOND);
  expect(admit({ kind: 'hold', node: 'node-2' }, now)).toEqual({ accepted: true });
  expect(admit({ kind: 'hold', node: 'node-3' }, now)).toEqual({ accepted: true });
  expect(admit({ kind: 'hold', node: 'node-1' }, now)).toEqual({
    accepted: false,
    why: 'node-1 is brought back in already',
  });
});

test('what was held is so for that node alone', () => {
  const held = state(
    ...SECOND,
    [91, { type: 'request.received', data: { request: { kind: 'hold', node: 'node-2' }, by: 'key h' } }],
    [91, { type: 'request.settled', data: { accepted: true } }],
  );
  expect(Object.entries(held.nodes).map(([name, { wishes }]) => [name, wishes.hold])).toEqual([
    ['node-1', false],
    ['node-2', true],
    ['node-3', false],
  ]);
});

const failure = { code: 'verify.failed', message: 'node-2 did not get well', hint: '' } as const;

test('where it stands: through, failed with the reason, not begun', () => {
  const standing = rollingStanding(state(...SECOND, [99, stepFails('wait_drained', 'node-2', failure)]));
  expect(standing?.nodes).toEqual([
    { name: 'node-1', phase: 'done', why: null, earlier: false },
    { name: 'node-2', phase: 'failed', why: 'node-2 did not get well', earlier: false },
    { name: 'node-3', phase: 'untouched', why: null, earlier: false },
  ]);
  expect(standing?.counts).toEqual({ untouched: 1, 'in hand': 0, done: 1, held: 0, failed: 1, skipped: 0 });
});

test('where it stands after a resume: what an earlier process did counts, and what it had in hand is in hand', () => {
  const rest = rolling({
    batches: [['node-2'], ['node-3']],
    done: ['node-1'],
    skipped: [{ node: 'node-4', why: 'ESL does not answer' }],
  });
  const plan = planRolling(rest, policy());
  const resumed: NewEvent = { type: 'run.resumed', data: { who: 'ops', mode: 'forward', plan } };
  const standing = rollingStanding(state(...SECOND, [200, resumed]));
  expect(standing?.nodes).toEqual([
    { name: 'node-1', phase: 'done', why: null, earlier: true },
    { name: 'node-2', phase: 'in hand', why: null, earlier: false },
    { name: 'node-3', phase: 'untouched', why: null, earlier: false },
    { name: 'node-4', phase: 'skipped', why: 'ESL does not answer', earlier: false },
  ]);
});
