/** What a run has in hand and the inventory no longer holds: then nobody can go on with the run, nor give it back. */
import type { Cluster } from './cluster.ts';

/** What of a run has to be within reach. */
export interface InHand {
  readonly run: string;
  /** The nodes of its plan. */
  readonly nodes: readonly string[];
  /** Those of them on which it announced anything, and with which it is not through. */
  readonly open: readonly string[];
  /** Where it changed a destination of a node. */
  readonly changed: readonly { readonly node: string; readonly proxy: string }[];
}

export interface Missing {
  /** `has node-1 in hand, which is not in /etc/fsha/fsha.yaml`: to follow the name of the run. */
  readonly what: string;
  /** What to do, without its full stop. */
  readonly todo: string;
}

/** What to do, as a sentence. */
export function todoSentence({ todo }: Missing): string {
  return `${todo.charAt(0).toUpperCase()}${todo.slice(1)}.`;
}

/** The first that is missing; null where everything is there. */
export function missingFromInventory(run: InHand, cluster: Cluster): Missing | null {
  const { path } = cluster.source;
  const isThere = (node: string): boolean => cluster.nodes.some(({ name }) => name === node);
  const putBack = 'put it back there until the run has come to its end';
  const node = run.nodes.find((one) => !isThere(one));
  if (node !== undefined) {
    // With a node in hand that is still there, the journal is what tells how to bring that one back.
    const forGood = run.open.some(isThere)
      ? ''
      : `; where it is gone for good, move ${run.run}.ndjson out of ${cluster.state.dir}/runs`;
    return { what: `has ${node} in hand, which is not in ${path}`, todo: `${putBack}${forGood}` };
  }
  const place = run.changed.find(({ proxy }) => !cluster.proxies.some(({ name }) => name === proxy));
  if (place === undefined) return null;
  return { what: `has changed ${place.node} on ${place.proxy}, which is not in ${path}`, todo: putBack };
}
