import { type Load, surgeOf } from '../domain/capacity.ts';
import type { Observation } from '../domain/observation.ts';
import { type Admission, admitNext } from '../domain/rolling/admit-next.ts';
import type { Rolling, StepContext } from './step.ts';

/** How long the peak that a node had when it was let out may come again: ms. FreeSWITCH's own is one of five minutes. */
const PEAK_LASTS = 5 * 60_000;

/** Whether the node of a rolling run may be taken out, or stay out. */
export function askGuard(context: StepContext, rolling: Rolling, observation: Observation): Admission {
  const { world, node } = context;
  const { admitted, emptied, plan } = rolling;
  return admitNext({
    cluster: world.cluster,
    observation,
    candidate: node,
    admitted,
    emptied,
    surges: surgesAt(rolling, world.clock.now()),
    limits: plan.limits,
    policy: context.policy(),
  });
}

/** From now on it counts as out. */
export function letOut({ world, node }: StepContext, rolling: Rolling, observation: Observation): void {
  const seen = observation.nodes[node.name];
  rolling.admitted.add(node.name);
  if (seen !== undefined)
    rolling.surges.set(node.name, { load: surgeOf(seen), until: world.clock.now() + PEAK_LASTS });
}

function surgesAt({ surges }: Rolling, now: number): ReadonlyMap<string, Load> {
  return new Map([...surges].flatMap(([name, { load, until }]) => (now < until ? [[name, load]] : [])));
}

/** Why a node that is out should not be: those that are left could not carry what comes; only a rolling run asks. A clause; null. */
export function whyCrowded(context: StepContext, observation: Observation): string | null {
  const { rolling } = context.memory;
  if (rolling === null) return null;
  const answer = askGuard(context, rolling, observation);
  return answer.admitted ? null : answer.why;
}
