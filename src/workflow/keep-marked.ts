/** The mark of a run on a node that it has for long. */
import { MARK_EVERY, readMark } from '../domain/mark.ts';
import type { Observation } from '../domain/observation.ts';
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
  const mark = observation.nodes[node.name]?.mark;
  if (mark?.known !== true) return;
  const own = mark.value !== null && isOfThisProcess(mark.value, context) ? readMark(mark.value) : undefined;
  const isNew = own !== undefined && world.clock.wall().getTime() - own.at < MARK_EVERY;
  if (isNew && own.guard === memory.isGuarding) return;
  memory.markWanted = null;
  try {
    // What was observed is up to a poll old: another's mark of since then is not overwritten.
    const now = await lookAtNode(world, node.name, signal);
    if (!now.mark.known || anothersMark(context, now.mark) !== null) return;
    // Taken away since: whoever did that has the node, and a mark of this one would stay on it.
    if (memory.isGuarding && keepingState(context, now) !== 'kept') return;
    const target = { node: node.name };
    await doEffect(context, { effect: 'node.mark', target, wanted: ownMark(context) });
  } catch (error) {
    if (!mayPass(error) || hasFired(signal)) throw error;
  }
}
