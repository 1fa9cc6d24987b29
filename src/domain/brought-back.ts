/** Whether somebody has brought a node of an interrupted run back in meanwhile, of which its journal knows nothing. */
import { isIn } from './drift.ts';
import type { Observation } from './observation.ts';
import { isAnotherStart } from './rolling/progress.ts';
import { type NodeRunState, restartIntended, type RunState } from './run.ts';

export interface BroughtBack {
  readonly node: string;
  /** FreeSWITCH is another one than before the run, and no restart was announced by it. */
  readonly restarted: boolean;
}

/**
 * The nodes that the run took out and marked, that are in on every proxy without its mark, although it neither announced a restart,
 * which would take the mark away, nor took it away itself. What is unknown proves nothing.
 */
export function broughtBack({ nodes, plan }: RunState, observation: Observation): readonly BroughtBack[] {
  if (plan.kind === 'activate' || plan.kind === 'hangup') return [];
  return Object.entries(nodes).flatMap(([name, node]) => {
    const seen = observation.nodes[name];
    if (seen === undefined || restartIntended(node) || !hasMarked(node)) return [];
    if (!seen.mark.known || seen.mark.value !== null || !seen.coreUuid.known) return [];
    const destinations = node.baseline?.destinations ?? [];
    const takesAll = destinations.length > 0 && destinations.every((one) => isIn(observation, one));
    return takesAll ? [{ node: name, restarted: isAnotherStart(node, seen.coreUuid.value) }] : [];
  });
}

/** It took the node out under a mark of its own, as far as its journal tells the mark is still there. */
function hasMarked({ effects }: NodeRunState): boolean {
  const mark = effects.findLast(({ intent }) => intent.effect === 'node.mark');
  const outcome = mark?.settled?.outcome;
  return (
    mark?.intent.wanted !== null &&
    (outcome === 'done' || outcome === 'already') &&
    effects.some(({ intent }) => intent.effect === 'dispatcher.state')
  );
}
