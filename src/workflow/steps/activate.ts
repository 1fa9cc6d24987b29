import { setByHand, unmark } from '../../domain/by-hand.ts';
import { isSelectable, readFlags, stateArgument, type StateArgument } from '../../domain/dispatcher-state.ts';
import { destinationKey, flagsOf } from '../../domain/drift.ts';
import type { Effect } from '../../domain/effect.ts';
import { FshaError } from '../../domain/errors.ts';
import type { Observation } from '../../domain/observation.ts';
import { restartIntended } from '../../domain/run.ts';
import type { BaselineDestination } from '../../domain/run-events.ts';
import {
  assertHeld,
  assertSameStart,
  baselineOf,
  destinationsOf,
  disable,
  doEffect,
  isIgnored,
  needsOf,
  setDestinations,
  type Step,
  type StepContext,
  warn,
} from '../step.ts';
import { within } from '../deadline.ts';
import { insist, mayPass } from '../insist.ts';
import { setWhereIgnored } from '../out-guard.ts';
import { probeOptions } from '../survey.ts';

/**
 * How long Kamailio is given to bring a node back by its own OPTIONS: ms. Three rounds of the usual interval of 10 s;
 * a proxy that has not done so by then does not ping, which no RPC of 5.6 tells.
 */
const PING_PATIENCE = 35_000;
/** How long the node's ESL may be in trouble before that is a failure: ms. */
const ESL_PATIENCE = 30_000;
/** Between two looks at whether a proxy shows it active: ms, at first and once its next ping should have been. */
const LOOK_EAGERLY = 100;
const LOOK_PATIENTLY = 250;
const EAGER = 3_000;
/** How long taking it out again may last: ms. */
const OUT_AGAIN = 30_000;

/**
 * Back in. A node that was restarted goes through `ip`, so that Kamailio's own next good OPTIONS makes it active: `a`
 * makes even a dead node selectable at once. One that was never restarted gets the flags it had. Then it is watched as
 * active on every proxy for minSoak.
 */
export const activate: Step<'activate'> = async (context, params) => {
  const { node, world } = context;
  // Somebody asked for it to stay out while it was being restarted or verified.
  if (!params.explicit && context.policy().hold) return 'skipped';
  const baseline = baselineOf(context);
  const { back, asFound, ignored } = sorted(context, params.explicit);
  const target = { node: node.name };
  const patience = (): (() => number) => {
    const limit = world.clock.now() + ESL_PATIENCE;
    return () => limit;
  };
  try {
    await insist(context, { effect: 'node.pause', target, wanted: false }, patience());
    let sight: Sight = { careful: false, activeSince: null };
    const isRestarted = await wasRestarted(context);
    if (isRestarted) sight = await throughProbing(context, back);
    else
      await setDestinations(
        context,
        back.map((one) => setTo(one, foundArgument(one))),
      );
    await setDestinations(
      context,
      asFound.map((one) => setTo(one, 'i')),
    );
    await whereIgnored(context, ignored, { isRestarted, explicit: params.explicit });
    await soak(context, back, sight);
  } catch (error) {
    throw await outAgain(context, [...back, ...asFound], ignored, error);
  }
  if (baseline.pause.inbound && !params.explicit) {
    await insist(context, { effect: 'node.pause', target, wanted: true }, patience());
  }
  await unmarkNode(context, patience());
  return 'succeeded';
};

/** A node that is back in is not taken out again for a mark that could not be taken away: that is told. */
async function unmarkNode(context: StepContext, deadline: () => number): Promise<void> {
  const { node } = context;
  try {
    await insist(context, { effect: 'node.mark', target: { node: node.name }, wanted: null }, deadline);
  } catch (error) {
    if (!mayPass(error) || context.signal.aborted) throw error;
    const what = `${node.name} is back in, but the mark of this run stays on it: ${error.message}`;
    await warn(context, error.code, what, `By hand: ${unmark(node.name)}`);
  }
}

interface Sorted {
  /** To be seen active again. */
  readonly back: readonly BaselineDestination[];
  /** Set inactive by somebody, and not probed: IX, which holds outside probing mode 1. It is given back like that. */
  readonly asFound: readonly BaselineDestination[];
  /** On proxies that may be ignored. */
  readonly ignored: readonly BaselineDestination[];
}

/** Set inactive by somebody, and not probed: IX, which holds outside probing mode 1. */
function isSetInactive({ flags }: BaselineDestination): boolean {
  const found = readFlags(flags);
  return found?.state === 'inactive' && !found.probing;
}

function sorted(context: StepContext, explicit: boolean): Sorted {
  const ignored = (one: BaselineDestination): boolean => isIgnored(context, one);
  const staysInactive = (one: BaselineDestination): boolean => !explicit && isSetInactive(one);
  const all = destinationsOf(context).filter((one) => explicit || readFlags(one.flags)?.state !== 'disabled');
  return {
    back: all.filter((one) => !ignored(one) && !staysInactive(one)),
    asFound: all.filter((one) => !ignored(one) && staysInactive(one)),
    ignored: all.filter(ignored),
  };
}

