/** What somebody who has looked says of steps that an earlier process left unknown. */
import { FshaError } from '../errors.ts';
import type { PlannedStep } from '../plan.ts';
import type { RunState } from '../run.ts';
import type { NewEvent } from '../run-events.ts';
import { printable } from '../text.ts';
import { withNested } from './all-steps.ts';
import { standingOf } from './step-history.ts';

export interface ToldOutcomes {
  /** Ids of steps that were carried out. */
  readonly done: readonly string[];
  /** Ids of steps that were not, or that may be carried out once more. */
  readonly again: readonly string[];
}

/**
 * The events by which the run knows it from here on.
 * @param who says so
 * @throws FshaError `usage` for a step of which nothing is unknown
 */
export function toldOutcomes(
  state: RunState,
  { done, again }: ToldOutcomes,
  who: string,
): readonly NewEvent[] {
  const unknown = unknownSteps(state);
  const known = (id: string): PlannedStep => {
    const step = unknown.find((one) => one.id === id);
    if (step !== undefined) return step;
    throw new FshaError(
      'usage',
      `${printable(id)} is no step of run ${state.run} of which it is unknown whether it was done`,
      unknown.length === 0 ? 'There is none.' : `There is: ${unknown.map((step) => step.id).join(', ')}`,
    );
  };
  const both = done.find((step) => again.includes(step));
  if (both !== undefined)
    throw new FshaError('usage', `${printable(both)} is told to be done, and to be done once more`);
  return [
    ...done.flatMap((id) => wasDone(known(id), `done before, as ${who} says`)),
    ...again.map((id) => wasNotDone(known(id), `to be done once more, as ${who} says`)),
  ];
}

function unknownSteps({ plan, nodes }: RunState): readonly PlannedStep[] {
  return plan.nodes.flatMap(({ node, steps }) => {
    const recorded = nodes[node];
    if (recorded === undefined) return [];
    return steps
      .flatMap(withNested)
      .filter((step) => step.kind === 'action' && standingOf(step, recorded) === 'unknown');
  });
}

/** What became of a step, where what it found is not known. */
export function wasDone({ node, id: step, frame }: PlannedStep, said: string): readonly NewEvent[] {
  const register = frame?.register ?? null;
  return [
    {
      type: 'effect.settled',
      node,
      step,
      data: { effect: 'action.run', target: { node, step }, outcome: 'done', read: { ok: true, said } },
    },
    { type: 'step.result', node, step, data: { register, value: { ok: true } } },
  ];
}

function wasNotDone({ node, id: step }: PlannedStep, message: string): NewEvent {
  const error = { code: 'action.failed', message, hint: '' } as const;
  return {
    type: 'effect.settled',
    node,
    step,
    data: { effect: 'action.run', target: { node, step }, outcome: 'failed', read: null, error },
  };
}
