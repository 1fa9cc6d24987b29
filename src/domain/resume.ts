/** What remains of a run whose process has ended: from what it recorded and what is seen now. */
import { isIn } from './drift.ts';
import { FshaError } from './errors.ts';
import type { Observation } from './observation.ts';
import { type NodePlan, planActivate, planBehindRestart, planDrain, planRolling, type Plan } from './plan.ts';
import { isBeingRescued } from './playbook/being-rescued.ts';
import type { RollingPlan, Window } from './rolling/rolling-plan.ts';
import { EXIT } from './exit-codes.ts';
import { isAnotherStart, isThrough } from './rolling/progress.ts';
import type { Policy } from './policy.ts';
import { hasOwnSteps, planRestOfPlaybook } from './resume-playbook.ts';
import { intentsOf, type NodeRunState, policyFor, restartIntended, type RunState } from './run.ts';
import { serviceOf } from './service.ts';

export interface Resumption {
  /** `undo`: what the run did is given back; the plan is then as it was. */
  readonly mode: 'forward' | 'undo';
  /** What is still to be done. */
  readonly plan: Plan;
  /** What a person should know of the choice, a sentence without its full stop; null where it is what was asked for. */
  readonly why: string | null;
}

export interface ResumeWish {
  /** Give it back. */
  readonly undo: boolean;
  /** What counts from here on. */
  readonly policy: Policy;
  /** How fsha was called, for the commands in errors. */
  readonly call: string;
  /** Nodes of a rolling run that a later run has taken in hand and is done with: that run's name, null where it is not known. */
  readonly others: ReadonlyMap<string, string | null>;
  /** Until when a rolling run may go on; null: whenever. */
  readonly window: Window | null;
}

/** @throws FshaError `refused` where there is nothing left to do */
export function assertOpen(state: RunState): void {
  const { run, settled, nodes } = state;
  if (settled === null) return;
  const isOpen = settled.outcome === 'unknown' || settled.outcome === 'interrupted';
  const left = Object.entries(nodes).filter(
    ([name, node]) =>
      node.effects.length > 0 &&
      (serviceOf(name, node) !== 'in service' || node.failure?.error.code === 'step.unknown'),
  );
  if (isOpen && left.length > 0) return;
  if (state.plan.kind === 'rolling' && settled.exit !== EXIT.done && settled.exit !== EXIT.callsCut) return;
  const [next] = settled.next;
  throw new FshaError(
    'refused',
    `run ${run} cannot go on: it has ended (${settled.outcome}, exit ${settled.exit})`,
    next === undefined ? '' : `Next: ${next}`,
  );
}

/**
 * Plans what remains. Nothing is taken for done because the journal says so: every step looks first, and does what is not so.
 * @param observation what is seen now
 * @throws FshaError `refused` where it is to be given back behind its restart, or nothing remains
 */
export function planResume(state: RunState, observation: Observation, wish: ResumeWish): Resumption {
  assertOpen(state);
  if (state.plan.rolling !== undefined && !wish.undo)
    return planRest(state, state.plan.rolling, observation, wish);
  // Giving back a rolling run is giving back what it has in hand.
  const nodes = Object.entries(state.nodes).filter(
    ([name, node]) =>
      !wish.others.has(name) &&
      (state.plan.rolling === undefined || !isThrough(node, name, uuidOf(observation, name))),
  );
  const behind = nodes.filter(([, node]) => restartIntended(node)).map(([name]) => name);
  if (wish.undo) return undo(state, behind, wish);
  if (behind.length === 0) {
    const begun = nodes.map(([name]) => name).filter((name) => isGivenBack(state, name));
    if (begun.length > 0)
      return {
        mode: 'undo',
        plan: state.plan,
        why: `${begun.join(', ')} was being given back: that goes on`,
      };
  }
  const isPlaybook = hasOwnSteps(state);
  const plans = state.plan.nodes.map((planned): NodePlan => {
    const { node } = planned;
    if (isPlaybook) return planRestOfPlaybook(planned, state.nodes[node], observation, wish.policy);
    const recorded = state.nodes[node];
    return recorded === undefined || !restartIntended(recorded)
      ? anew(node, state, recorded, wish.policy)
      : behindRestart(node, recorded, observation, wish.policy);
  });
  return { mode: 'forward', plan: { kind: state.plan.kind, nodes: plans }, why: null };
}

function undo(state: RunState, behind: readonly string[], { call, others }: ResumeWish): Resumption {
  if (state.plan.kind === 'hangup')
    throw new FshaError('refused', `run ${state.run} has cut calls: that cannot be undone`);
  const [first] = behind;
  if (first !== undefined)
    throw new FshaError(
      'refused',
      `run ${state.run} cannot be undone: the restart of ${first} was announced, and may have been carried out`,
      `It can only go forward: ${call} resume ${state.run}`,
    );
  const names = [...others.keys()];
  const why = names.length === 0 ? null : `left to later runs: ${names.join(', ')}`;
  return { mode: 'undo', plan: withoutNodes(state.plan, others), why };
}

