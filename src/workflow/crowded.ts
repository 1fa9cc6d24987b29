import type { Observation } from '../domain/observation.ts';
import { admitNext } from '../domain/rolling/admit-next.ts';
import type { StepContext } from './step.ts';

/** Why a node that is out should not be: those that are left could not carry what comes; only a rolling run asks. A clause; null. */
export function whyCrowded(context: StepContext, observation: Observation): string | null {
  const { world, node, memory } = context;
  if (memory.rolling === null) return null;
  const { admitted, emptied, plan } = memory.rolling;
  const policy = context.policy();
  const { cluster } = world;
  const { limits } = plan;
  const answer = admitNext({ cluster, observation, candidate: node, admitted, emptied, limits, policy });
  return answer.admitted ? null : answer.why;
}
