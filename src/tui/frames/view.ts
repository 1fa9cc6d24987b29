/** What a frame is drawn from. Frames are pure: the same view and size give the same lines. */
import type { Cluster } from '../../domain/cluster.ts';
import type { Observation } from '../../domain/observation.ts';
import type { Policy } from '../../domain/policy.ts';
import { type WindowEnds, windowEnds } from '../../domain/rolling/window.ts';
import { agoWords } from '../../output/live-words.ts';
import type { CallsReading } from '../run-calls.ts';
import type { RunModel } from '../run-model.ts';
import { type Line, line, type Style, styled } from '../line.ts';
import { STALE_POLLS } from '../session-history.ts';

export interface RunView {
  readonly model: RunModel;
  /** What was read last; null: the run is another process's, and its events are all there is. */
  readonly seen: Observation | null;
  /** Of the node that is shown; null: not asked for. */
  readonly calls: CallsReading | null;
  readonly cluster: Cluster | null;
  /** How often Ctrl-C was pressed here. */
  readonly interrupts: number;
  /** On the axis of the events' `mono`. */
  readonly now: number;
  readonly wall: Date;
}

/** Something that is told for a while: what became of a key. */
export interface Notice {
  readonly text: string;
  readonly style: Style;
  /** Until then, monotonic ms of this process's clock. */
  readonly until: number;
}

/** What was not read for so many polls is marked as stale. */
export function isStale(at: number, view: RunView): boolean {
  return view.now - at > STALE_POLLS * pollOf(view);
}

export function pollOf(view: RunView): number {
  return shownPolicy(view)?.poll ?? 5_000;
}

/** The wishes for the node that is shown. */
export function shownPolicy({ model }: RunView): Policy | null {
  return model.shown === null ? null : model.policyOf(model.shown);
}

/** When the window of a rolling run ends each wait; null: it has none. */
export function windowOf({ model, cluster, now, wall }: RunView): WindowEnds | null {
  const { state } = model;
  if (cluster === null || state === null) return null;
  return windowEnds(state.plan.rolling, cluster, state.policy, { now, wall });
}

/** When the wait for the calls of a node ends, on the axis of the events' `mono`, and whether the window ends it; null: at no time. */
export function drainEnd(
  view: RunView,
  name: string,
): { readonly at: number; readonly isWindow: boolean } | null {
  const own = view.model.deadlineOf(name);
  const end = windowOf(view)?.of(name) ?? null;
  const timeout = view.model.policyOf(name)?.timeout ?? Number.POSITIVE_INFINITY;
  if (end !== null && end <= (own ?? view.now + timeout)) return { at: end, isWindow: true };
  return own === null ? null : { at: own, isWindow: false };
}

/** Whether the run has ended: then nothing is read any more. */
export function isOver({ model }: RunView): boolean {
  return model.state !== null && model.state.settled !== null;
}

/** Whether the calls of the node that is shown are being waited for. */
export function isWaiting({ model }: RunView): boolean {
  const wait = model.stateOf(model.shown ?? '')?.steps[`${model.shown ?? ''}/wait_drained`];
  return wait !== undefined && wait.outcome === null;
}

/** How old a reading is; nothing once the run has ended. Where there is little room, shorter. */
export function ageLine(at: number, view: RunView, isNarrow: boolean): Line {
  if (isOver(view)) return [];
  const words = `${isNarrow ? '' : 'read '}${agoWords(view.now - at)}`;
  return isStale(at, view) ? line(styled('warning', `stale: ${words}`)) : line(styled('dim', words));
}
