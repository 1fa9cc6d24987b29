/** Four nodes behind two proxies, everything well, and what a row changes of it. */
import type { Cluster, Node } from '../../../src/domain/cluster.ts';
import { known, type NodeObservation, type Observation } from '../../../src/domain/observation.ts';
import { cluster, node, seenNode, seenProxy } from '../builders.ts';

const NAMES = ['node-1', 'node-2', 'node-3', 'node-4'] as const;
const uriOf = (name: string): string => `sip:10.0.1.1${name.slice(-1)}:5080`;

export function four(changes: Partial<Cluster> = {}): Cluster {
  return cluster({ nodes: NAMES.map((name) => node(name, `10.0.1.1${name.slice(-1)}`)), ...changes });
}

export function nodeIn(from: Cluster, name: string): Node {
  const found = from.nodes.find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found;
}

/** So many calls and sessions are up, and were at the peak. */
export function busy(calls: number, peak = calls): Partial<NodeObservation> {
  return { sessions: known(calls), calls: known(calls), peak5Min: known(peak) };
}

export interface Seen {
  readonly nodes?: Readonly<Record<string, Partial<NodeObservation>>>;
  /** FLAGS on both proxies, where they are not AP. */
  readonly flags?: Readonly<Record<string, string>>;
  readonly proxies?: Observation['proxies'];
}

export function seen({ nodes = {}, flags = {}, proxies = {} }: Seen = {}): Observation {
  const listed = NAMES.map((name) => [uriOf(name), flags[name] ?? 'AP'] as const);
  return {
    nodes: Object.fromEntries(NAMES.map((name) => [name, seenNode(name, { ...busy(10), ...nodes[name] })])),
    proxies: { 'lb-1': seenProxy('lb-1', listed), 'lb-2': seenProxy('lb-2', listed), ...proxies },
  };
}
