/** Which nodes a run leaves out as it ends: the next one may take them in hand at once. */
import { restartIntended, type RunState, stepOutcome } from './run.ts';
import { isMarked, serviceOf } from './service.ts';

/**
 * Whether the run has ended with this node out, as it was wished, under its mark. Not where it failed behind its restart: that may be
 * gone on with. Nor where a guard has handed the node over: the mark may be the other run's by now.
 */
export function isLeftOut(state: RunState, name: string): boolean {
  const node = state.nodes[name];
  if (node === undefined || serviceOf(name, node) !== 'out of service' || !isMarked(node)) return false;
  if (node.failure === null) return stepOutcome(node, name, 'guard') !== 'succeeded';
  if (restartIntended(node) || node.undo !== null) return false;
  const { step, error } = node.failure;
  return (
    error.code === 'drain.held' ||
    error.code === 'drain.expired' ||
    (error.code === 'interrupted' && step.endsWith('/guard'))
  );
}
