/** A plan as --dry-run prints it. */
import type { Plan } from '../domain/plan.ts';
import { printable } from '../domain/text.ts';
import { counted } from './count-words.ts';
import { rollingPlanLines } from './rolling-plan-text.ts';
import { type PlanDetails, stepPlan, stepTitle } from './step-words.ts';

/** One block for each node, its steps numbered, each with what it changes; the nodes of a rolling run have one together. */
export function planLines(plan: Plan, details: PlanDetails = {}): readonly string[] {
  if (plan.nodes.length === 0) return ['nothing to do'];
  if (plan.rolling !== undefined) return rollingPlanLines(plan, plan.rolling, details);
  return plan.nodes.flatMap(({ node, steps }) => [
    `${printable(node)}: ${steps.length === 0 ? 'nothing to do' : `${plan.kind} in ${counted(steps.length, 'step')}`}`,
    ...steps.flatMap((step, index) => {
      const [first = '', ...more] = stepPlan(step, details).split('\n');
      return [`  ${index + 1}. ${stepTitle(step)}: ${first}`, ...more.map((line) => `       ${line}`)];
    }),
  ]);
}
