/** Back in after a restart: through `ip`, so that Kamailio's own next good OPTIONS makes the node active. */
import { readFlags } from '../domain/dispatcher-state.ts';
import { flagsOf, isIn } from '../domain/drift.ts';
import { FshaError } from '../domain/errors.ts';
import type { Observation } from '../domain/observation.ts';
import { PROXY_PATIENCE } from '../domain/patience.ts';
import type { BaselineDestination } from '../domain/run-events.ts';
import { foundArgument, look, LOOK_PATIENTLY, setPatiently, setTo, type Sight } from './back-in.ts';
import { needsOf, type StepContext } from './step.ts';
import { probeOptions } from './survey.ts';

/** Between two looks at whether a proxy shows it active: ms, until its next ping should have been. */
const LOOK_EAGERLY = 100;
const EAGER = 3_000;

/** Sets them, and waits until each is active. @throws FshaError `activate.failed` where a proxy does not show it so */
export async function throughProbing(
  context: StepContext,
  destinations: readonly BaselineDestination[],
): Promise<Sight> {
  let careful = false;
  const { world, watcher, signal } = context;
  await setPatiently(
    context,
    destinations.map((one) => setTo(one, 'ip')),
  );
  const began = world.clock.now();
  const patient = began + PROXY_PATIENCE;
  for (;;) {
    const observation = await look(context);
    const waiting = destinations.filter((one) => !isIn(observation, one));
    if (waiting.length === 0) {
      const activeSince = world.clock.now();
      await exactFlags(context, destinations, observation);
      return { careful, activeSince };
    }
    if (world.clock.now() >= patient) {
      careful = await whereNobodyPings(context, observation, waiting);
      break;
    }
    const isEager = world.clock.now() - began < EAGER;
    await world.clock.sleep(isEager ? LOOK_EAGERLY : LOOK_PATIENTLY, signal);
    watcher.wake(needsOf(context));
  }
  await exactFlags(context, destinations, await look(context));
  return { careful, activeSince: null };
}

/**
 * A proxy that still shows it inactive after that long either does not ping, or its pings fail, which the RPC of 5.6 does
 * not tell. Where the node answers OPTIONS from here it is set active, with P where it had that before; where it was
 * pinged before it is then watched for as long as pings take to fail.
 * @returns whether there is such a one
 */
async function whereNobodyPings(
  context: StepContext,
  observation: Observation,
  waiting: readonly BaselineDestination[],
): Promise<boolean> {
  const { world, node, signal } = context;
  const answer = await probeOptions(world, node, signal);
  for (const destination of waiting) {
    const flags = flagsOf(observation, destination);
    const isInactive = flags.known && readFlags(flags.value)?.state === 'inactive';
    if (!isInactive || !answer.known || answer.value < 200 || answer.value >= 300) {
      throw new FshaError(
        'activate.failed',
        `${destination.proxy} does not show ${node.name} as active: ${flags.known ? flags.value : flags.why}`,
        `Its OPTIONS to ${destination.uri} may fail: look at the way between the two.`,
      );
    }
  }
  const wasPinged = (one: BaselineDestination): boolean => readFlags(one.flags)?.probing === true;
  await setPatiently(
    context,
    waiting.map((one) => setTo(one, wasPinged(one) ? 'ap' : 'a')),
  );
  return waiting.some(wasPinged);
}

/** Outside mode 1 a destination comes back as AX: what was AP before gets its P again. */
async function exactFlags(
  context: StepContext,
  destinations: readonly BaselineDestination[],
  observation: Observation,
): Promise<void> {
  const different = destinations.filter((one) => {
    const now = flagsOf(observation, one);
    const before = readFlags(one.flags);
    return (
      now.known &&
      before?.state === 'active' &&
      readFlags(now.value)?.state === 'active' &&
      now.value !== one.flags &&
      !before.noPing
    );
  });
  await setPatiently(
    context,
    different.map((one) => setTo(one, foundArgument(one))),
  );
}
