import type { Plan } from '../plan.ts';
import type { NodeRunState } from '../run.ts';
import { stepNamed } from './all-steps.ts';
import { BEYOND_RESCUE } from './beyond-rescue.ts';

/** Whether what failed on a node has a rescue that has not come to its end: until then nothing is given back. */
export function isBeingRescued(
  plan: Plan,
  { failure, rescues }: Pick<NodeRunState, 'failure' | 'rescues'>,
): boolean {
  if (failure === null || BEYOND_RESCUE.has(failure.error.code)) return false;
  const rescue = stepNamed(plan, failure.step)?.frame?.rescue ?? [];
  return rescue.length > 0 && rescues[failure.step] === undefined;
}
