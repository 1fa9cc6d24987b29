/** The commands with which a person goes on, or undoes, once a run is over. */
import { backByHand, outByHand, undoByHand, unmark } from './by-hand.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { Plan } from './plan.ts';
import { type NodeRunState, restartIntended, type RunState, stepOutcome } from './run.ts';
import type { Service } from './run-events.ts';
import { isMarked } from './service.ts';

export interface EndedNode {
  readonly name: string;
  /** undefined where nothing is known of it. */
  readonly node: NodeRunState | undefined;
  readonly service: Service;
  readonly exit: ExitCode;
  /** The journal ends too soon: to whoever comes, the run was interrupted. */
  readonly isLost: boolean;
}

/** @param command how fsha was called, for the commands that go on: `fsha`, or `fsha --config FILE` */
export function nextCommands(ended: EndedNode, state: RunState, command: string): readonly string[] {
  const { name, node, service, exit, isLost } = ended;
  // Nothing was changed: what stood in the way has to be looked at, and nothing has to be brought back.
  if (node === undefined || node.effects.length === 0) {
    return exit === EXIT.locked ? [`${command} status`] : [`${command} doctor ${name}`];
  }
  if (exit === EXIT.locked) return [`${command} status`, `${command} show ${state.run}`];
  // To whoever reads the journal its restart may be under way still: nothing but this run may take the node in hand.
  const isOnlyResumed = isLost && restartIntended(node);
  if (exit === EXIT.unknown) {
    return [
      `${command} status`,
      `${command} show ${state.run}`,
      // Looks at all of it again, and does what could not be done: by hand is for where fsha cannot.
      ...(service === 'in service' && node.failure?.error.code !== 'step.unknown'
        ? []
        : [`${command} resume ${state.run}${restartIntended(node) ? '' : ' --undo'}`]),
      ...byHand(name, node),
      // A node that is in behind a restart was not watched to the end, and its mark is there still: that brings it to an end.
      ...(isOnlyResumed || (service === 'in service' && !restartIntended(node))
        ? []
        : [`${command} activate ${name}`]),
    ];
  }
  if (node.failure?.step.endsWith('/guard') === true)
    return [`${command} deactivate ${name} --guard`, `${command} activate ${name}`];
  if (stepOutcome(node, name, 'activate') === 'succeeded') return leftBehind(name, node, state);
  // Drained or not, it was not restarted: going on and giving it back are both open.
  if (exit === EXIT.expiredHeld) return [`${command} drain ${name}`, `${command} activate ${name}`];
  if (isOnlyResumed) return [`${command} resume ${state.run}`];
  return [`${command} ${goOn(state.plan.kind, service)} ${name}`];
}

/** For a run that did what it was to do. */
export function nextAfterSuccess(ended: EndedNode, state: RunState, command: string): readonly string[] {
  const { name, node, service } = ended;
  // Whoever wanted to have it has it now.
  if (node !== undefined && stepOutcome(node, name, 'guard') === 'succeeded') return [];
  const activate = service === 'out of service' ? [`${command} activate ${name}`] : [];
  return [...activate, ...(node === undefined ? [] : leftBehind(name, node, state))];
}

function byHand(name: string, node: NodeRunState): readonly string[] {
  if (restartIntended(node)) return outByHand(node);
  return node.undo === 'failed' || node.undo === 'unknown' ? undoByHand(name, node) : [];
}

/** What was stopped, or failed and was undone, is begun anew; behind a restart a node that is out has only to go in. */
function goOn(kind: Plan['kind'], service: Service): 'activate' | 'deactivate' | 'drain' {
  if (kind === 'activate' || kind === 'deactivate') return kind;
  return service === 'out of service' ? 'activate' : 'drain';
}

/** Of a node that is back in: where a proxy that was ignored has not been given it, and a mark that stays on it. */
function leftBehind(name: string, node: NodeRunState, state: RunState): readonly string[] {
  if (stepOutcome(node, name, 'activate') !== 'succeeded') return [];
  return [...backByHand(node, state.policy.ignoreProxies), ...(isMarked(node) ? [unmark(name)] : [])];
}
