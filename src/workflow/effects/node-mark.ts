import { FshaError } from '../../domain/errors.ts';
import { readMark, takenByAnother } from '../../domain/mark.ts';
import type { EffectHandler } from '../effect-handler.ts';
import { nodePort } from '../world.ts';
import { lookAtNode } from './look-at-node.ts';

/** The mark by which other runs see that this node is held. */
export const nodeMark: EffectHandler<'node.mark'> = {
  look: async (target, world, signal) => {
    const seen = await lookAtNode(world, target.node, signal);
    if (!seen.mark.known)
      throw new FshaError('protocol', `the mark of ${target.node} is unknown: ${seen.mark.why}`);
    return seen.mark.value;
  },
  isSo: (found, wanted) => found === wanted,
  isConfirmed: (read, wanted) => read === wanted,
  act: (target, wanted, world, signal) => nodePort(world, target.node).setMark(wanted, signal),
  whyLost: (read, wanted, target) =>
    read === null || wanted === null || read === wanted
      ? null
      : takenByAnother(target.node, read, readMark(wanted)?.run ?? ''),
};
