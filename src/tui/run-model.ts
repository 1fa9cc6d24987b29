/**
 * What the screen knows of a run from its events alone, the same for a run of this process and for one that is followed
 * from its journal. It is a fold; it decides nothing, and nothing in an event makes it throw.
 */
import { destinationKey } from '../domain/drift.ts';
import { type Estimate, estimateEnd } from '../domain/estimate.ts';
import type { Plan } from '../domain/plan.ts';
import type { Policy } from '../domain/policy.ts';
import { apply, type NodeRunState, policyFor, type RunState } from '../domain/run.ts';
import type { EventOf, ProgressReading, RunEvent } from '../domain/run-events.ts';
import type { Level } from '../output/sentences/sentence.ts';
import { clockAheadWords, NodeClocks } from './call-ages.ts';
import type { CallsReading } from './run-calls.ts';
import { RunLog } from './run-log.ts';
import { SessionHistory } from './session-history.ts';
import type { Moment } from './scene.ts';

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
  /** When its last destination was seen out for the first time; null: not yet. */
  readonly outSince: number | null;
}

const NO_RULES = { cause: '', protect: [], protectTimeout: null, expendable: [] };

export class RunModel {
  readonly log = new RunLog();
  readonly #nodes = new Map<string, NodeModel>();
  #state: RunState | null = null;
  #shown: string | null = null;
  #startedAt = 0;
  #endText: string | null = null;
  #estimated: { readonly key: string; readonly estimate: Estimate } | null = null;
  readonly #clocks = new NodeClocks();
  #last: { readonly mono: number; readonly wall: number; readonly received: number } | null = null;

  /** null: nothing has begun yet. */
  get state(): RunState | null {
    return this.#state;
  }

  /** The node whose step is under way, else the one that was touched last, else the first of the plan. */
  get shown(): string | null {
    return this.#shown;
  }

  /** Monotonic ms at which it began. */
  get startedAt(): number {
    return this.#startedAt;
  }

  /** When the last event came, on the same axis; null: none did. */
  get lastAt(): number | null {
    return this.#last?.mono ?? null;
  }

  /** How it ended, in several lines; null: not yet. */
  get endText(): string | null {
    return this.#endText;
  }

  node(name: string): NodeModel | undefined {
    return this.#nodes.get(name);
  }

  /** The node's folded state. */
  stateOf(name: string): NodeRunState | undefined {
    return this.#state?.nodes[name];
  }

