/** Whether one node more may be taken out now. Asked for one at a time, and again at every poll. */
import { canCarry, type CarryAnswer, type Survivor } from '../capacity.ts';
import type { Cluster, Node } from '../cluster.ts';
import { isSelectable, readFlags } from '../dispatcher-state.ts';
import type { DispatcherSet, NodeObservation, Observation, ProxyObservation } from '../observation.ts';
import type { Policy } from '../policy.ts';
import { whyNoSurvivor } from '../preflight/survivors.ts';
import { targetOwners } from '../target-owners.ts';
import { placedTargets } from '../targets.ts';
import type { AdmitLimits } from './rolling-plan.ts';
import { whyUnavailable } from './unavailable.ts';

export interface AdmitQuestion {
  readonly cluster: Cluster;
  readonly observation: Observation;
  readonly candidate: Node;
  /** Nodes that were admitted and are not back in yet; the candidate may be among them: then it is asked whether it may stay out. */
  readonly admitted: ReadonlySet<string>;
  /** Those of them that were seen drained and are being restarted: what they do not say is no call. */
  readonly emptied: ReadonlySet<string>;
  readonly limits: AdmitLimits;
  /** Proxies that may be silent, and checks that are overruled: `survivors`, `capacity`. */
  readonly policy: Pick<Policy, 'ignoreProxies' | 'force'>;
}

/** `why` is a clause: it follows "waits: ". */
export type Admission = { readonly admitted: true } | { readonly admitted: false; readonly why: string };

const refused = (why: string): Admission => ({ admitted: false, why });

/**
 * Everywhere somebody has to be left, and those who are left must hold what they have and what the leaving nodes have, now and
 * at the peak of the last five minutes. What is unknown is refused.
 */
export function admitNext(question: AdmitQuestion): Admission {
  const { cluster, observation, candidate, admitted, limits } = question;
  const staysOut = admitted.has(candidate.name);
  if (!staysOut) {
    // One that is out already makes those that are no more: only those that it would go beside count.
    const isOut = whyUnavailable(cluster, candidate, observation) !== null;
    const out = cluster.nodes.flatMap((node) => {
      if (node.name === candidate.name) return [];
      const elsewhere = isOut ? null : whyUnavailable(cluster, node, observation);
      const why = admitted.has(node.name) ? 'in hand' : elsewhere;
      return why === null ? [] : [`${node.name} (${why})`];
    });
    if (out.length >= limits.maxUnavailable)
      return refused(`${out.join(', ')}: no more than ${limits.maxUnavailable} may be out at a time`);
  }
  for (const proxy of cluster.proxies) {
    const seen = observation.proxies[proxy.name];
    const silent = whySilent(seen);
    if (silent !== null) {
      if (question.policy.ignoreProxies.includes(proxy.name)) continue;
      return refused(`${proxy.name} cannot be read: ${silent}`);
    }
    const sets = seen?.sets.known === true ? seen.sets.value : [];
    const answer = admittedBy(proxy.name, sets, question);
    if (!answer.admitted) return answer;
  }
  return { admitted: true };
}

function whySilent(seen: ProxyObservation | undefined): string | null {
  if (seen === undefined) return 'it was not read';
  if (seen.trouble !== null) return seen.trouble.message;
  return seen.sets.known ? null : seen.sets.why;
}

/** By every set of the candidate's on one proxy. */
function admittedBy(
  proxy: string,
  sets: readonly DispatcherSet[],
  { cluster, observation, candidate, admitted, emptied, limits, policy }: AdmitQuestion,
): Admission {
  const ownersOf = targetOwners(cluster, sets);
  const leaves = (node: Node): boolean => node.name === candidate.name || admitted.has(node.name);
  for (const set of new Set(candidate.destinations.map((one) => one.set))) {
    const leaving = new Map<string, Node>();
    const survivors = new Map<string, Survivor>();
    const reasons: string[] = [];
    for (const target of placedTargets(sets)) {
      if (target.set !== set) continue;
      const [owner] = ownersOf(target);
      const name = owner?.name ?? target.uri;
      if (owner !== undefined && leaves(owner)) {
        if (!emptied.has(owner.name)) leaving.set(owner.name, owner);
        continue;
      }
      const flags = readFlags(target.flags);
      const seen = owner === undefined ? undefined : observation.nodes[owner.name];
      const why =
        flags === undefined || !isSelectable(flags)
          ? `is ${flags?.state ?? target.flags} there`
          : owner === undefined
            ? 'is not in the inventory, so nobody knows whether it is well'
            : whyNoSurvivor(owner, seen);
      if (why !== null) reasons.push(`${name} ${why}`);
      else if (owner !== undefined && seen !== undefined) survivors.set(name, { node: owner, seen });
    }
    if (survivors.size === 0) {
      if (policy.force.includes('survivors')) continue;
      const each = reasons.length === 0 ? '' : `: ${reasons.join('; ')}`;
      return refused(`nobody would be left in set ${set} of ${proxy}${each}`);
    }
    if (policy.force.includes('capacity')) continue;
    const going = [...leaving.values()].map((node): Survivor | string => {
      const seen = observation.nodes[node.name];
      return seen === undefined ? node.name : { node, seen };
    });
    const unread = going.find((one) => typeof one === 'string');
    if (unread !== undefined) return refused(`${unread} was not read`);
    const answer = canCarry({
      leaving: going.flatMap((one) => (typeof one === 'string' ? [] : [inHand(one, admitted)])),
      survivors: [...survivors.values()],
      headroom: limits.headroom,
      dispatch: limits.dispatch,
    });
    if (answer.can !== true) return refused(notCarried(answer));
  }
  return { admitted: true };
}

/** Of a node that is out already, what is left on it counts: what it had before is on the others by now, and is counted there. */
function inHand({ node, seen }: Survivor, admitted: ReadonlySet<string>): Survivor {
  return admitted.has(node.name) ? { node, seen: withoutPeak(seen) } : { node, seen };
}

function withoutPeak(seen: NodeObservation): NodeObservation {
  return { ...seen, peak5Min: seen.sessions };
}

function notCarried(answer: CarryAnswer & { can: false | 'unknown' }): string {
  return answer.can === false
    ? `the others would be too full: ${answer.why}`
    : `whether the others can carry it is unknown: ${answer.node}: ${answer.why}`;
}
