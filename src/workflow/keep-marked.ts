/** The mark of a run on a node that it has for long. */
import { ageOf, MARK_EVERY, readMark } from '../domain/mark.ts';
import type { NodeObservation, Observation } from '../domain/observation.ts';
import { hasFired } from './deadline.ts';
import { mayPass } from './insist.ts';
import { keepingState } from './keeping.ts';
import { lookAtNode } from './effects/look-at-node.ts';
import { anothersMark, doEffect, isOfThisProcess, ownMark, type StepContext } from './step.ts';

/**
 * FreeSWITCH was restarted by another hand, and the mark died with it: set again, at a later look where it cannot be now. And
 * renewed, so that runs on other hosts see that this one is under way.
 */
export async function keepMarked(context: StepContext, observation: Observation): Promise<void> {
  const { node, signal, world, memory } = context;
  const seen = observation.nodes[node.name];
  if (seen?.mark.known !== true || isKept(context, seen)) return;
  memory.markWanted = null;
  try {
    // What was observed is up to a poll old: another's mark of since then is not overwritten, nor is a new one written twice.
    const now = await lookAtNode(world, node.name, signal);
    if (!now.mark.known || anothersMark(context, now.mark) !== null || isKept(context, now)) return;
    // Taken away since: whoever did that has the node, and a mark of this one would stay on it.
    if (memory.isGuarding && keepingState(context, now) !== 'kept') return;
    const target = { node: node.name };
    await doEffect(context, { effect: 'node.mark', target, wanted: ownMark(context, now) });
  } catch (error) {
    if (!mayPass(error) || hasFired(signal)) throw error;
  }
}

/** Whether this process's mark is on the node, says what it is to say, and need not be renewed yet. */
function isKept(context: StepContext, seen: NodeObservation): boolean {
  const { world, memory } = context;
  const value = seen.mark.known ? seen.mark.value : null;
  const own = value !== null && isOfThisProcess(value, context) ? readMark(value) : undefined;
  if (own === undefined || own.guard !== memory.isGuarding) return false;
  // Of a clock that was set back, or of the FreeSWITCH before this one: others could not tell how old it is.
  if (own.up !== null && seen.uptimeMs.known && seen.uptimeMs.value < own.up) return false;
  const age = ageOf(own, seen, world.clock.wall().getTime());
  return age !== null && age >= 0 && age < MARK_EVERY;
}
