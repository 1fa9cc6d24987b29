import { FshaError } from '../../domain/errors.ts';
import type { EffectHandler } from '../effect-handler.ts';
import { nodePort } from '../world.ts';
import { lookAtNode } from './look-at-node.ts';

/** The inbound side of a node; read back with the matching argument, since a bare pause_check says false (1.10.12). */
export const nodePause: EffectHandler<'node.pause'> = {
  look: async (target, world, signal) => {
    const seen = await lookAtNode(world, target.node, signal);
    if (!seen.pause.known)
      throw new FshaError('protocol', `whether ${target.node} is paused is unknown: ${seen.pause.why}`);
    return seen.pause.value.inbound;
  },
  isSo: (found, wanted) => found === wanted,
  isConfirmed: (read, wanted) => read === wanted,
  act: (target, wanted, world, signal) => nodePort(world, target.node).pauseInbound(wanted, signal),
};
