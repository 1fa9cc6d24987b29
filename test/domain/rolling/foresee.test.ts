import { expect, test } from 'vitest';
import type { Observation } from '../../../src/domain/observation.ts';
import { planRolling } from '../../../src/domain/plan.ts';
import { foresee } from '../../../src/domain/rolling/foresee.ts';
import type { RollingPlan } from '../../../src/domain/rolling/rolling-plan.ts';
import { policy } from '../builders.ts';
import { busy, four, seen } from './four-nodes.ts';
import { rolling } from './rolling-plan.ts';

const WALL = new Date('2026-11-23T02:00:00Z');
const LIMITS = { maxUnavailable: 1, headroom: 0, dispatch: 'next' } as const;

function turns(
  changes: Partial<RollingPlan>,
  refused: Readonly<Record<string, string>> = {},
  observation: Observation = seen(),
) {
  const plan = planRolling(rolling({ limits: LIMITS, ...changes }), policy());
  const question = { cluster: four(), observation, plan, policy: policy(), wall: WALL };
  return Object.fromEntries(foresee(question, new Map(Object.entries(refused))));
}

const EACH = [['node-1'], ['node-2'], ['node-3']];
const goes = { turn: 'goes', why: null, sessions: 10 };

test('everything is well: each goes, with what is up on it', () =>
  expect(turns({ batches: EACH })).toEqual({ 'node-1': goes, 'node-2': goes, 'node-3': goes }));

test('one that preflight refuses is refused, and those behind it are not begun', () => {
  const why = 'node-2 would be refused, and none may fail';
  expect(turns({ batches: EACH }, { 'node-2': 'found-state: node-2 is disabled already' })).toEqual({
    'node-1': goes,
    'node-2': { turn: 'refused', why: 'found-state: node-2 is disabled already', sessions: 10 },
    'node-3': { turn: 'not begun', why, sessions: 10 },
  });
});

test('where one may fail, the others go on', () =>
  expect(turns({ batches: EACH, maxFailures: 1 }, { 'node-2': 'esl: silent' })).toMatchObject({
    'node-2': { turn: 'refused' },
    'node-3': goes,
  }));

test('one beside it in its batch goes', () =>
  expect(
    turns(
      { batches: [['node-1', 'node-2']], limits: { ...LIMITS, maxUnavailable: 2 } },
      { 'node-1': 'esl: silent' },
    ),
  ).toMatchObject({ 'node-1': { turn: 'refused' }, 'node-2': goes }));

test('the window comes first, then what refuses, then the guard', () => {
  const nodes = { 'node-2': busy(95), 'node-1': busy(95) };
  const full = seen({ nodes });
  const window = { asked: '02:10 UTC', until: WALL.getTime() + 600_000, minDrain: 900_000 };
  expect(turns({ batches: [['node-1']] }, {}, full)['node-1']).toMatchObject({
    turn: 'waits',
    why: expect.stringMatching(/^the others would be too full/) as string,
    sessions: 95,
  });
  expect(turns({ batches: [['node-1']] }, { 'node-1': 'esl: silent' }, full)['node-1']?.turn).toBe('refused');
  expect(turns({ batches: [['node-1']], window }, { 'node-1': 'esl: silent' }, full)['node-1']).toMatchObject(
    {
      turn: 'not begun',
      why: 'too little time is left until the window closes (02:10 UTC)',
    },
  );
});

test('one that an earlier process has let out is asked neither for time nor for room', () => {
  const plan = planRolling(rolling({ batches: [['node-1']], limits: LIMITS }), policy());
  const nodes = plan.nodes.map(({ node, steps }) => ({
    node,
    steps: steps.filter(({ kind }) => kind !== 'admit'),
  }));
  const question = {
    ...{ cluster: four(), policy: policy(), wall: WALL, plan: { ...plan, nodes } },
    observation: seen({ nodes: { 'node-1': busy(95), 'node-2': busy(95) } }),
  };
  expect(foresee(question, new Map()).get('node-1')).toEqual({ turn: 'goes', why: null, sessions: 95 });
});

test('sessions that are unknown are not zero', () => {
  const nodes = { 'node-1': { sessions: { known: false, why: 'silent' } } } as const;
  expect(turns({ batches: [['node-1']] }, {}, seen({ nodes }))['node-1']?.sessions).toBeNull();
});