/** A proxy that may be ignored is tried all the same: what fails there is told, and does not stop the run. */
async function whereIgnored(
  context: StepContext,
  destinations: readonly BaselineDestination[],
  { isRestarted, explicit }: { readonly isRestarted: boolean; readonly explicit: boolean },
): Promise<void> {
  for (const destination of destinations) {
    const staysInactive = !explicit && isSetInactive(destination);
    const wanted = staysInactive ? 'i' : isRestarted ? 'ip' : foundArgument(destination);
    try {
      await doEffect(context, setTo(destination, wanted));
    } catch (error) {
      if (context.signal.aborted || !(error instanceof FshaError)) throw error;
      // Looking may be what failed, and nothing is recorded then: it would go unseen that the node is not back there.
      const { proxy } = destination;
      const message = `${context.node.name} was not set on ${proxy}, which is ignored: ${error.message}`;
      await warn(context, error.code, message, `When it answers: ${setByHand(destination, wanted)}`);
    }
  }
}

/** The flags that were found; a destination that was not in service becomes so by the explicit wish. */
function foundArgument(destination: BaselineDestination): StateArgument {
  const flags = readFlags(destination.flags);
  return flags === undefined || !isSelectable(flags) ? 'ip' : stateArgument(flags);
}

function setTo(
  { proxy, set, uri, duid }: BaselineDestination,
  wanted: StateArgument,
): Effect & { effect: 'dispatcher.state' } {
  return { effect: 'dispatcher.state', target: { proxy, set, uri, duid }, wanted };
}

/** Whether FreeSWITCH is another one than at the baseline; where that cannot be told, it is taken to be. */
async function wasRestarted(context: StepContext): Promise<boolean> {
  const { watcher, node, signal } = context;
  if (restartIntended(context.soFar())) return true;
  const observation = await watcher.fresh({ nodes: [node.name], proxies: [] }, signal);
  const uuid = observation.nodes[node.name]?.coreUuid;
  return uuid?.known !== true || uuid.value !== baselineOf(context).coreUuid;
}

/** How the node came back in. */
interface Sight {
  /** A proxy may find by its own pings, later, that it does not reach the node. */
  readonly careful: boolean;
  /** Monotonic ms at which it was first seen active everywhere; null where that is still to be seen. */
  readonly activeSince: number | null;
}

async function throughProbing(
  context: StepContext,
  destinations: readonly BaselineDestination[],
): Promise<Sight> {
  let careful = false;
  const { world, watcher, signal } = context;
  await setDestinations(
    context,
    destinations.map((one) => setTo(one, 'ip')),
  );
  const began = world.clock.now();
  const patient = began + PING_PATIENCE;
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
  await setDestinations(
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
  await setDestinations(
    context,
    different.map((one) => setTo(one, foundArgument(one))),
  );
}

/** Seen active on every proxy, in every look, for minSoak. */
async function soak(
  context: StepContext,
  destinations: readonly BaselineDestination[],
  { careful, activeSince: seenSince }: Sight,
): Promise<void> {
  const { world, watcher, signal, node } = context;
  const policy = context.policy();
  const long = careful ? Math.max(policy.minSoak, PING_PATIENCE) : policy.minSoak;
  const deadline = world.clock.now() + PING_PATIENCE + long;
  let activeSince = seenSince;
  for (;;) {
    const observation = await look(context);
    const now = world.clock.now();
    const seen = observation.nodes[node.name];
    assertSameStart(context, seen);
    assertHeld(context, observation);
    const isSeen = seen?.coreUuid.known === true && seen.ready.known && seen.ready.value;
    const not = destinations.filter((one) => !isIn(observation, one));
    const [first] = not;
    activeSince = first === undefined && isSeen ? (activeSince ?? now) : null;
    if (activeSince !== null && now - activeSince >= long) return;
    if (now >= deadline) {
      const what =
        first === undefined
          ? 'it does not stay active'
          : `${destinationKey(first)} shows ${shown(observation, first)}`;
      throw new FshaError(
        'activate.failed',
        `${node.name} is not active everywhere: ${what}`,
        'Look at `kamcmd dispatcher.list` and at what else sets states there.',
      );
    }
    await world.clock.sleep(
      activeSince === null ? LOOK_PATIENTLY : Math.min(policy.poll, Math.max(50, activeSince + long - now)),
      signal,
    );
    watcher.wake(needsOf(context));
  }
}

function shown(observation: Observation, destination: BaselineDestination): string {
  const flags = flagsOf(observation, destination);
  return flags.known ? flags.value : flags.why;
}

function look(context: StepContext): Promise<Observation> {
  return context.watcher.fresh(needsOf(context), context.signal);
}

/** Whether it is selectable there: a destination that was in state trying before is back as soon as it can be selected. */
function isIn(observation: Observation, destination: BaselineDestination): boolean {
  const flags = flagsOf(observation, destination);
  const parsed = flags.known ? readFlags(flags.value) : undefined;
  return parsed !== undefined && isSelectable(parsed);
}

/**
 * In on some proxies and not on others is no state to leave a node in: it goes out again everywhere, under a signal of
 * its own, since it may be a signal that ended this.
 */
async function outAgain(
  context: StepContext,
  destinations: readonly BaselineDestination[],
  ignored: readonly BaselineDestination[],
  error: unknown,
): Promise<unknown> {
  const { world, leave, node } = context;
  if (!(error instanceof FshaError) || ['journal', 'bug', 'locked'].includes(error.code)) return error;
  try {
    await within(world.clock, OUT_AGAIN, leave, `taking ${node.name} out again`, async (signal) => {
      const inner = { ...context, signal };
      await setDestinations(inner, destinations.map(disable));
      await setWhereIgnored(inner, ignored);
    });
  } catch (second) {
    return second;
  }
  if (error.code === 'interrupted' || error.code === 'effect.unknown') return error;
  return new FshaError('activate.failed', error.message, error.hint, error);
}
