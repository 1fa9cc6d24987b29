import { type Load, surgeOf } from '../capacity.ts';
import { type Cluster, findNode } from '../cluster.ts';
import type { Observation } from '../observation.ts';
import type { Policy } from '../policy.ts';
import { admitNext } from './admit-next.ts';
import type { RollingPlan } from './rolling-plan.ts';
import { whyUnavailable, whyUnavailableAfterwards } from './unavailable.ts';

/** What the guard would say to each batch if it were the first: why each node would wait, a clause; null where it would not. */
export function guardNow(
  cluster: Cluster,
  observation: Observation,
  { batches, limits }: Pick<RollingPlan, 'batches' | 'limits'>,
  policy: Pick<Policy, 'ignoreProxies' | 'force'>,
): ReadonlyMap<string, string | null> {
  // Those that are out now and go first are back in by the time that the others are asked.
  let backBefore = 0;
  return new Map(
    batches.flatMap((batch) => {
      const admitted = new Set<string>();
      const surges = new Map<string, Load>();
      const maxUnavailable = limits.maxUnavailable + backBefore;
      return batch.flatMap((name): readonly [string, string | null][] => {
        const candidate = findNode(cluster, name);
        if (candidate === undefined) return [];
        const isOut = whyUnavailable(cluster, candidate, observation) !== null;
        if (isOut && whyUnavailableAfterwards(cluster, candidate, observation) === null) backBefore += 1;
        const answer = admitNext({
          cluster,
          observation,
          candidate,
          admitted,
          emptied: new Set(),
          surges,
          limits: { ...limits, maxUnavailable },
          policy,
        });
        const seen = observation.nodes[name];
        if (answer.admitted) admitted.add(name);
        if (answer.admitted && seen !== undefined) surges.set(name, surgeOf(seen));
        return [[name, answer.admitted ? null : answer.why]];
      });
    }),
  );
}
