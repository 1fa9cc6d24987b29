/** What a person asked of one node of a run under way: whether it can be granted, and what it changes. */
import type { Plan, StepKind } from './plan.ts';
import type { Policy, RunRequest } from './policy.ts';
import type { StepOutcome } from './run-events.ts';

/** What was granted so far. */
export interface Wishes {
  /** How much later the deadline is, ms. */
  readonly extendMs: number;
  readonly hold: boolean;
  /** The last time somebody asked for it; null: nobody did. */
  readonly cut: CutWish | null;
  readonly abort: boolean;
}

export interface CutWish {
  /** So many ordinary calls may be cut. */
  readonly confirmed: number;
  /** Counts from 1: each is meant for the moment in which it was asked, and is carried out or refused once. */
  readonly nth: number;
}

export const NO_WISHES: Wishes = { extendMs: 0, hold: false, cut: null, abort: false };

/** A node as far as granting asks about it; see NodeRunState. */
interface Asked {
  readonly steps: Readonly<Record<string, { readonly outcome: StepOutcome | null }>>;
  readonly undo: 'started' | 'done' | 'failed' | 'unknown' | null;
  readonly wishes: Wishes;
}

export function withWish(wishes: Wishes, request: RunRequest): Wishes {
  switch (request.kind) {
    case 'extend':
      return { ...wishes, extendMs: wishes.extendMs + request.ms };
    case 'hold':
      return { ...wishes, hold: true };
    case 'cut':
      return { ...wishes, cut: { confirmed: request.confirmed, nth: (wishes.cut?.nth ?? 0) + 1 } };
    case 'abort':
      return { ...wishes, abort: true };
  }
}

/** What outlives the process in which it was asked: a deadline, a hold. To stop, and to cut, is meant for the moment. */
export function lastingWishes(wishes: Wishes): Wishes {
  return { ...NO_WISHES, extendMs: wishes.extendMs, hold: wishes.hold };
}

export function policyWith(policy: Policy, wishes: Wishes): Policy {
  return {
    ...policy,
    timeout: policy.timeout === null ? null : policy.timeout + wishes.extendMs,
    ...(wishes.hold ? { hold: true, onTimeout: 'hold' as const } : {}),
  };
}

/**
 * Why a request cannot be granted for one node, a clause; null where it can.
 * @param policy the run's, without wishes
 */
function refusalFor(
  request: RunRequest,
  name: string,
  node: Asked,
  plan: Plan,
  policy: Policy,
): string | null {
  const wait = stepOf(name, node, plan, 'wait_drained');
  switch (request.kind) {
    case 'abort':
      // The undo and what keeps a node out have their own time, and only a second signal ends them.
      if (node.undo === 'started') return `${name} is being given back already`;
      if (node.undo === 'done') return `${name} was given back already`;
      return isUnderWay(node.steps[`${name}/secure`]) ? `${name} is being kept out already` : null;
    case 'extend': {
      if (!isPositive(request.ms)) return 'a deadline is extended by a positive number of milliseconds';
      if (wait === 'none') return `the calls of ${name} are not waited for in this run`;
      if (wait === 'settled') return `the wait for the calls of ${name} is over`;
      const { timeout } = policyWith(policy, node.wishes);
      if (timeout === null) return 'there is no deadline to extend';
      return Number.isSafeInteger(timeout + request.ms) ? null : 'the deadline would be too far away';
    }
    case 'hold':
      if (plan.kind !== 'drain' && plan.kind !== 'rolling') return 'only a drain can be held';
      if (node.undo !== null) return `${name} is given back already`;
      return ['none', 'open'].includes(stepOf(name, node, plan, 'activate'))
        ? null
        : `${name} is brought back in already`;
    case 'cut':
      if (!isPositive(request.confirmed)) return 'the number of calls to cut is not a positive number';
      if (wait !== 'started') return `the calls of ${name} are not being waited for`;
      return null;
  }
}

/** The node that a request is about; undefined: all of them. To stop is of the whole run, whatever a journal names beside it. */
export function nodeAskedFor(request: RunRequest): string | undefined {
  return request.kind === 'abort' ? undefined : request.node;
}

/**
 * Why a request cannot be granted, for each node of the plan that it is about; null for those for which it can. Who answers
 * a request and who folds the answer both go by this.
 */
export function refusalsFor(
  request: RunRequest,
  nodes: Readonly<Record<string, Asked>>,
  plan: Plan,
  policy: Policy,
): ReadonlyMap<string, string | null> {
  return new Map(
    plan.nodes
      .map(({ node }) => node)
      .filter((name) => (nodeAskedFor(request) ?? name) === name)
      .map((name): [string, string | null] => {
        const node = nodes[name];
        return [
          name,
          node === undefined ? `nothing is known of ${name}` : refusalFor(request, name, node, plan, policy),
        ];
      }),
  );
}

function isUnderWay(step: Asked['steps'][string] | undefined): boolean {
  return step !== undefined && step.outcome === null;
}

function isPositive(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}

/** How far the node's step of that kind is; `none` where the plan has none. */
function stepOf(
  name: string,
  node: Asked,
  plan: Plan,
  kind: StepKind,
): 'none' | 'open' | 'started' | 'settled' {
  const planned = plan.nodes.find((one) => one.node === name)?.steps.find((step) => step.kind === kind);
  if (planned === undefined) return 'none';
  const record = node.steps[planned.id];
  if (record === undefined) return 'open';
  return record.outcome === null ? 'started' : 'settled';
}
