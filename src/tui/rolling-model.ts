/** What the screen knows of a rolling run as a whole, from its events alone. Times are on the axis of RunModel.nowOf. */
import type { Estimate } from '../domain/estimate.ts';
import { whyStopped } from '../domain/rolling/progress.ts';
import { estimateRolling } from '../domain/rolling-estimate.ts';
import { isUnderWay, rollingStanding, type RollingStanding } from '../domain/rolling-standing.ts';
import type { RunState } from '../domain/run.ts';
import type { RunEvent } from '../domain/run-events.ts';

export interface BatchNow {
  /** Counted from 1. */
  readonly batch: number;
  readonly of: number;
  /** Its nodes are at their end. */
  readonly isOver: boolean;
  /** When the next one is begun; null where none is waited for. */
  readonly pauseUntil: number | null;
}

/** When a node was begun by the process that has it, admitted (null: not yet), and worked on last. */
export interface NodeSpan {
  readonly begun: number;
  readonly admitted: number | null;
  readonly last: number;
}

export class RollingModel {
  #batch: BatchNow | null = null;
  #spans = new Map<string, NodeSpan>();
  /** Nodes that no process had from the beginning to the end: how long they take is not known from them. */
  readonly #inPieces = new Set<string>();
  #standing: { readonly of: RunState; readonly is: RollingStanding | null } | null = null;
  #inHand: { readonly of: RunState; readonly are: readonly string[] } | null = null;

  /** null: none was begun. */
  get batch(): BatchNow | null {
    return this.#batch;
  }

  spanOf(name: string): NodeSpan | undefined {
    return this.#spans.get(name);
  }

  /** Where it stands; null for a run of another kind. Quick where nothing has happened since. */
  standingOf(state: RunState): RollingStanding | null {
    if (this.#standing?.of !== state) this.#standing = { of: state, is: rollingStanding(state) };
    return this.#standing.is;
  }

  /** The nodes that something is being done on, in the order of the plan; none once it is over. */
  inHandOf(state: RunState): readonly string[] {
    if (this.#inHand?.of !== state) this.#inHand = { of: state, are: this.#worked(state) };
    return this.#inHand.are;
  }

  /** When it may be over. */
  estimateOf(state: RunState, now: number): Estimate {
    const standing = this.standingOf(state);
    const { rolling } = state.plan;
    if (standing === null || rolling === undefined) return { kind: 'unknown', why: 'it is no rolling run' };
    const phases = new Map(standing.nodes.map(({ name, phase }) => [name, phase]));
    const inHand = this.inHandOf(state);
    const until = this.#batch?.pauseUntil ?? null;
    const isStopped = whyStopped(state, rolling) !== null;
    const ahead = rolling.batches
      .map((batch) => batch.filter((name) => phases.get(name) === 'untouched').length)
      .filter((size) => size > 0);
    return estimateRolling({
      through: standing.nodes.flatMap(({ name, phase }) => {
        const span = phase === 'done' && !this.#inPieces.has(name) ? this.#spans.get(name) : undefined;
        return span === undefined ? [] : [span.last - span.begun];
      }),
      inHand: inHand.map((name) => Math.max(0, now - (this.#spans.get(name)?.begun ?? now))),
      ahead: isStopped ? [] : ahead,
      pause: rolling.pause,
      pauseLeft: until === null ? null : Math.max(0, until - now),
    });
  }

  /** Takes in an event, before it is folded. */
  note(event: RunEvent): void {
    if (event.type === 'batch.started') {
      const { batch, of } = event.data;
      this.#batch = { batch, of, isOver: false, pauseUntil: null };
    } else if (event.type === 'batch.settled') {
      const { batch, of, pauseMs } = event.data;
      this.#batch = { batch, of, isOver: true, pauseUntil: pauseMs > 0 ? event.mono + pauseMs : null };
    } else if (event.type === 'step.started' || event.type === 'step.settled') this.#noteStep(event);
  }

  /** Another process goes on, whose clock has another zero. */
  resume(state: RunState | null, shift: number): void {
    this.#batch = null;
    const done = new Set(
      (state === null ? null : rollingStanding(state))?.nodes.flatMap(({ name, phase }) =>
        phase === 'done' ? [name] : [],
      ),
    );
    const spans = [...this.#spans];
    for (const [name] of spans) if (!done.has(name)) this.#inPieces.add(name);
    this.#spans = new Map(
      spans
        .filter(([name]) => done.has(name))
        .map(([name, { begun, admitted, last }]): [string, NodeSpan] => [
          name,
          { begun: begun + shift, admitted: admitted === null ? null : admitted + shift, last: last + shift },
        ]),
    );
  }

  #noteStep({ node, step, mono }: RunEvent): void {
    if (node === undefined || step === undefined) return;
    const before = this.#spans.get(node);
    const admitted = before?.admitted ?? (step.endsWith('/admit') ? null : mono);
    this.#spans.set(node, { begun: before?.begun ?? mono, admitted, last: mono });
  }

  #worked(state: RunState): readonly string[] {
    if (state.settled !== null) return [];
    return (this.standingOf(state)?.nodes ?? []).flatMap(({ name, phase }) => {
      const node = state.nodes[name];
      const isBegun = phase === 'in hand' && Object.keys(node?.steps ?? {}).length > 0;
      return isBegun || isUnderWay(node) ? [name] : [];
    });
  }
}
