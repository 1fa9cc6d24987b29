/**
 * Before anything is disabled again it is looked whether the node is still the run's own to keep out: one that was stopped, or cut
 * off from the network, may have missed that a run of another host has brought it back in.
 */
import { FshaError } from '../domain/errors.ts';
import { judgeKeeping, type KeepingState, noteAnswer, noteMark } from '../domain/keeping.ts';
import type { NodeObservation, ProxyObservation } from '../domain/observation.ts';
import { hasFired, within } from './deadline.ts';
import { lookAtNode } from './effects/look-at-node.ts';
import { anothersMark, assertHeld, type StepContext } from './step.ts';

/** So long behind a poll without any answer of node or proxies, a run of another host may have come and gone: ms. */
const AWAY_AFTER = 5_000;
/** How long a node that does not answer may hold up what is to be disabled again: ms. */
const FIRST_LOOK = 2_000;

/** Counts a reading of the node or of a proxy, by whether it was answered. */
export function noteReading(
  { memory, policy }: StepContext,
  reading: Pick<NodeObservation | ProxyObservation, 'at' | 'trouble'> | undefined,
): void {
  if (reading === undefined) return;
  if (reading.trouble !== null && reading.trouble.code !== 'connect.refused') return;
  noteAnswer(memory.keeping, reading.at, policy().poll + AWAY_AFTER);
}

/** What a reading of the node says about whose it is. */
export function keepingState(context: StepContext, seen: NodeObservation | undefined): KeepingState {
  const { keeping } = context.memory;
  noteReading(context, seen);
  const isOwn = (value: string): boolean => anothersMark(context, { known: true, value }) === null;
  const state = judgeKeeping(seen, isOwn, keeping);
  if (state === 'kept' && seen?.mark.known === true && seen.mark.value !== null)
    noteMark(keeping, seen.coreUuid, seen.at);
  return state;
}

/**
 * Whether what somebody enabled may be disabled again: only where the node is not another run's by now. A node that does
 * not tell is kept out all the same, but by a guard that was away, which waits for its answer.
 * @throws FshaError `locked` where it is another run's, and this one does more than to keep it out
 */
export async function mayKeepOut(context: StepContext): Promise<boolean> {
  const { world, watcher, node, signal, memory } = context;
  const isBlind = watcher.latest().nodes[node.name]?.mark.known === false;
  // It is read every second anyway, and one that does not answer must not hold up the proxies.
  if (isBlind) return memory.keeping.awaySince === null;
  const seen = await within(world.clock, FIRST_LOOK, signal, 'the mark', (limit) =>
    lookAtNode(world, node.name, limit),
  ).catch((error: unknown) => {
    if (!(error instanceof FshaError) || error.code === 'bug' || hasFired(signal)) throw error;
    return undefined;
  });
  if (!memory.isGuarding) {
    if (seen !== undefined) assertHeld(context, { nodes: { [node.name]: seen }, proxies: {} });
    return true;
  }
  const state = keepingState(context, seen);
  return state === 'kept' || (state === 'unseen' && memory.keeping.awaySince === null);
}
