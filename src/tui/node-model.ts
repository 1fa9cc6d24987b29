/** What one node's events say beside its folded state: a fold of its own. */
import { destinationKey } from '../domain/drift.ts';
import type { EventOf, ProgressReading, RunEvent } from '../domain/run-events.ts';
import type { Level } from '../output/sentences/sentence.ts';
import { SessionHistory } from './session-history.ts';

/** A destination as an event has shown it. */
export interface SeenDestination {
  readonly proxy: string;
  readonly set: number;
  readonly uri: string;
  readonly duid: string | null;
  /** null: unknown then. */
  readonly flags: string | null;
  readonly at: number;
  /** What was read before it was unknown. */
  readonly known: { readonly flags: string; readonly at: number } | null;
}

/** What one node's events say beside its folded state. Times are on the axis of {@link RunModel.nowOf}. */
export interface NodeModel {
  readonly history: SessionHistory;
  readonly destinations: ReadonlyMap<string, SeenDestination>;
  readonly progress: {
    readonly reading: ProgressReading;
    readonly decision: string;
    readonly at: number;
  } | null;
  /** What is going on in the step that is under way. */
  readonly doing: { readonly step: string; readonly level: Level; readonly text: string } | null;
  /** Why the step that is under way has not come further; null: nothing was said. */
  readonly notYet: string | null;
  /** When its last destination was seen out for the first time; null: not yet. */
  readonly outSince: number | null;
}

/** Of a node of which no event has told yet. */
export function newNode(): NodeModel {
  return {
    history: new SessionHistory(),
    destinations: new Map(),
    progress: null,
    doing: null,
    notYet: null,
    outSince: null,
  };
}

/** Another process goes on, whose clock has another zero: it waits anew, from when it sees the node out. */
export function nodeShifted(node: NodeModel, shift: number): NodeModel {
  node.history.shift(shift);
  const seen = [...node.destinations].map(([key, one]): [string, SeenDestination] => [
    key,
    { ...one, at: one.at + shift, known: one.known && { ...one.known, at: one.known.at + shift } },
  ]);
  return {
    ...node,
    destinations: new Map(seen),
    progress: node.progress && { ...node.progress, at: node.progress.at + shift },
    doing: null,
    notYet: null,
    outSince: null,
  };
}

/** @param said the event in words */
export function nodeAfter(
  node: NodeModel,
  event: RunEvent,
  said: { level: Level; text: string } | null,
): NodeModel {
  const next = {
    ...node,
    doing: doingAfter(node.doing, event, said),
    notYet: notYetAfter(node.notYet, event),
  };
  switch (event.type) {
    case 'preflight.settled':
      return event.data.found.reduce(
        (after, { flags, ...one }) => withFlags(after, one, flags, event.mono),
        next,
      );
    case 'step.progress':
      return afterProgress(next, event);
    case 'effect.settled': {
      const { data } = event;
      if (data.effect !== 'dispatcher.state') return next;
      const isOut = event.step?.endsWith('/deactivate') === true;
      return {
        ...withFlags(next, data.target, data.outcome === 'unknown' ? null : data.read, event.mono),
        outSince: isOut ? event.mono : next.outSince,
      };
    }
    case 'drift.detected': {
      const seen = next.destinations.get(event.data.target);
      return seen === undefined ? next : withFlags(next, seen, event.data.now, event.mono);
    }
    default:
      return next;
  }
}

function afterProgress(node: NodeModel, event: EventOf<'step.progress'>): NodeModel {
  const { observation: reading, decision } = event.data;
  node.history.add(event.mono, reading.sessions, reading.calls, reading.ghostRows);
  const destinations = new Map(node.destinations);
  for (const [key, flags] of Object.entries(reading.destinations)) {
    const seen = destinations.get(key);
    if (seen !== undefined) destinations.set(key, seenAfter(seen, flags, event.mono));
  }
  return { ...node, destinations, progress: { reading, decision, at: event.mono } };
}

function withFlags(
  node: NodeModel,
  { proxy, set, uri, duid }: Pick<SeenDestination, 'proxy' | 'set' | 'uri' | 'duid'>,
  flags: string | null,
  at: number,
): NodeModel {
  const key = destinationKey({ proxy, set, uri, duid });
  const before = node.destinations.get(key) ?? { proxy, set, uri, duid, flags: null, at, known: null };
  return { ...node, destinations: new Map(node.destinations).set(key, seenAfter(before, flags, at)) };
}

function seenAfter(before: SeenDestination, flags: string | null, at: number): SeenDestination {
  return { ...before, flags, at, known: flags === null ? before.known : { flags, at } };
}

function doingAfter(
  before: NodeModel['doing'],
  event: RunEvent,
  said: { level: Level; text: string } | null,
): NodeModel['doing'] {
  if (event.step === undefined || said === null) return before;
  switch (event.type) {
    case 'step.settled':
      return before?.step === event.step ? null : before;
    case 'step.started':
    case 'step.progress':
    case 'step.retrying':
    case 'effect.intended':
    case 'effect.settled':
      return { step: event.step, level: said.level, text: said.text.split('\n')[0] ?? '' };
    default:
      return before;
  }
}

function notYetAfter(before: string | null, event: RunEvent): string | null {
  if (event.type === 'step.started' || event.type === 'step.settled') return null;
  if (event.type !== 'step.retrying') return before;
  const { message } = event.data.error;
  const name = event.node ?? '';
  const subject = [`${name} waits: `, `${name}: `].find((one) => message.startsWith(one)) ?? '';
  return message.slice(subject.length);
}
