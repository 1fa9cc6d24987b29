/** A call in a node, held without a caller: it costs nothing, and whoever cuts it is seen all the same. */
import type { StandInNode } from './stand-in-node.ts';

export interface NodeCall {
  /** False where somebody has ended it, or the node does not answer. */
  readonly isUp: () => Promise<boolean>;
  /** Ends it. @throws where it was gone before */
  readonly hangUp: () => Promise<void>;
}

/** Two sessions of mod_loopback's, up until they are ended or FreeSWITCH is. */
export async function startNodeCall(node: StandInNode): Promise<NodeCall> {
  const answer = await node.api('originate loopback/1000/default &park()');
  const uuid = /^\+OK (\S+)/.exec(answer)?.[1];
  if (uuid === undefined) throw new Error(`${node.name} placed no call: ${answer}`);
  return {
    isUp: () =>
      node.api(`uuid_exists ${uuid}`).then(
        (said) => said.trim() === 'true',
        () => false,
      ),
    async hangUp() {
      const said = await node.api(`uuid_kill ${uuid}`);
      if (!said.startsWith('+OK')) throw new Error(`the call on ${node.name} was cut: ${said}`);
    },
  };
}
