import { FshaError } from '../../domain/errors.ts';
import type { NodeObservation } from '../../domain/observation.ts';
import { nodePort, type World } from '../world.ts';

/** A reading of the node, for an effect on it. @throws FshaError with the exact reason where it does not answer */
export async function lookAtNode(world: World, node: string, signal: AbortSignal): Promise<NodeObservation> {
  const seen = await nodePort(world, node).observe('pulse', signal);
  if (seen.trouble !== null) throw new FshaError(seen.trouble.code, seen.trouble.message, seen.trouble.hint);
  return seen;
}
