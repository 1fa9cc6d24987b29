import { FshaError } from '../../domain/errors.ts';
import { lookAtNode } from '../effects/look-at-node.ts';
import { anothersMark, doEffect, endedMark, type Step, warn } from '../step.ts';

/**
 * Its mark says from here on that the run has ended and has left the node out, so that runs of other hosts do not take it for one
 * that is under way. Where that cannot be said they do so for as long as the mark is fresh; it changes nothing about how the run ended.
 */
export const leaveOut: Step<'leave_out'> = async (context) => {
  const { world, node, signal } = context;
  try {
    const seen = await lookAtNode(world, node.name, signal);
    // Taken away, or another's by now: what the node is to be is that one's to say.
    if (!seen.mark.known || seen.mark.value === null || anothersMark(context, seen.mark) !== null)
      return 'skipped';
    const wanted = endedMark(context, seen);
    await doEffect(context, { effect: 'node.mark', target: { node: node.name }, wanted });
    return 'succeeded';
  } catch (error) {
    if (!(error instanceof FshaError) || error.code === 'bug') throw error;
    await warn(
      context,
      error.code,
      `the mark on ${node.name} does not tell that this run has ended: ${error.message}`,
      'Runs of other hosts may take it for one that is under way, for five minutes.',
    );
    return 'skipped';
  }
};
