import { FshaError } from '../../domain/errors.ts';
import type { Observation } from '../../domain/observation.ts';
import { insist, mayPass } from '../insist.ts';
import { assertHeld, needsOf, type Step, type StepContext } from '../step.ts';
import { deadlineOf, waitUntilDrained } from './wait-drained.ts';

/**
 * Pauses the node's inbound side, a second plane beside the dispatcher: from here on a call that comes all the same gets
 * 503 and fails over. A fence refuses REGISTER too, so by default it goes up only once the node was seen empty.
 */
export const fence: Step<'fence'> = async (context, params) => {
  // Minutes or a stop of this process may lie behind the look that saw it drained, and a fence refuses the calls of whoever has it now.
  assertHeld(context, await seenNow(context));
  if (params.when === 'early') {
    await pause(context, true);
    return 'succeeded';
  }
  for (;;) {
    await pause(context, true);
    if (await isEmpty(context)) return 'succeeded';
    // A call slipped in between the last look and the fence: it is served like any other.
    await pause(context, false);
    await waitUntilDrained(context);
  }
};

/** @throws FshaError `drain.expired` where the node does not answer until the deadline */
async function pause(context: StepContext, wanted: boolean): Promise<void> {
  const { node, world } = context;
  const deadline = (): number | null => deadlineOf(context);
  try {
    await insist(context, { effect: 'node.pause', target: { node: node.name }, wanted }, deadline);
  } catch (error) {
    const limit = deadline();
    if (!mayPass(error) || limit === null || world.clock.now() < limit) throw error;
    const what = wanted ? 'be fenced' : 'have its fence taken away';
    throw new FshaError(
      'drain.expired',
      `the deadline passed and ${node.name} could not ${what}: ${error.message}`,
      error.hint,
      error,
    );
  }
}

/** Counts again, until the count is known. */
async function isEmpty(context: StepContext): Promise<boolean> {
  const { node } = context;
  for (;;) {
    const observation = await seenNow(context);
    assertHeld(context, observation);
    const sessions = observation.nodes[node.name]?.sessions;
    if (sessions?.known === true) return sessions.value === 0;
    // Unknown is not empty: let the wait, which has the deadline, find out.
    await waitUntilDrained(context);
  }
}

function seenNow(context: StepContext): Promise<Observation> {
  return context.watcher.fresh({ ...needsOf(context), proxies: [] }, context.signal);
}
