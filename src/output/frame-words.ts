/** What a playbook adds to a step, for a plan. */
import { formatDuration } from '../domain/duration.ts';
import type { Frame, PlannedStep } from '../domain/plan.ts';
import { printable } from '../domain/text.ts';

/** Lines of a plan, without what stands for itself. */
export function frameLines(frame: Frame): readonly string[] {
  const { when, timeout, register, disruptive, cutsCalls, check } = frame;
  return [
    `called ${printable(frame.name)} (${printable(frame.at)})`,
    ...(when === undefined ? [] : [`only where ${printable(when.text, 1000)}`]),
    ...(timeout === undefined ? [] : [`for ${formatDuration(timeout)} at most`]),
    ...(register === undefined ? [] : [`what comes of it is kept as ${printable(register)}`]),
    ...(cutsCalls === true
      ? ['may cut calls: it is not asked whether the node is drained']
      : disruptive === true
        ? ['refused unless the node is out and drained then; nothing is given back behind it']
        : []),
    ...nested('where it fails', frame.rescue),
    ...nested('to give back what it did', frame.undo),
    ...nested('in the end, however it ends', frame.always),
    ...nested('to see whether it was done', check === undefined ? undefined : [check]),
  ];
}

function nested(when: string, steps: readonly PlannedStep[] | undefined): readonly string[] {
  if (steps === undefined || steps.length === 0) return [];
  return [`${when}: ${steps.map((step) => printable(step.frame?.name ?? step.kind)).join(', ')}`];
}
