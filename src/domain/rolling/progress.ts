/** How far a rolling run is with each of its nodes. */
import { type NodeRunState, policyFor, restartIntended, type RunState, stepOutcome } from '../run.ts';
import type { RollingPlan } from './rolling-plan.ts';

/** `done`: through, and back in. `held`: drained, and out because somebody asked for it. `failed`: everything else that has ended. */
export type NodePhase = 'untouched' | 'in hand' | 'done' | 'held' | 'failed';

export function phaseOf(state: RunState, name: string): NodePhase {
  const node = state.nodes[name];
  if (node === undefined || isUntouched(node)) return 'untouched';
  if (node.failure !== null) return node.failure.error.code === 'drain.held' ? 'held' : 'failed';
  if (!hasEnded(state, name, node)) return 'in hand';
  return policyFor(state, name).hold && stepOutcome(node, name, 'activate') !== 'succeeded' ? 'held' : 'done';
}

/** The nodes that a run of any kind has touched and has not brought through. */
export function nodesInHand(state: RunState): readonly string[] {
  return Object.entries(state.nodes)
    .filter(([, { effects }]) => effects.length > 0)
    .map(([name]) => name)
    .filter((name) => state.plan.rolling === undefined || phaseOf(state, name) !== 'done');
}

/** Nothing was done on it, and nothing was found that speaks against it. */
export function isUntouched({ effects, steps, failure }: NodeRunState): boolean {
  if (effects.length > 0) return false;
  return failure === null ? Object.keys(steps).length === 0 : failure.error.code === 'rolling.stopped';
}

/** Every step of its plan has come to its end. */
function hasEnded(state: RunState, name: string, node: NodeRunState): boolean {
  const planned = state.plan.nodes.find((one) => one.node === name)?.steps ?? [];
  return planned.every(({ id }) => (node.steps[id]?.outcome ?? null) !== null);
}

/** Why no further node is begun, a clause; null: the run goes on. */
export function whyStopped(
  state: RunState,
  { maxFailures, limits }: Pick<RollingPlan, 'maxFailures' | 'limits'>,
): string | null {
  const failed = state.plan.nodes
    .map(({ node }) => node)
    .filter((name) => ['failed', 'held'].includes(phaseOf(state, name)));
  if (failed.length <= maxFailures) return whyNoRoom(state, failed, limits.maxUnavailable);
  const allowed = maxFailures === 0 ? 'none may' : `no more than ${maxFailures} may`;
  return `${failed.join(', ')} ${failed.length === 1 ? 'was' : 'were'} not brought through, and ${allowed}`;
}

/** Nobody in this run will bring back those that it has left out: whoever waited for them would wait in vain. */
function whyNoRoom(state: RunState, failed: readonly string[], maxUnavailable: number): string | null {
  if (!state.plan.nodes.some(({ node }) => phaseOf(state, node) === 'untouched')) return null;
  const out = failed.filter((name) => isLeftOut(state, name));
  if (out.length < maxUnavailable) return null;
  return `${out.join(', ')} ${out.length === 1 ? 'stays' : 'stay'} out, and no more than ${maxUnavailable} may be out at a time`;
}

/** Whether a node that was not brought through is not given back either. */
function isLeftOut(state: RunState, name: string): boolean {
  const node = state.nodes[name];
  if (node === undefined) return false;
  const code = node.failure?.error.code ?? 'drain.held';
  const isExpired = code === 'drain.expired' && node.effects.length > 0;
  return (
    restartIntended(node) ||
    code === 'drain.held' ||
    (isExpired && policyFor(state, name).onTimeout !== 'restore')
  );
}

/**
 * Whether an earlier process has brought the node through: back in, and another FreeSWITCH than the one that was there before
 * its restart, where there was to be one.
 */
export function isThrough(node: NodeRunState, name: string, uuidNow: string | null): boolean {
  if (stepOutcome(node, name, 'activate') !== 'succeeded') return false;
  return restartIntended(node) ? isAnotherStart(node, uuidNow) : true;
}

/** Whether FreeSWITCH is known to be another one than before the run meant to restart it, or before it took the node out. */
export function isAnotherStart({ effects, baseline }: NodeRunState, uuidNow: string | null): boolean {
  const last = effects.findLast(({ intent }) => intent.effect === 'node.restart');
  const before = last?.intent.effect === 'node.restart' ? last.intent.found : (baseline?.coreUuid ?? null);
  return before !== null && uuidNow !== null && uuidNow !== before;
}
