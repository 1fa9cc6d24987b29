/** A look at one node among hundreds: what is decided about it has to be new, the others are read once for all who ask. */
import type { Observation } from '../domain/observation.ts';
import type { StepContext } from './step.ts';
import type { Needs } from './watcher.ts';

/** How long ago the others may have been read: ms. Nodes of one batch that ask one after the other share what was read. */
const OTHERS_AGE = 1_000;

/** An observation of what is needed that begins now; of the other nodes as they were up to a second ago. */
export function freshAmongOthers({ world, watcher, signal }: StepContext, own: Needs): Promise<Observation> {
  return watcher.freshAmong(own, { nodes: [...world.nodes.keys()], age: OTHERS_AGE }, signal);
}

/** This node and every proxy, the ignored ones too. */
export function ownNeeds({ world, node }: StepContext): Needs {
  return { nodes: [node.name], proxies: [...world.proxies.keys()] };
}
