/** What a run would do with each of its nodes, by what is seen now: what a dry run says. */
import type { Cluster } from '../cluster.ts';
import type { Observation } from '../observation.ts';
import type { Plan } from '../plan.ts';
import type { Policy } from '../policy.ts';
import { guardNow } from './guard-now.ts';
import type { Foreseen, RollingPlan, Turn } from './rolling-plan.ts';
import { whyNotBegun } from './window.ts';

/** What a run would do with each of its nodes. @param refused those that preflight refuses, and why */
export type Foresee = (refused: ReadonlyMap<string, string>) => ReadonlyMap<string, Foreseen>;

export interface ForeseeQuestion {
  readonly cluster: Cluster;
  readonly observation: Observation;
  readonly plan: Plan;
  readonly policy: Policy;
  /** Now. */
  readonly wall: Date;
}

/** @param refused why preflight would refuse a node, a clause, by its name */
export function foresee(
  { cluster, observation, plan, policy, wall }: ForeseeQuestion,
  refused: ReadonlyMap<string, string>,
): ReadonlyMap<string, Foreseen> {
  const { rolling } = plan;
  const all = new Map<string, Foreseen>();
  if (rolling === undefined) return all;
  const guard = guardNow(cluster, observation, rolling, policy);
  // One that an earlier process has let out is not asked about any more.
  const asked = new Set(
    plan.nodes.filter(({ steps }) => steps.some(({ kind }) => kind === 'admit')).map(({ node }) => node),
  );
  const failing: string[] = [];
  for (const batch of rolling.batches) {
    const stopped = whyStopped(failing, rolling);
    for (const name of batch) {
      const late = asked.has(name) ? whyNotBegun(rolling.window, cluster, name, policy, wall) : null;
      const crowded = asked.has(name) ? (guard.get(name) ?? null) : null;
      const [turn, why] = turnOf(stopped ?? late, refused.get(name) ?? null, crowded);
      if (turn === 'refused') failing.push(name);
      const sessions = observation.nodes[name]?.sessions;
      all.set(name, { turn, why, sessions: sessions?.known === true ? sessions.value : null });
    }
  }
  return all;
}

/** Whoever waits and is refused then is refused in the end. */
function turnOf(
  notBegun: string | null,
  refused: string | null,
  crowded: string | null,
): readonly [Turn, string | null] {
  if (notBegun !== null) return ['not begun', notBegun];
  if (refused !== null) return ['refused', refused];
  return crowded === null ? ['goes', null] : ['waits', crowded];
}

function whyStopped(failing: readonly string[], { maxFailures }: RollingPlan): string | null {
  if (failing.length <= maxFailures) return null;
  const allowed = maxFailures === 0 ? 'none may fail' : `no more than ${maxFailures} may fail`;
  return `${failing.join(', ')} would be refused, and ${allowed}`;
}
