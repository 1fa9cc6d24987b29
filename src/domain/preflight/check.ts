/** What a preflight check is: one file each, one line in checks.ts. A check reads and judges; it changes nothing. */
import type { Cluster, Node } from '../cluster.ts';
import type { ErrorInfo } from '../errors.ts';
import type { Whereabouts } from '../mark.ts';
import type { Known, NodeObservation, Observation } from '../observation.ts';
import type { Purpose } from '../plan.ts';
import type { Policy } from '../policy.ts';
import type { Standing } from '../baseline.ts';
import type { Verdict } from '../verdict.ts';

/** What was found out about the node beside the Observation. */
export interface NodeFacts {
  /** Why the SSH login failed; null where it is logged in, undefined where it was not tried. */
  readonly ssh?: ErrorInfo | null;
  /** Why the restart command may not be run, as far as that can be told without running it; null: it may. */
  readonly restart?: Known<string | null>;
  /** Status of a SIP OPTIONS request from this machine. */
  readonly options: Known<number>;
}

export interface PreflightInput {
  readonly cluster: Cluster;
  readonly node: Node;
  readonly purpose: Purpose;
  readonly policy: Policy;
  readonly observation: Observation;
  readonly facts: NodeFacts;
  /** IP addresses of host names that stand in the inventory or in dispatcher lists; unknown where they do not resolve. */
  readonly addresses: Readonly<Record<string, Known<readonly string[]>>>;
  /** The run that left the node out, and what it had found; null where none did. */
  readonly standing: Standing | null;
  /** The run that asks; null for a look without a run. */
  readonly run: string | null;
  /** What is known of the runs that marks of the cluster's nodes name. */
  readonly runs: Readonly<Record<string, Whereabouts>>;
  /** A restart that another run announced may be under way on the node. */
  readonly restartOpen: boolean;
  /** A run that touched the node and whose process has ended, other than the one that asks; null where none did. */
  readonly interrupted: Standing | null;
  /** How fsha was called, for the commands in fixes: `fsha`, or `fsha --config FILE`. */
  readonly call: string;
  /** Wall clock, ms since 1970: ages of marks are told with it. */
  readonly wall: number;
}

/** What a check says; its name, node and force flag are filled in by {@link judge}. */
export type Finding = Pick<Verdict, 'level' | 'why'> & Partial<Pick<Verdict, 'fix' | 'locked' | 'forceable'>>;

export interface Check {
  /** What `--force` takes. */
  readonly name: string;
  readonly purposes: readonly Purpose[];
  readonly forceable: boolean;
  readonly judge: (input: PreflightInput) => readonly Finding[];
}

export const ok = (why: string): Finding => ({ level: 'ok', why });
export const warning = (why: string, fix?: string): Finding => ({
  level: 'warning',
  why,
  ...(fix === undefined ? {} : { fix }),
});
export const refusal = (why: string, fix: string): Finding => ({ level: 'refusal', why, fix });

/** Whether a restart may come: then everything that it needs has to be there before. */
export function mayRestart({ purpose, policy }: Pick<PreflightInput, 'purpose' | 'policy'>): boolean {
  return purpose === 'doctor' || (purpose === 'drain' && policy.restart && !policy.hold);
}

/** The node's own reading, or undefined where it could not be read: then only the check `esl` speaks of it. */
export function readingOf(input: PreflightInput): NodeObservation | undefined {
  const seen = input.observation.nodes[input.node.name];
  return seen?.trouble === null ? seen : undefined;
}

/** Proxies that were read whole, with their sets. */
export function readProxies(input: Pick<PreflightInput, 'cluster' | 'observation'>) {
  return input.cluster.proxies.flatMap((proxy) => {
    const seen = input.observation.proxies[proxy.name];
    return seen?.trouble === null && seen.sets.known ? [{ proxy, seen, sets: seen.sets.value }] : [];
  });
}
