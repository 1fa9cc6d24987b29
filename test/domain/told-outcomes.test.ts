import { expect, test } from 'vitest';
import type { PlannedStep } from '../../src/domain/plan.ts';
import { toldOutcomes } from '../../src/domain/playbook/told-outcomes.ts';
import type { NewEvent } from '../../src/domain/run-events.ts';
import { stateOf } from './run-story.ts';

const STEP = 'node-1/ssh.upgrade';
const step: PlannedStep = {
  id: STEP,
  kind: 'action',
  node: 'node-1',
  params: { action: 'ssh', params: { run: ['true'] }, changes: 'node' },
  frame: { name: 'Upgrade', at: 'p.yaml:9:5', register: 'upgrade' },
};
const begun: NewEvent = {
  type: 'effect.intended',
  node: 'node-1',
  step: STEP,
  data: {
    effect: 'action.run',
    target: { node: 'node-1', step: STEP },
    wanted: { action: 'ssh', params: { run: ['true'] }, changes: 'node', disruptive: false },
    found: null,
  },
};
const state = (events: readonly NewEvent[]) =>
  stateOf(events, { plan: { kind: 'playbook', nodes: [{ node: 'node-1', steps: [step] }] } });

test('a step that was done has a result for those behind it, and who says so stands in the journal', () => {
  expect(toldOutcomes(state([begun]), { done: [STEP], again: [] }, 'ops@bastion')).toMatchObject([
    {
      type: 'effect.settled',
      step: STEP,
      data: { outcome: 'done', read: { said: 'done before, as ops@bastion says' } },
    },
    { type: 'step.result', step: STEP, data: { register: 'upgrade', value: { ok: true } } },
  ]);
});

test('one that is to be done once more is known not to be done', () => {
  expect(toldOutcomes(state([begun]), { done: [], again: [STEP] }, 'ops@bastion')).toMatchObject([
    { type: 'effect.settled', step: STEP, data: { outcome: 'failed', read: null } },
  ]);
});

test.each([
  ['nothing is unknown', [], { done: [STEP], again: [] }, 'There is none.'],
  ['it is another one', [begun], { done: ['node-1/ssh.upgrad'], again: [] }, `There is: ${STEP}`],
  ['both are told of it', [begun], { done: [STEP], again: [STEP] }, ''],
] as const)('is a mistake where %s', (_, events, told, hint) => {
  expect(() => toldOutcomes(state(events), told, 'ops@bastion')).toThrow(
    expect.objectContaining({ code: 'usage', hint }),
  );
});
