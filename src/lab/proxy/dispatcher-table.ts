/** The dispatcher sets in memory: states, and the order in which Kamailio keeps the destinations of a set. */
import { randomUUID } from 'node:crypto';
import {
  afterMark,
  afterPing,
  afterSetState,
  isSelectable,
  stateFromListFlags,
  type DestinationState,
  type ProbingSettings,
} from './dispatcher-state-machine.ts';
import type { ConfiguredDestination } from './proxy-config.ts';

export interface Destination {
  readonly uri: string;
  readonly priority: number;
  /** Null where its line has no attributes. */
  readonly attributes: string | null;
  /** 6.x: new at every reload. */
  readonly iuid: string;
  state: DestinationState;
  readonly latency: Latency;
}

export interface Latency {
  average: number;
  deviation: number;
  estimate: number;
  maximum: number;
  timeouts: number;
  samples: number;
}

export interface DispatcherTable {
  /** Destinations of a set in their order, empty for an unknown set. */
  destinations(set: number): readonly Destination[];
  sets(): readonly number[];
  /** False where no destination matches. The first match only is changed, as in Kamailio. */
  setState(set: number, match: (destination: Destination) => boolean, wanted: DestinationState): boolean;
  setStateOfAll(set: number, wanted: DestinationState): void;
  pinged(set: number, uri: string, good: boolean, latencyMs: number): void;
  mark(set: number, uri: string, wanted: DestinationState): boolean;
  /** Whether a destination with this URI takes new calls now. */
  isActive(set: number, uri: string): boolean;
  /** Every state as the list says, whatever was set since. */
  rebuild(): void;
  add(destination: ConfiguredDestination): void;
  remove(set: number, uri: string): void;
}

export function createDispatcherTable(
  list: readonly ConfiguredDestination[],
  settings: ProbingSettings,
  knowsNoPing: boolean,
): DispatcherTable {
  let sets = new Map<number, Destination[]>();

  function build(line: ConfiguredDestination): Destination {
    return {
      uri: line.uri,
      priority: line.priority ?? 0,
      attributes: attributesOf(line),
      iuid: randomUUID(),
      state: stateFromListFlags(line.flags ?? 0, knowsNoPing),
      latency: { average: 0, deviation: 0, estimate: 0, maximum: 0, timeouts: 0, samples: 0 },
    };
  }

  function insert(set: number, destination: Destination): void {
    const others = sets.get(set) ?? [];
    // Higher priorities first; of equal ones the last that was added comes first (measured on 5.6.3).
    const position = others.findIndex((other) => other.priority <= destination.priority);
    others.splice(position === -1 ? others.length : position, 0, destination);
    sets.set(set, others);
  }

  function rebuild(): void {
    sets = new Map();
    for (const line of list) insert(line.set, build(line));
  }

  /** Kamailio builds its sets anew around every change, so that equal priorities turn round (measured on 5.6.3). */
  function reinsert(except: (set: number, destination: Destination) => boolean): void {
    const before = sets;
    sets = new Map();
    for (const [set, destinations] of before) {
      for (const destination of destinations) if (!except(set, destination)) insert(set, destination);
    }
  }

  const first = (set: number, uri: string): Destination | undefined =>
    sets.get(set)?.find((destination) => sameUri(destination.uri, uri));

  rebuild();
  return {
    destinations: (set) => sets.get(set) ?? [],
    sets: () => [...sets.keys()],
    setState(set, match, wanted) {
      const destination = sets.get(set)?.find(match);
      if (destination === undefined) return false;
      destination.state = afterSetState(destination.state, wanted);
      return true;
    },
    setStateOfAll(set, wanted) {
      for (const destination of sets.get(set) ?? []) {
        destination.state = afterSetState(destination.state, wanted);
      }
    },
    pinged(set, uri, good, latencyMs) {
      const destination = first(set, uri);
      if (destination === undefined) return;
      addLatency(destination.latency, good, latencyMs);
      destination.state = afterPing(destination.state, good, settings);
    },
    mark(set, uri, wanted) {
      const destination = first(set, uri);
      if (destination === undefined) return false;
      destination.state = afterMark(destination.state, wanted, settings);
      return true;
    },
    isActive: (set, uri) =>
      (sets.get(set) ?? []).some(
        (destination) => sameUri(destination.uri, uri) && isSelectable(destination.state),
      ),
    rebuild,
    add(line) {
      reinsert(() => false);
      insert(line.set, build(line));
    },
    remove(set, uri) {
      reinsert((ofSet, destination) => ofSet === set && sameUri(destination.uri, uri));
    },
  };
}

/** Kamailio compares URIs letter by letter, without regard to case: a transport more or less is another URI. */
export function sameUri(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** One attribute of `duid=fs1;weight=50`; null where it is not there. */
export function attribute(attributes: string | null, name: string): string | null {
  const found = (attributes ?? '').split(';').find((part) => part.trim().startsWith(`${name}=`));
  return found === undefined ? null : found.slice(found.indexOf('=') + 1).trim();
}

function attributesOf(line: ConfiguredDestination): string | null {
  const parts = [...(line.duid === undefined ? [] : [`duid=${line.duid}`]), line.attrs ?? '']
    .filter((part) => part !== '')
    .join(';');
  return parts === '' ? null : parts;
}

function addLatency(latency: Latency, good: boolean, latencyMs: number): void {
  if (!good) {
    latency.timeouts += 1;
    return;
  }
  latency.samples += 1;
  const delta = latencyMs - latency.average;
  latency.average += delta / latency.samples;
  latency.deviation += (Math.abs(delta) - latency.deviation) / latency.samples;
  latency.estimate += (latencyMs - latency.estimate) / 10;
  latency.maximum = Math.max(latency.maximum, Math.round(latencyMs));
}
