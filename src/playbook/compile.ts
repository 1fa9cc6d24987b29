/**
 * A loaded playbook → a plan, the same kind of plan that `drain` makes. Pure. fsha's own actions become its own steps, without
 * a frame where the playbook adds nothing; conditions that hang on nothing but what is known before are decided here.
 */
import type { Cluster, Node } from '../domain/cluster.ts';
import { FshaError } from '../domain/errors.ts';
import { type NodePlan, planDrain, type Plan, type PlannedStep, planRolling } from '../domain/plan.ts';
import { compileExpression, evaluateCondition, namesUsed } from '../domain/playbook/expression.ts';
import type { Frame } from '../domain/plan.ts';
import type { JsonValue } from '../domain/playbook/json.ts';
import { clusterValues, nodeValues, policyValues } from '../domain/playbook/known-values.ts';
import {
  type PlacedText,
  type Playbook,
  type PlaybookStep,
  positionText,
} from '../domain/playbook/playbook.ts';
import { knownBeforeTheRun, type Values } from '../domain/playbook/scope.ts';
import type { Policy } from '../domain/policy.ts';
import type { RollingPlan } from '../domain/rolling/rolling-plan.ts';
import type { Action } from './action.ts';
import { findAction } from './actions/registry.ts';
import { nameSteps } from './step-ids.ts';
import { isOwnAction, ownSteps } from './own-steps.ts';

export interface CompileInput {
  readonly playbook: Playbook;
  readonly cluster: Cluster;
  readonly policy: Policy;
  /** The values of the variables that are no secrets, and the names of those that are. */
  readonly vars: Readonly<Record<string, JsonValue>>;
  readonly secrets: readonly string[];
}

/** What is planned for some nodes, one after the other, or as a rolling run. @throws FshaError `usage` with the position */
export function compilePlaybook(
  input: CompileInput,
  nodes: readonly Node[],
  rolling: RollingPlan | null = null,
): Plan {
  const { policy } = input;
  const plans = nodes.map((node) => compileNode(input, node));
  if (rolling !== null) {
    const whole = planRolling(rolling, policy);
    const byName = new Map(plans.map((plan) => [plan.node, plan]));
    // In the order of the batches.
    return {
      ...whole,
      nodes: whole.nodes.flatMap(({ node, steps }) => {
        const plan = byName.get(node);
        if (plan === undefined) return [];
        const admit = steps.filter(({ kind }) => kind === 'admit');
        return [{ node, steps: [...(takesOut(plan) ? admit : []), ...plan.steps] }];
      }),
    };
  }
  const [only] = plans;
  if (only !== undefined && plans.length === 1) {
    const drain = planDrain(only.node, policy);
    if (JSON.stringify(drain.nodes) === JSON.stringify(plans)) return drain;
  }
  return { kind: 'playbook', nodes: plans };
}

/** Whether it takes its node out of service. */
export function takesOut({ steps }: NodePlan): boolean {
  return steps.some(({ kind }) => kind === 'deactivate');
}

function compileNode(input: CompileInput, node: Node): NodePlan {
  const kept = input.playbook.steps.filter((step) => isWanted(input, node, step));
  mustComeInOrder(kept);
  const steps = kept.flatMap((step): readonly PlannedStep[] => {
    const own = ownSteps(step.action, node.name, input.policy, kept);
    if (own === null) return [actionStep(input, node, step)];
    return own.map((planned) =>
      planned.kind === step.action ? framed(input, node, step, planned) : planned,
    );
  });
  return { node: node.name, steps: nameSteps(node.name, steps) };
}

/** The steps within another one: own actions and others alike, without what belongs to a whole drain. */
function nested(input: CompileInput, node: Node, steps: readonly PlaybookStep[]): readonly PlannedStep[] {
  return steps
    .filter((step) => isWanted(input, node, step))
    .flatMap((step) => {
      const own = ownSteps(step.action, node.name, input.policy, [step]);
      if (own === null) return [actionStep(input, node, step)];
      return own.map((planned) =>
        planned.kind === step.action ? framed(input, node, step, planned) : planned,
      );
    });
}

function actionStep(input: CompileInput, node: Node, step: PlaybookStep): PlannedStep {
  const found = findAction(step.action);
  if (found === undefined)
    throw new FshaError('usage', `${positionText(step.at)}: there is no action ${step.action}`);
  const { action, params } = step;
  const changes = found.changes(params);
  const timeout = step.timeout ?? found.timeout;
  const planned: PlannedStep = {
    id: `${node.name}/${action}`,
    kind: 'action',
    node: node.name,
    params: { action, params, changes },
  };
  const frame = { ...givenBack(input, node, step, found), ...frameOf(input, node, step) };
  return { ...planned, frame: timeout === null ? frame : { ...frame, timeout } };
}

