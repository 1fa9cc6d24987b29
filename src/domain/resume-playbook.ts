/** What remains of a node's steps in a run of a playbook: its own plan, with what was done known by each step itself. */
import { isIn } from './drift.ts';
import type { Observation } from './observation.ts';
import { type NodePlan, planActivate, planBehindRestart, type PlannedStep } from './plan.ts';
import { isOver, reached, standingOf } from './playbook/step-history.ts';
import type { Policy } from './policy.ts';
import { type NodeRunState, restartIntended, type RunState } from './run.ts';

/** Whether its steps are more than those of a drain, so that only the plan in the journal has them. */
export function hasOwnSteps({ plan, started }: RunState): boolean {
  return (
    started.playbook !== undefined &&
    plan.nodes.some(({ steps }) => steps.some(({ kind, frame }) => kind === 'action' || frame !== undefined))
  );
}

/** @param planned the node's steps, as the run last planned them */
export function planRestOfPlaybook(
  planned: NodePlan,
  recorded: NodeRunState | undefined,
  observation: Observation,
  policy: Policy,
): NodePlan {
  if (recorded === undefined) return planned;
  return restartIntended(recorded)
    ? behind(planned, recorded, observation, policy)
    : before(planned, recorded);
}

/** Nothing was done that may have ended calls: from its beginning, or, once it was on its way back in, from there. */
function before({ node, steps }: NodePlan, recorded: NodeRunState): NodePlan {
  const at = reached(steps, recorded);
  const activate = steps.findLastIndex(({ kind }, index) => kind === 'activate' && index <= at);
  if (activate === -1) return { node, steps };
  const rest = steps.slice(activate === at ? activate : activate + 1);
  const looks =
    activate === at
      ? planActivate(node).nodes.flatMap((plan) => plan.steps.filter(({ kind }) => kind === 'preflight'))
      : rest.some(({ kind }) => kind === 'deactivate')
        ? steps.filter(({ kind }) => kind === 'preflight').slice(0, 1)
        : [];
  return { node, steps: [...looks, ...rest] };
}

/** The node is kept out, what became of the restart is found out, and the steps go on where they were. */
function behind(
  { node, steps }: NodePlan,
  recorded: NodeRunState,
  observation: Observation,
  policy: Policy,
): NodePlan {
  const at = Math.max(0, reached(steps, recorded));
  const isGoingIn = steps.some(({ kind }, index) => kind === 'activate' && index <= at);
  const takesSome = (recorded.baseline?.destinations ?? []).some((one) => isIn(observation, one));
  const isOutFirst = recorded.baseline !== null && !(isGoingIn && takesSome);
  const looks = planBehindRestart(node, policy, { restarted: true, keepOut: isOutFirst }).steps.filter(
    ({ kind }) => LOOKS.includes(kind) && recorded.baseline !== null,
  );
  const current = steps[at];
  // Back in only once it was seen to be well, however well it was then.
  const from =
    current?.kind === 'activate'
      ? steps.findLastIndex(({ kind }, index) => kind === 'verify' && index < at)
      : at;
  const drained = steps.filter(({ kind }, index) => DRAINED.includes(kind) && index < at);
  return {
    node,
    steps: [
      ...looks,
      ...(current !== undefined && endsCallsAgain(current, recorded) ? drained : []),
      ...steps.slice(from === -1 ? at : from),
    ],
  };
}

const LOOKS: readonly string[] = ['preflight', 'keep_out', 'settle_restart'];
const DRAINED: readonly string[] = ['fence', 'wait_drained'];

/** Whether it is carried out once more as far as is known, so that calls that came meanwhile have to be waited for. */
function endsCallsAgain(step: PlannedStep, recorded: NodeRunState): boolean {
  if (isOver(step, recorded)) return false;
  if (step.kind === 'restart') return true;
  const { disruptive, rerun } = step.frame ?? {};
  const isUnknown = standingOf(step, recorded) === 'unknown';
  return disruptive === true && (!isUnknown || rerun === 'safe');
}
