/** What goes back in when a node does, and with which flags. */
import { isSelectable, readFlags, stateArgument, type StateArgument } from '../domain/dispatcher-state.ts';
import type { Effect } from '../domain/effect.ts';
import type { Observation } from '../domain/observation.ts';
import { PROXY_PATIENCE } from '../domain/patience.ts';
import type { BaselineDestination } from '../domain/run-events.ts';
import { insistOnDestinations } from './insist.ts';
import { destinationsOf, isIgnored, needsOf, type StepContext } from './step.ts';

/** Between two looks at whether a proxy shows it active, where there is no hurry: ms. */
export const LOOK_PATIENTLY = 250;

/** How the node came back in. */
export interface Sight {
  /** A proxy may find by its own pings, later, that it does not reach the node. */
  readonly careful: boolean;
  /** Monotonic ms at which it was first seen active everywhere; null where that is still to be seen. */
  readonly activeSince: number | null;
}

export interface Sorted {
  /** To be seen active again. */
  readonly back: readonly BaselineDestination[];
  /** Set inactive by somebody, and not probed: IX, which holds outside probing mode 1. It is given back like that. */
  readonly asFound: readonly BaselineDestination[];
  /** On proxies that may be ignored. */
  readonly ignored: readonly BaselineDestination[];
}

/** Set inactive by somebody, and not probed: IX, which holds outside probing mode 1. */
export function isSetInactive({ flags }: BaselineDestination): boolean {
  const found = readFlags(flags);
  return found?.state === 'inactive' && !found.probing;
}

/** @param explicit the user's wish: every destination, whatever it was found as */
export function sorted(context: StepContext, explicit: boolean): Sorted {
  const ignored = (one: BaselineDestination): boolean => isIgnored(context, one);
  const staysInactive = (one: BaselineDestination): boolean => !explicit && isSetInactive(one);
  const all = destinationsOf(context).filter((one) => explicit || readFlags(one.flags)?.state !== 'disabled');
  return {
    back: all.filter((one) => !ignored(one) && !staysInactive(one)),
    asFound: all.filter((one) => !ignored(one) && staysInactive(one)),
    ignored: all.filter(ignored),
  };
}

/** The flags that were found; a destination that was not in service becomes so by the explicit wish. */
export function foundArgument(destination: BaselineDestination): StateArgument {
  const flags = readFlags(destination.flags);
  return flags === undefined || !isSelectable(flags) ? 'ip' : stateArgument(flags);
}

export function setTo(
  { proxy, set, uri, duid }: BaselineDestination,
  wanted: StateArgument,
): Effect & { effect: 'dispatcher.state' } {
  return { effect: 'dispatcher.state', target: { proxy, set, uri, duid }, wanted };
}

/**
 * Sets destinations, each tried again while its proxy is in trouble that may pass: a node that is well is not given up for
 * a proxy that blips.
 * @throws the first failure, once all have ended
 */
export function setPatiently(
  context: StepContext,
  wanted: readonly (Effect & { effect: 'dispatcher.state' })[],
): Promise<void> {
  const limit = context.world.clock.now() + PROXY_PATIENCE;
  return insistOnDestinations(context, wanted, () => limit);
}

/** Everything that goes on the node, read from now on. */
export function look(context: StepContext): Promise<Observation> {
  return context.watcher.fresh(needsOf(context), context.signal);
}