/** The `undo` that an action has of itself, where the step has none. */
function givenBack(
  input: CompileInput,
  node: Node,
  { action, params, at, name, undo, timeout }: PlaybookStep,
  found: Action,
): Pick<Frame, 'undo'> {
  const back = undo === undefined ? (found.undo?.(params) ?? null) : null;
  if (back === null) return {};
  return {
    undo: [
      actionStep(input, node, {
        action,
        params: back,
        places: {},
        at,
        name: `${name ?? action}: given back`,
        // It looks at what is there, and does what is not so; it takes as long as the step itself may.
        rerun: 'safe',
        ...(timeout === undefined ? {} : { timeout }),
      }),
    ],
  };
}

function framed(input: CompileInput, node: Node, step: PlaybookStep, planned: PlannedStep): PlannedStep {
  const frame = frameOf(input, node, step);
  // A name alone changes nothing.
  const adds = Object.keys(frame).some((key) => key !== 'name' && key !== 'at');
  return adds ? { ...planned, frame } : planned;
}

function frameOf(input: CompileInput, node: Node, step: PlaybookStep): Frame {
  const { when, timeout, register, rerun, check, rescue, always, undo, disruptive, cutsCalls } = step;
  const inner = (steps: readonly PlaybookStep[]): readonly PlannedStep[] => nested(input, node, steps);
  const [looks] = check === undefined ? [] : inner([check]).map(onlyLooks);
  return {
    name: step.name ?? step.action,
    at: positionText(step.at),
    ...(when !== undefined && isDecidedLater(input, when)
      ? { when: { text: when.text, at: positionText(when.at) } }
      : {}),
    ...(timeout === undefined ? {} : { timeout }),
    ...(register === undefined ? {} : { register }),
    ...(rescue === undefined ? {} : { rescue: inner(rescue) }),
    ...(always === undefined ? {} : { always: inner(always) }),
    ...(undo === undefined ? {} : { undo: inner(undo) }),
    ...(disruptive === undefined ? {} : { disruptive }),
    ...(cutsCalls === undefined ? {} : { cutsCalls }),
    ...(rerun === undefined ? {} : { rerun }),
    ...(looks === undefined ? {} : { check: looks }),
  };
}

/** Whatever it runs: that it changes nothing is what makes it a check. */
function onlyLooks(step: PlannedStep): PlannedStep {
  return step.kind === 'action' ? { ...step, params: { ...step.params, changes: 'nothing' } } : step;
}

/** Whether the step is part of the plan: left out only where that can be told already. */
function isWanted(input: CompileInput, node: Node, { when }: PlaybookStep): boolean {
  if (when === undefined || isDecidedLater(input, when)) return true;
  const compiled = compileExpression(when.text);
  if ('problem' in compiled) throw wrong(when, compiled.problem.message);
  const outcome = evaluateCondition(compiled.value, valuesBefore(input, node));
  if ('problem' in outcome) throw wrong(when, outcome.problem.message);
  return outcome.value;
}

/** It asks for what only a step can tell, or for a secret, which no plan is made by. */
function isDecidedLater({ secrets }: CompileInput, when: PlacedText): boolean {
  const compiled = compileExpression(when.text);
  if ('problem' in compiled) throw wrong(when, compiled.problem.message);
  const used = namesUsed(compiled.value);
  return (
    !knownBeforeTheRun(used) || (used.includes('vars') && secrets.some((name) => when.text.includes(name)))
  );
}

function valuesBefore({ cluster, policy, vars }: CompileInput, node: Node): Values {
  return {
    vars,
    node: nodeValues(node),
    policy: policyValues(policy),
    cluster: clusterValues(cluster),
  };
}

function wrong(when: PlacedText, message: string): FshaError {
  return new FshaError('usage', `${positionText(when.at)}: ${message}`);
}

/** What fsha's own steps need of those before them; without it they would have nothing to go by. */
const NEEDS: Readonly<Record<string, readonly string[]>> = {
  deactivate: ['preflight'],
  wait_drained: ['deactivate'],
  fence: ['deactivate'],
  restart: ['deactivate', 'wait_drained'],
  verify: ['preflight'],
  activate: ['preflight'],
};

/** @throws FshaError `usage` */
function mustComeInOrder(steps: readonly PlaybookStep[]): void {
  steps.forEach(({ action, at, disruptive, cutsCalls }, index) => {
    const before = steps.slice(0, index).map((step) => step.action);
    const gated = disruptive === true && cutsCalls !== true && !isOwnAction(action);
    const needs = gated ? ['deactivate', 'wait_drained'] : (NEEDS[action] ?? []);
    const missing = needs.find((need) => !before.includes(need));
    if (missing !== undefined)
      throw new FshaError(
        'usage',
        `${positionText(at)}: ${gated ? `${action} is disruptive and` : action} needs ${missing} in a step before it`,
        `Write a step ${missing}: before it.`,
      );
    if (action === 'restart' && cutsCalls === true)
      throw new FshaError(
        'usage',
        `${positionText(at)}: restart never cuts calls`,
        'Restart FreeSWITCH in an ssh step with cutsCalls: true where calls may end.',
      );
  });
}
