/** Whether a node is out on every proxy, and what changed under fsha's hands where it is not. */
import { readFlags, takesCalls } from './dispatcher-state.ts';
import { known, unknown, type Known, type Observation } from './observation.ts';
import type { BaselineDestination } from './run-events.ts';
import { placedTargets } from './targets.ts';

/** A destination as one name: `lb-1 set 1 sip:10.0.1.10:5080`. */
export function destinationKey(destination: Omit<BaselineDestination, 'flags'>): string {
  const twin = destination.duid === null ? '' : ` (duid ${destination.duid})`;
  return `${destination.proxy} set ${destination.set} ${destination.uri}${twin}`;
}

/** FLAGS of one destination as its proxy listed it last; unknown where the proxy or the line was not seen. */
export function flagsOf(
  observation: Observation,
  destination: Omit<BaselineDestination, 'flags'>,
): Known<string> {
  const proxy = observation.proxies[destination.proxy];
  if (proxy === undefined) return unknown(`${destination.proxy} was not read`);
  if (proxy.trouble !== null) return unknown(`${destination.proxy}: ${proxy.trouble.message}`);
  if (!proxy.sets.known) return unknown(`${destination.proxy}: ${proxy.sets.why}`);
  const found = placedTargets(proxy.sets.value).filter(
    (target) =>
      target.set === destination.set &&
      (destination.duid === null ? target.uri === destination.uri : target.duid === destination.duid),
  );
  const [only] = found;
  if (only === undefined) return unknown(`${destinationKey(destination)} is no longer listed`);
  if (found.length > 1) return unknown(`${destinationKey(destination)} is listed ${found.length} times`);
  return known(only.flags);
}

/** Whether it is seen to be selectable there: one that was in state trying before is back as soon as it can be selected. */
export function isIn(observation: Observation, destination: Omit<BaselineDestination, 'flags'>): boolean {
  const flags = flagsOf(observation, destination);
  return flags.known && takesCalls(flags.value);
}

export interface Drift {
  readonly destination: BaselineDestination;
  readonly now: string;
  readonly cause: string;
}

export interface OutReading {
  readonly drift: readonly Drift[];
  /** Why it cannot be told for some destination; empty where all were read. */
  readonly unknown: readonly string[];
}

/**
 * Reads whether every destination is disabled. Only D holds: an inactive one comes back with Kamailio's next good
 * OPTIONS (measured on 5.6.3 and 6.1.4), so everything but D is drift.
 * @param startedAs instance of each proxy when the node was taken out, to tell a restart from a reload
 */
export function readOut(
  observation: Observation,
  destinations: readonly BaselineDestination[],
  startedAs: Readonly<Record<string, string>>,
): OutReading {
  const drift: Drift[] = [];
  const blind: string[] = [];
  for (const destination of destinations) {
    const flags = flagsOf(observation, destination);
    if (!flags.known) blind.push(flags.why);
    else if (readFlags(flags.value)?.state !== 'disabled') {
      drift.push({
        destination,
        now: flags.value,
        cause: likelyCause(observation, destination, flags.value, startedAs),
      });
    }
  }
  return { drift, unknown: blind };
}

function likelyCause(
  observation: Observation,
  destination: BaselineDestination,
  now: string,
  startedAs: Readonly<Record<string, string>>,
): string {
  const instance = observation.proxies[destination.proxy]?.instance;
  const before = startedAs[destination.proxy];
  if (instance?.known === true && before !== undefined && instance.value !== before) {
    return `${destination.proxy} was restarted`;
  }
  if (readFlags(now)?.state === 'inactive')
    return 'a failure route marked it (ds_mark_dst overwrites disabled)';
  return 'dispatcher.reload, or somebody set it';
}
