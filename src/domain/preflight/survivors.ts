import { foundDestinations } from '../baseline.ts';
import { limitsOf } from '../capacity.ts';
import type { Node } from '../cluster.ts';
import { isSelectable, readFlags, takesCalls } from '../dispatcher-state.ts';
import type { NodeObservation } from '../observation.ts';
import { targetOwners } from '../target-owners.ts';
import { placedTargets } from '../targets.ts';
import { type Check, type Finding, ok, type PreflightInput, readProxies, refusal } from './check.ts';

/** In each set on each proxy somebody has to be left who takes the calls. */
export const survivors: Check = {
  name: 'survivors',
  purposes: ['drain', 'deactivate', 'doctor', 'resume'],
  forceable: true,
  judge: (input) => {
    // A node that is out already: nobody is left without it.
    if (input.purpose === 'resume' && !isInSomewhere(input)) return [];
    const findings: Finding[] = setsWithoutSurvivor(input).map(({ proxy, set, why }) =>
      refusal(
        `without ${input.node.name} nobody is left in set ${set} of ${proxy}${why === '' ? '' : `: ${why}`}`,
        'New calls would get 503. Bring another node in first.',
      ),
    );
    return findings.length > 0 ? findings : [ok(`survivors are left in every set of ${input.node.name}`)];
  },
};

function isInSomewhere({ cluster, node, observation }: PreflightInput): boolean {
  return foundDestinations(cluster, node, observation).some(({ flags }) => takesCalls(flags));
}

export interface EmptySet {
  readonly proxy: string;
  readonly set: number;
  /** Why each candidate does not count. */
  readonly why: string;
  /** Each of them is seen to take no calls; where not, one may be there all the same: it is silent, or full at this moment. */
  readonly isSure: boolean;
}

/** The sets, on the proxies that were read, in which nobody would take new calls if the node is out. */
export function setsWithoutSurvivor(
  input: Pick<PreflightInput, 'cluster' | 'node' | 'observation'>,
): readonly EmptySet[] {
  const sets = new Set(input.node.destinations.map((destination) => destination.set));
  return readProxies(input).flatMap(({ proxy, sets: listed }) => {
    const ownersOf = targetOwners(input.cluster, listed);
    return [...sets].flatMap((set) => {
      const reasons: string[] = [];
      let isSure = true;
      for (const target of placedTargets(listed)) {
        const [owner] = ownersOf(target);
        if (target.set !== set || owner?.name === input.node.name) continue;
        const flags = readFlags(target.flags);
        const name = owner?.name ?? target.uri;
        if (flags === undefined || !isSelectable(flags))
          reasons.push(`${name} is ${flags?.state ?? target.flags} there`);
        else {
          const why =
            owner === undefined
              ? 'is not in the inventory, so nobody knows whether it is well'
              : whyNoSurvivor(owner, input.observation.nodes[owner.name]);
          if (why === null) return [];
          reasons.push(`${name} ${why}`);
          isSure &&= owner !== undefined && takesNone(input.observation.nodes[owner.name]);
        }
      }
      return [{ proxy: proxy.name, set, why: reasons.join('; '), isSure }];
    });
  });
}

/** Whether it says itself that it takes no calls. */
function takesNone(seen: NodeObservation | undefined): boolean {
  if (seen === undefined) return false;
  const { ready, pause } = seen;
  return (ready.known && !ready.value) || (pause.known && pause.value.inbound);
}

/** Why a node that is active on a proxy does not count as one that takes the calls; null where it does. */
export function whyNoSurvivor(node: Node, seen: NodeObservation | undefined): string | null {
  if (seen === undefined) return 'was not read';
  if (seen.trouble !== null) return `cannot be read (${seen.trouble.code})`;
  if (!seen.ready.known || !seen.ready.value) return seen.ready.known ? 'is not ready' : 'may not be ready';
  if (!seen.pause.known) return 'may be paused';
  if (seen.pause.value.inbound) return 'is paused';
  if (!seen.sessions.known) return 'has an unknown number of sessions';
  const limits = limitsOf(node.capacity, seen);
  if (seen.sessions.value >= limits.sessions)
    return `is full (${seen.sessions.value} of ${limits.sessions} sessions)`;
  const calls = seen.calls.known ? seen.calls.value : seen.sessions.value;
  if (calls >= limits.calls) return `is full (${calls} of ${limits.calls} calls)`;
  return null;
}