function withoutNodes(plan: Plan, left: ReadonlyMap<string, unknown>): Plan {
  if (left.size === 0 || plan.rolling === undefined) return plan;
  const stays = (name: string): boolean => !left.has(name);
  const { batches, canary } = plan.rolling;
  return {
    ...plan,
    nodes: plan.nodes.filter(({ node }) => stays(node)),
    rolling: {
      ...plan.rolling,
      batches: batches.map((batch) => batch.filter(stays)).filter((batch) => batch.length > 0),
      canary: canary.filter(stays),
    },
  };
}

/**
 * What remains of a rolling run: first the nodes that are in hand, then those that it has not brought through, batch by batch.
 * @throws FshaError `refused` where nothing remains
 */
function planRest(
  state: RunState,
  rolling: RollingPlan,
  observation: Observation,
  { policy, others, window }: ResumeWish,
): Resumption {
  const names = state.plan.nodes.map(({ node }) => node);
  const through = names.filter((name) => {
    const node = state.nodes[name];
    if (node === undefined) return false;
    const uuid = uuidOf(observation, name);
    return others.has(name) ? isAnotherStart(node, uuid) : isThrough(node, name, uuid);
  });
  const leftOut = names
    .filter((name) => others.has(name) && !through.includes(name))
    .map((node) => ({ node, why: `${others.get(node) ?? 'a later run'} came after this run there` }));
  const rest = names.filter((name) => !through.includes(name) && !others.has(name));
  if (rest.length === 0)
    throw new FshaError(
      'refused',
      leftOut.length === 0
        ? `run ${state.run} cannot go on: every node of it was brought through`
        : `run ${state.run} cannot go on: ${leftOut.map(({ node, why }) => `${node}: ${why}`).join('; ')}`,
    );
  // What was given back is as it was before: it goes when its own batch does.
  const inHand = rest.filter((name) => {
    const node = state.nodes[name];
    return node !== undefined && node.effects.length > 0 && node.undo !== 'done';
  });
  const batches = [
    inHand,
    ...rolling.batches.map((batch) => batch.filter((name) => rest.includes(name) && !inHand.includes(name))),
  ].filter((batch) => batch.length > 0);
  const canary = rolling.canary.filter((name) => rest.includes(name));
  const remains: RollingPlan = {
    ...rolling,
    batches,
    canary,
    window,
    done: [...rolling.done, ...through],
    skipped: [...rolling.skipped, ...leftOut],
  };
  const whole = planRolling(remains, policy);
  const isPlaybook = hasOwnSteps(state);
  const nodes = whole.nodes.map((planned): NodePlan => {
    const own = state.plan.nodes.find(({ node }) => node === planned.node);
    if (isPlaybook && own !== undefined)
      return planRestOfPlaybook(own, state.nodes[planned.node], observation, policy);
    const recorded = state.nodes[planned.node];
    return recorded !== undefined && restartIntended(recorded)
      ? behindRestart(planned.node, recorded, observation, policy)
      : planned;
  });
  return { mode: 'forward', plan: { ...whole, nodes }, why: null };
}

/** The core_uuid that was seen; null for unknown. */
export function uuidOf(observation: Observation, name: string): string | null {
  const uuid = observation.nodes[name]?.coreUuid;
  return uuid?.known === true ? uuid.value : null;
}

/** Whether its process had begun to give the node back, or had failed or been told to stop, and was about to. */
function isGivenBack(state: RunState, name: string): boolean {
  const node = state.nodes[name];
  if (node === undefined || intentsOf(node).length === 0) return false;
  if (node.undo !== null || node.wishes.abort) return true;
  const code = node.failure?.error.code;
  if (code === undefined || code === 'drain.held' || code === 'locked' || code === 'step.unknown')
    return false;
  if (isBeingRescued(state.plan, node)) return false;
  return code !== 'drain.expired' || policyFor(state, name).onTimeout === 'restore';
}

/** The same plan from its beginning: what is so already is seen, and not done again. */
function anew(name: string, state: RunState, recorded: NodeRunState | undefined, policy: Policy): NodePlan {
  const own = state.plan.nodes.find(({ node }) => node === name) ?? { node: name, steps: [] };
  const [drain] = state.plan.kind === 'drain' ? planDrain(name, policy).nodes : [];
  const plan = drain ?? own;
  const isGoingIn = recorded?.steps[`${name}/activate`] !== undefined;
  // Drained and on its way back in, without a restart: it is not taken out once more for that.
  if (state.plan.kind !== 'drain' || !isGoingIn) return plan;
  const [preflight] = planActivate(name).nodes.flatMap(({ steps }) => steps);
  const activate = plan.steps.filter(({ kind }) => kind === 'activate');
  return { node: name, steps: [...(preflight === undefined ? [] : [preflight]), ...activate] };
}

function behindRestart(name: string, node: NodeRunState, observation: Observation, policy: Policy): NodePlan {
  const last = node.effects.findLast(({ intent }) => intent.effect === 'node.restart');
  const uuid = observation.nodes[name]?.coreUuid;
  const isAnother = uuid?.known === true && uuid.value !== last?.intent.found;
  const restarted = isAnother || last?.settled?.outcome === 'done';
  // On its way back in, or let in by somebody meanwhile: as long as it is well it takes calls, and may be the only one.
  const takesSome = (node.baseline?.destinations ?? []).some((one) => isIn(observation, one));
  return planBehindRestart(name, policy, { restarted, keepOut: !(restarted && takesSome) });
}
