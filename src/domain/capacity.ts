/** What the survivors can carry when nodes leave: calls against capacity.calls, sessions against FreeSWITCH's own limit. */
import type { Capacity, Node } from './cluster.ts';
import type { NodeObservation } from './observation.ts';

/** Load of one node: never fewer than there may be. */
export interface Load {
  readonly calls: number;
  readonly sessions: number;
}

/**
 * The load to reckon with: the present one or the peak of the last five minutes, whichever is more. Where calls are
 * unknown the sessions stand in for them, which are never fewer. Undefined where the sessions are unknown.
 */
export function loadOf(seen: NodeObservation): Load | undefined {
  if (!seen.sessions.known) return undefined;
  const sessions = Math.max(seen.sessions.value, seen.peak5Min.known ? seen.peak5Min.value : 0);
  const calls = seen.calls.known ? Math.min(seen.calls.value, seen.sessions.value) : seen.sessions.value;
  // The five-minute peak is known in sessions only; calls are taken to have peaked in proportion.
  const peakCalls =
    seen.sessions.value === 0
      ? seen.calls.known
        ? Math.ceil(sessions / 2)
        : sessions
      : Math.ceil((calls * sessions) / seen.sessions.value);
  return { calls: Math.max(calls, peakCalls), sessions };
}

/** What a node has now, without its peak. */
export function loadNow(seen: NodeObservation): Load | undefined {
  return loadOf({ ...seen, peak5Min: seen.sessions });
}

/** How much more than now a node had at its peak of the last five minutes: none where that is unknown. */
export function surgeOf(seen: NodeObservation): Load {
  const [peak, now] = [loadOf(seen), loadNow(seen)];
  if (peak === undefined || now === undefined) return { calls: 0, sessions: 0 };
  return { calls: peak.calls - now.calls, sessions: peak.sessions - now.sessions };
}

/** The limits of a node: the inventory's, and FreeSWITCH's own max-sessions where that is lower. */
export function limitsOf(capacity: Capacity, seen: NodeObservation): Load {
  const own = seen.sessionLimit.known ? seen.sessionLimit.value : Number.POSITIVE_INFINITY;
  return { calls: capacity.calls, sessions: Math.min(capacity.sessions, own) };
}

export interface Survivor {
  readonly node: Node;
  readonly seen: NodeObservation;
}

export interface Leaving {
  readonly name: string;
  /** Undefined where it is unknown. */
  readonly load: Load | undefined;
}

export interface CarryQuestion {
  readonly leaving: readonly Leaving[];
  readonly survivors: readonly Survivor[];
  /** Share of each survivor's capacity that has to stay free, 0 to 1. */
  readonly headroom: number;
  /** Which part of what a leaving node has may fall on a survivor, 0 to 1. */
  readonly share: (leaving: string, survivor: string) => number;
}

/** The part of a lost load that may fall on each of so many: `next`: on any one of them the whole. */
export function shareOf(dispatch: 'next' | 'even', survivors: number): number {
  return dispatch === 'next' ? 1 : 1 / Math.max(1, survivors);
}

export type CarryAnswer =
  | { readonly can: true; readonly tightest: string }
  | { readonly can: false; readonly node: string; readonly why: string }
  | { readonly can: 'unknown'; readonly node: string; readonly why: string };

/** Whether the survivors hold their own load and that of the leaving nodes. Pure arithmetic; unknown load is unknown. */
export function canCarry(question: CarryQuestion): CarryAnswer {
  let tightest = { name: '', free: Number.POSITIVE_INFINITY };
  for (const { node, seen } of question.survivors) {
    const own = loadOf(seen);
    if (own === undefined) return { can: 'unknown', node: node.name, why: 'its sessions are unknown' };
    let lost: Load = { calls: 0, sessions: 0 };
    for (const { name, load } of question.leaving) {
      const share = question.share(name, node.name);
      if (share === 0) continue;
      if (load === undefined) return { can: 'unknown', node: name, why: 'its sessions are unknown' };
      lost = { calls: lost.calls + load.calls * share, sessions: lost.sessions + load.sessions * share };
    }
    const limits = limitsOf(node.capacity, seen);
    for (const kind of ['calls', 'sessions'] as const) {
      const room = Math.floor(limits[kind] * (1 - question.headroom));
      // Thirds add up to a whole but for the last digit.
      const sum = own[kind] + Math.ceil(lost[kind] - 1e-9);
      if (sum > room) {
        const kept = question.headroom > 0 ? ` less ${Math.round(question.headroom * 100)}% headroom` : '';
        return {
          can: false,
          node: node.name,
          why: `${node.name} would have ${sum} ${kind}, its capacity is ${limits[kind]}${kept}`,
        };
      }
      if (room - sum < tightest.free) tightest = { name: node.name, free: room - sum };
    }
  }
  return { can: true, tightest: tightest.name };
}