  /** What is wanted for the node, with what was granted since; journals of earlier versions know of no cutting. */
  policyOf(name: string): Policy | null {
    if (this.#state === null) return null;
    const policy = policyFor(this.#state, name);
    return { ...policy, cutting: { ...NO_RULES, ...(policy as Partial<Policy>).cutting } };
  }

  /**
   * @param event the next one
   * @param received monotonic ms of this process's clock
   */
  note(event: RunEvent, received: number): void {
    try {
      this.#note(event, received);
    } catch {
      // Said in the log already, where it has words; the next one is tried all the same.
    }
  }

  /**
   * Now, on the axis of the events' `mono`. In the process that runs it that is its clock. Of another process's nothing is
   * known but what passed since its last event: by the wall, and at least as long as it is known here.
   */
  nowOf(moment: Moment, followed: boolean): number {
    if (!followed || this.#last === null) return moment.now;
    const { mono, wall, received } = this.#last;
    const byWall = moment.wall.getTime() - wall;
    return mono + Math.max(0, moment.now - received, Number.isFinite(byWall) ? byWall : 0);
  }

  /**
   * Monotonic ms at which the wait for the node's calls runs out. null: it has no deadline, is over, or was not begun; see
   * NodeModel.outSince. Later than that only where calls were cut.
   */
  deadlineOf(name: string): number | null {
    const timeout = this.policyOf(name)?.timeout ?? null;
    const began = this.stateOf(name)?.steps[`${name}/wait_drained`]?.startedAt;
    const out = this.#nodes.get(name)?.outSince ?? null;
    if (timeout === null || (began === undefined && out === null)) return null;
    return Math.min(began ?? Infinity, out ?? Infinity) + timeout;
  }

  /** @param list the calls that are up; null: not known */
  estimateOf(name: string, list: CallsReading['list'], now: number, wall: Date): Estimate {
    const history = this.#nodes.get(name)?.history;
    // Asked for in every frame, and the same for a second as long as nothing new is known.
    const key = [name, history?.samples.at(-1)?.at, list?.at, Math.floor(now / 1_000)].join(' ');
    if (this.#estimated?.key === key) return this.#estimated.estimate;
    const { ages, newlyAhead } = this.#clocks.agesOf(name, list, now, wall);
    if (newlyAhead !== null) {
      const text = clockAheadWords((this.#state?.plan.nodes.length ?? 1) > 1 ? name : null, newlyAhead);
      this.log.add({ at: wall.toISOString(), level: 'warning', text });
    }
    const estimate = estimateEnd(history?.counts ?? [], ages, now);
    this.#estimated = { key, estimate };
    return estimate;
  }

  #note(event: RunEvent, received: number): void {
    // Words first: what cannot be folded is in the log all the same.
    const said = this.log.note(event, (this.#state?.plan.nodes.length ?? 1) > 1);
    if (event.type === 'run.resumed') this.#resume(event);
    this.#last = { mono: event.mono, wall: Date.parse(event.at), received };
    if (this.#state === null) {
      if (!isBeginning(event)) return;
      this.#startedAt = event.mono;
    }
    this.#state = apply(this.#state, event);
    if (event.type === 'run.settled') this.#endText = said?.text ?? '';
    this.#shown = shownNode(this.#state, this.#shown, event.node);
    if (event.node === undefined) return;
    this.#nodes.set(event.node, nodeAfter(this.#nodes.get(event.node) ?? newNode(), event, said));
  }

  /** Another process goes on: its clock has another zero, the wall tells how long nobody ran it. */
  #resume(event: RunEvent): void {
    const last = this.#last;
    if (last === null) return;
    const pause = Date.parse(event.at) - last.wall;
    const shift = event.mono - (last.mono + (pause > 0 ? pause : 0));
    this.#startedAt += shift;
    for (const [name, node] of this.#nodes) {
      node.history.shift(shift);
      const seen = [...node.destinations].map(([key, one]): [string, SeenDestination] => [
        key,
        { ...one, at: one.at + shift, known: one.known && { ...one.known, at: one.known.at + shift } },
      ]);
      // A new process waits anew, from when it sees the node out.
      this.#nodes.set(name, {
        ...node,
        destinations: new Map(seen),
        progress: node.progress && { ...node.progress, at: node.progress.at + shift },
        doing: null,
        outSince: null,
      });
    }
  }
}

function newNode(): NodeModel {
  return {
    history: new SessionHistory(),
    destinations: new Map(),
    progress: null,
    doing: null,
    outSince: null,
  };
}

function nodeAfter(node: NodeModel, event: RunEvent, said: { level: Level; text: string } | null): NodeModel {
  const next = { ...node, doing: doingAfter(node.doing, event, said) };
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

function isUnderWay(state: RunState, name: string): boolean {
  return Object.values(state.nodes[name]?.steps ?? {}).some(({ outcome }) => outcome === null);
}

function shownNode(state: RunState, before: string | null, touched: string | undefined): string | null {
  if (before !== null && isUnderWay(state, before)) return before;
  const names = plannedNodes(state.plan);
  return names.find((name) => isUnderWay(state, name)) ?? touched ?? before ?? names[0] ?? null;
}

/** Without a plan and a policy there is nothing that could be shown. */
function isBeginning({ type, data }: RunEvent): boolean {
  if (type !== 'run.started') return false;
  const { plan, policy } = data as Partial<EventOf<'run.started'>['data']>;
  return policy !== undefined && plan !== undefined && Array.isArray(plan.nodes);
}

/** The nodes of a plan, in its order. */
export function plannedNodes(plan: Plan): readonly string[] {
  return plan.nodes.map(({ node }) => node);
}
