/** What a run has recorded of the steps of its playbook, over all of its processes. */
import type { PlannedStep } from '../plan.ts';
import { isUnknown } from '../effect-records.ts';
import type { EffectRecord, NodeRunState } from '../run.ts';
import { withNested } from './all-steps.ts';

/** How an action's step stands: what an earlier process did of it. */
export type Standing =
  /** Nothing of it was begun; or it failed, and is known to have; or it only looks, and what it saw is not written down. */
  | 'to do'
  /** It was carried out, and what came of it is kept. */
  | 'done'
  /** It was carried out; what came of it was secret, and is nowhere. */
  | 'done, result lost'
  /** It was begun, and nobody knows whether it came to its end. */
  | 'unknown';

export function standingOf({ id, frame }: PlannedStep, node: NodeRunState): Standing {
  const result = node.results[id];
  const isKept = result !== undefined && (result.masked !== true || frame?.register === undefined);
  const last = lastAction(id, node);
  if (last === undefined) return isKept && result.value.ok ? 'done' : 'to do';
  if (last.settled?.outcome === 'done') return isKept ? 'done' : 'done, result lost';
  return isUnknown(last.settled) ? 'unknown' : 'to do';
}

/** The newest announcement of an action by that step. */
function lastAction(id: string, { effects }: NodeRunState): EffectRecord | undefined {
  return effects.findLast(({ intent }) => intent.effect === 'action.run' && intent.target.step === id);
}

/**
 * Whether an earlier process had begun with what rescues it: it has failed then, and its rescue goes on; it is not tried once more.
 */
export function isInRescue({ id, frame }: PlannedStep, node: NodeRunState): boolean {
  return node.rescues[id] !== 'rescued' && (frame?.rescue ?? []).flatMap(withNested).some(isRecorded(node));
}

/** Whether it was carried out, or failed and was rescued: nothing is left of it to do. */
export function isOver(step: PlannedStep, node: NodeRunState): boolean {
  if (node.rescues[step.id] === 'rescued') return true;
  if (step.kind === 'restart') return hasRestarted(step.id, node);
  return step.kind === 'action' && standingOf(step, node) === 'done';
}

/** Which of the steps was reached, itself or within it; -1: none. */
export function reached(steps: readonly PlannedStep[], node: NodeRunState): number {
  return steps.findLastIndex((step) =>
    withNested(step).some((one) => node.steps[one.id] !== undefined || isRecorded(node)(one)),
  );
}

function isRecorded({ effects, results }: NodeRunState): (step: PlannedStep) => boolean {
  return ({ id }) => results[id] !== undefined || effects.some(({ step }) => step === id);
}

function hasRestarted(id: string, { effects }: NodeRunState): boolean {
  return (
    effects.findLast(({ intent, step }) => intent.effect === 'node.restart' && step === id)?.settled
      ?.outcome === 'done'
  );
}
