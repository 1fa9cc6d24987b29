import { doEffect, needsOf, type Step, type StepContext } from '../step.ts';
import { waitUntilDrained } from './wait-drained.ts';

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

async function pause(context: StepContext, wanted: boolean): Promise<void> {
  await doEffect(context, { effect: 'node.pause', target: { node: context.node.name }, wanted });
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
