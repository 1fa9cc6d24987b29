/** What a maintenance window leaves a node. */
import { type Cluster, findNode, type Node } from '../cluster.ts';
import { COMMAND_GRACE, CUT_GRACE, PROXY_PATIENCE } from '../patience.ts';
import type { Policy } from '../policy.ts';
import type { RollingPlan, Window } from './rolling-plan.ts';

/** What of a policy the time hangs on that a node needs. */
type Times = Pick<Policy, 'onTimeout' | 'settle' | 'minSoak'>;
type Settings = Pick<Cluster, 'verify' | 'proxies'>;

/**
 * Behind that moment a node's calls are waited for no longer, whatever is asked for: wall clock, ms since 1970. There is time then
 * for the longest restart, for verify, for proxies that do not ping, and for being watched until their pings would have failed.
 */
function lastMoment({ until }: Window, node: Node, { verify }: Settings, { minSoak }: Times): number {
  const restart = 2 * node.restart.timeout + COMMAND_GRACE;
  return until - restart - verify.timeout - PROXY_PATIENCE - Math.max(minSoak, PROXY_PATIENCE);
}

/**
 * Until when a node may drain: wall clock, ms since 1970. Where calls are cut then, behind it there is time for these to be gone, too.
 */
export function drainUntil(window: Window, node: Node, settings: Settings, times: Times): number {
  const last = lastMoment(window, node, settings, times);
  if (times.onTimeout !== 'hangup') return last;
  return last - CUT_GRACE - times.settle - Math.max(0, ...settings.proxies.map(({ frTimer }) => frTimer));
}

/** Whether a node may still be begun. @param wall wall clock now, ms since 1970 */
export function mayBegin(
  window: Window,
  node: Node,
  settings: Settings,
  times: Times,
  wall: number,
): boolean {
  return drainUntil(window, node, settings, times) - wall >= window.minDrain;
}

/** Why the window does not let a node be begun at that moment, a clause; null where it does. */
export function whyNotBegun(
  window: Window | null,
  cluster: Cluster,
  name: string,
  times: Times,
  wall: Date,
): string | null {
  const node = findNode(cluster, name);
  if (window === null || node === undefined || mayBegin(window, node, cluster, times, wall.getTime()))
    return null;
  return `too little time is left until the window closes (${window.asked})`;
}

/** The same for a run under way, on the clock by which its waits are measured. */
export interface WindowEnds {
  /** Monotonic ms. */
  readonly now: number;
  /** When the wait for the node's calls ends at the latest, whatever is asked for: monotonic ms; null: at no time. */
  readonly of: (node: string) => number | null;
  /** Behind that moment nothing is waited for: neither calls that were cut, nor a protected one; monotonic ms. */
  readonly last: (node: string) => number | null;
}

/** @param moment one and the same moment on both clocks; the window is one of the wall clock. null: there is no window */
export function windowEnds(
  rolling: Pick<RollingPlan, 'window'> | undefined,
  cluster: Cluster,
  times: Times,
  { now, wall }: { readonly now: number; readonly wall: Date },
): WindowEnds | null {
  const window = rolling?.window ?? null;
  if (window === null) return null;
  const at =
    (moment: typeof drainUntil) =>
    (name: string): number | null => {
      const node = findNode(cluster, name);
      return node === undefined ? null : now + moment(window, node, cluster, times) - wall.getTime();
    };
  return { now, of: at(drainUntil), last: at(lastMoment) };
}
