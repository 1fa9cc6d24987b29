/**
 * What the screen knows of a run from its events alone, the same for a run of this process and for one that is followed
 * from its journal. It is a fold; it decides nothing, and nothing in an event makes it throw.
 */
import { type Estimate, estimateEnd } from '../domain/estimate.ts';
import type { Plan } from '../domain/plan.ts';
import type { Policy } from '../domain/policy.ts';
import { isUnderWay } from '../domain/rolling-standing.ts';
import { apply, type NodeRunState, policyFor, type RunState } from '../domain/run.ts';
import type { EventOf, RunEvent } from '../domain/run-events.ts';
import { clockAheadWords, NodeClocks } from './call-ages.ts';
import { newNode, nodeAfter, type NodeModel, nodeShifted } from './node-model.ts';
import { RollingModel } from './rolling-model.ts';
import type { CallsReading } from './run-calls.ts';
import { RunLog } from './run-log.ts';
import type { Moment } from './scene.ts';

const NO_RULES = { cause: '', protect: [], protectTimeout: null, expendable: [] };

export class RunModel {
  readonly log = new RunLog();
  /** How its nodes follow each other, where it is a rolling run. */
  readonly rolling = new RollingModel();
  readonly #nodes = new Map<string, NodeModel>();
  #state: RunState | null = null;
  #shown: string | null = null;
  #chosen: string | null = null;
  #startedAt = 0;
  #endText: string | null = null;
  #estimated: { readonly key: string; readonly estimate: Estimate } | null = null;
  readonly #clocks = new NodeClocks();
  #last: { readonly mono: number; readonly wall: number; readonly received: number } | null = null;

  /** null: nothing has begun yet. */
  get state(): RunState | null {
    return this.#state;
  }

  /**
   * The node whose step is under way, else the one that was touched last, else the first of the plan. Of a rolling run the
   * one that somebody has chosen, else the first that is in hand; null where none is: then it is shown as a whole.
   */
  get shown(): string | null {
    return this.#chosen ?? this.#shown;
  }

  /** The node that somebody wants to see; null: whichever is in hand. */
  get chosen(): string | null {
    return this.#chosen;
  }

  choose(name: string | null): void {
    this.#chosen = name;
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
      this.log.add({ at: wall.toISOString(), level: 'warning', node: name, text });
    }
    const estimate = estimateEnd(history?.counts ?? [], ages, now);
    this.#estimated = { key, estimate };
    return estimate;
  }

  #note(event: RunEvent, received: number): void {
    // Words first: what cannot be folded is in the log all the same.
    const said = this.log.note(event, (this.#state?.plan.nodes.length ?? 1) > 1);
    if (event.type === 'run.resumed') {
      this.#endText = null;
      this.#resume(event);
    }
    this.#last = { mono: event.mono, wall: Date.parse(event.at), received };
    if (this.#state === null) {
      if (!isBeginning(event)) return;
      this.#startedAt = event.mono;
    }
    this.rolling.note(event);
    this.#state = apply(this.#state, event);
    if (event.type === 'run.settled') this.#endText = said?.text ?? '';
    this.#shown = this.#shownAfter(this.#state, event.node);
    // The end is of the whole run.
    if (event.type === 'run.settled' && this.#state.plan.rolling !== undefined) this.#chosen = null;
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
    this.rolling.resume(this.#state, shift);
    for (const [name, node] of this.#nodes) this.#nodes.set(name, nodeShifted(node, shift));
  }

  #shownAfter(state: RunState, touched: string | undefined): string | null {
    if (state.plan.rolling === undefined) return shownNode(state, this.#shown, touched);
    const inHand = this.rolling.inHandOf(state);
    const before = this.#shown;
    return before !== null && inHand.includes(before) ? before : (inHand[0] ?? null);
  }
}

function shownNode(state: RunState, before: string | null, touched: string | undefined): string | null {
  if (before !== null && isUnderWay(state.nodes[before])) return before;
  const names = plannedNodes(state.plan);
  return names.find((name) => isUnderWay(state.nodes[name])) ?? touched ?? before ?? names[0] ?? null;
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
