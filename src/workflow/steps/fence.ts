import { FshaError } from '../../domain/errors.ts';
import { insist, mayPass } from '../insist.ts';
import { needsOf, type Step, type StepContext } from '../step.ts';
import { deadlineOf, waitUntilDrained } from './wait-drained.ts';

/**
 * Pauses the node's inbound side, a second plane beside the dispatcher: from here on a call that comes all the same gets
 * 503 and fails over. A fence refuses REGISTER too, so by default it goes up only once the node was seen empty.
 */
export const fence: Step<'fence'> = async (context, params) => {
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
  const { watcher, node, signal } = context;
  for (;;) {
    const observation = await watcher.fresh({ ...needsOf(context), proxies: [] }, signal);
    const sessions = observation.nodes[node.name]?.sessions;
    if (sessions?.known === true) return sessions.value === 0;
    // Unknown is not empty: let the wait, which has the deadline, find out.
    await waitUntilDrained(context);
  }
}
