/** One node of the inventory, for commands that need nothing of the rest of the cluster. */
import type { Cluster, Node } from '../domain/cluster.ts';
import type { Known, LiveCalls } from '../domain/observation.ts';
import { type Secret, secretsIn } from '../domain/secret.ts';
import { lookAtCalls } from '../workflow/look-at-calls.ts';
import type { Call } from './command.ts';
import { compose } from './compose.ts';
import { listen } from './signals.ts';

/**
 * The cluster as if that were all of it: nothing else is connected to, and what does not answer holds up nothing. The secrets
 * of the rest stay known: no program that fsha starts gets them (`withoutSecrets`).
 */
export function onlyNode(cluster: Cluster, node: Node): Cluster & { readonly secrets: readonly Secret[] } {
  return { ...cluster, nodes: [node], proxies: [], secrets: secretsIn(cluster) };
}

/** @throws FshaError `interrupted` */
export async function callsOfNode(call: Call, cluster: Cluster, node: Node): Promise<Known<LiveCalls>> {
  const stop = listen(call.host);
  const { world, close } = compose(onlyNode(cluster, node), call);
  try {
    return await lookAtCalls(world, node.name, stop.signal);
  } finally {
    stop.dispose();
    await close();
  }
}
