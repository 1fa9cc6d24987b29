import type { Known, LiveCalls } from '../domain/observation.ts';
import { nodePort, type World } from './world.ts';

/** On a node that is in service a call may begin between two questions: looked again so many times in all. */
const LOOKS = 4;
const LOOK_EVERY = 250;

/**
 * The calls of a node. Looks again where sessions in memory have no row, which may be no more than a call that began just
 * now; what the last look saw is what is returned, whole or not.
 * @throws FshaError `interrupted`
 */
export async function lookAtCalls(
  world: World,
  node: string,
  signal: AbortSignal,
): Promise<Known<LiveCalls>> {
  for (let look = 1; ; look += 1) {
    const live = await nodePort(world, node).liveCalls(signal);
    if (!live.known || live.value.sessions <= live.value.channels.length || look >= LOOKS) return live;
    await world.clock.sleep(LOOK_EVERY, signal);
  }
}
