import type { EffectHandler } from '../effect-handler.ts';
import { nodePort } from '../world.ts';

/** One leg of a call, ended by uuid_kill. Proof: the channel is gone. One that ended by itself meanwhile was not cut. */
export const callHangup: EffectHandler<'call.hangup'> = {
  look: (target, world, signal) => nodePort(world, target.node).channelExists(target.uuid, signal),
  isSo: (found) => !found,
  isConfirmed: (read) => !read,
  act: (target, wanted, world, signal) =>
    nodePort(world, target.node).hangUp(target.uuid, wanted.cause, signal),
};
