/** Whether one node more may be taken out now. Asked for one at a time, and again at every poll. */
import {
  canCarry,
  type CarryAnswer,
  type Leaving,
  type Load,
  loadNow,
  loadOf,
  shareOf,
  type Survivor,
} from '../capacity.ts';
import type { Cluster, Node } from '../cluster.ts';
import { isSelectable, readFlags } from '../dispatcher-state.ts';
import type { DispatcherSet, Observation, ProxyObservation } from '../observation.ts';
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
  /** How much more those in hand had at their peak than when they were let out, as long as that may come again. */
  readonly surges: ReadonlyMap<string, Load>;
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
  const groups: Group[] = [];
  for (const proxy of cluster.proxies) {
    const seen = observation.proxies[proxy.name];
    const silent = whySilent(seen);
    if (silent !== null) {
      if (question.policy.ignoreProxies.includes(proxy.name)) continue;
      return refused(`${proxy.name} cannot be read: ${silent}`);
    }
    groups.push(...groupsOf(proxy.name, seen?.sets.known === true ? seen.sets.value : [], question));
  }
  const own = groups.filter(({ set }) => candidate.destinations.some((one) => one.set === set));
  const alone = own.find(({ survivors }) => survivors.size === 0);
  if (alone !== undefined && !question.policy.force.includes('survivors')) {
    const each = alone.reasons.length === 0 ? '' : `: ${alone.reasons.join('; ')}`;
    return refused(`nobody would be left in set ${alone.set} of ${alone.proxy}${each}`);
  }
  return question.policy.force.includes('capacity') ? { admitted: true } : carriedBy(own, groups, question);
}

function whySilent(seen: ProxyObservation | undefined): string | null {
  if (seen === undefined) return 'it was not read';
  if (seen.trouble !== null) return seen.trouble.message;
  return seen.sets.known ? null : seen.sets.why;
}

/** One set on one proxy. */
interface Group {
  readonly proxy: string;
  readonly set: number;
  /** Names of the candidate and of those in hand, where they are listed. */
  readonly leaving: ReadonlySet<string>;
  readonly survivors: ReadonlyMap<string, Survivor>;
  /** Why others do not count. */
  readonly reasons: readonly string[];
}

/** Every set of a proxy, and the candidate's where they are not listed there. */
function groupsOf(
  proxy: string,
  sets: readonly DispatcherSet[],
  { cluster, observation, candidate, admitted }: AdmitQuestion,
): readonly Group[] {
  const ownersOf = targetOwners(cluster, sets);
  const targets = placedTargets(sets);
  const wanted = new Set([...sets.map(({ id }) => id), ...candidate.destinations.map((one) => one.set)]);
  return [...wanted].map((set) => {
    const leaving = new Set<string>();
    const survivors = new Map<string, Survivor>();
    const reasons: string[] = [];
    for (const target of targets) {
      if (target.set !== set) continue;
      const [owner] = ownersOf(target);
      if (owner !== undefined && (owner.name === candidate.name || admitted.has(owner.name))) {
        leaving.add(owner.name);
        continue;
      }
      const name = owner?.name ?? target.uri;
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
    return { proxy, set, leaving, survivors, reasons };
  });
}

/** A survivor of several sets gets what leaves any of them: of each leaving node once, as much as any set may bring. */
function carriedBy(own: readonly Group[], groups: readonly Group[], question: AdmitQuestion): Admission {
  const { dispatch, headroom } = question.limits;
  const shares = new Map<string, Map<string, number>>();
  for (const { leaving, survivors } of groups) {
    const share = shareOf(dispatch, survivors.size);
    for (const to of survivors.keys()) {
      const from = shares.get(to) ?? new Map<string, number>();
      for (const name of leaving) from.set(name, Math.max(share, from.get(name) ?? 0));
      shares.set(to, from);
    }
  }
  const leaving = new Set(groups.flatMap((group) => [...group.leaving]));
  const answer = canCarry({
    leaving: [...leaving].map((name) => leavingLoad(name, question)),
    survivors: [...new Map(own.flatMap(({ survivors }) => [...survivors])).values()],
    headroom,
    share: (from, to) => shares.get(to)?.get(from) ?? 0,
  });
  return answer.can === true ? { admitted: true } : refused(notCarried(answer));
}

/**
 * Of a node in hand what is left on it counts: what has ended there is on the others by now, and is counted there. What it had
 * more at its peak is nowhere, and may come again.
 */
function leavingLoad(name: string, { observation, admitted, emptied, surges }: AdmitQuestion): Leaving {
  const seen = observation.nodes[name];
  if (!admitted.has(name)) return { name, load: seen === undefined ? undefined : loadOf(seen) };
  const surge = surges.get(name) ?? { calls: 0, sessions: 0 };
  if (emptied.has(name)) return { name, load: surge };
  const now = seen === undefined ? undefined : loadNow(seen);
  if (now === undefined) return { name, load: undefined };
  return { name, load: { calls: now.calls + surge.calls, sessions: now.sessions + surge.sessions } };
}

function notCarried(answer: CarryAnswer & { can: false | 'unknown' }): string {
  return answer.can === false
    ? `the others would be too full: ${answer.why}`
    : `whether the others can carry it is unknown: ${answer.node}: ${answer.why}`;
}
