/** First readings one after the other: hundreds of logins that begin in one moment are an attack, to a bastion too. */
import type { Clock, NodePort } from './ports.ts';

export type NodeReader = Pick<NodePort, 'node' | 'observe'>;

/** From the first reading of one node to that of the next, ms. */
const STEP = 20;

/**
 * The same nodes, of which each is read for the first time 20 ms after the one before; all within one poll. Later readings
 * keep these distances by themselves.
 * @param poll ms between two readings of one node
 */
export function inTurn(nodes: readonly NodeReader[], clock: Clock, poll: number): readonly NodeReader[] {
  const step = Math.min(STEP, poll / Math.max(1, nodes.length));
  return nodes.map((port, index) => {
    let wait = index * step;
    return {
      node: port.node,
      observe: async (detail, signal) => {
        const turn = wait;
        wait = 0;
        if (turn > 0) await clock.sleep(turn, signal);
        return port.observe(detail, signal);
      },
    };
  });
}
