/** Where a node is, as far as a run knows. */
import { isSelectable, readFlags } from './dispatcher-state.ts';
import { destinationKey } from './drift.ts';
import { effectKey } from './effect.ts';
import { type NodeRunState, stepOutcome } from './run.ts';
import type { Service } from './run-events.ts';

/** From what was read last, never from what was wanted. */
export function serviceOf(name: string, node: NodeRunState): Service {
  if (stepOutcome(node, name, 'activate') === 'succeeded') return 'in service';
  const states = [...flagsNow(node).values()].map((text) => (text === null ? undefined : readFlags(text)));
  if (states.length === 0 || states.some((state) => state === undefined)) return 'unknown';
  if (states.every((state) => state?.state === 'disabled')) return 'out of service';
  if (states.every((state) => state !== undefined && isSelectable(state))) return 'in service';
  return 'unknown';
}

/** Whether a mark of this run's is on the node, or may be. */
export function isMarked(node: NodeRunState): boolean {
  const last = node.effects.findLast(({ intent }) => intent.effect === 'node.mark');
  if (last === undefined) return false;
  const isSo = last.settled?.outcome === 'done' || last.settled?.outcome === 'already';
  return last.intent.wanted !== null || !isSo;
}

/** FLAGS of each destination as they were read last, by effect key; null for unknown. */
export function flagsNow(node: NodeRunState): ReadonlyMap<string, string | null> {
  const flags = new Map<string, string | null>();
  for (const { proxy, set, uri, duid, flags: found } of node.found) {
    const target = { proxy, set, uri, duid };
    flags.set(effectKey({ effect: 'dispatcher.state', target }), found);
  }
  for (const { intent, settled } of node.effects) {
    if (intent.effect !== 'dispatcher.state') continue;
    const read =
      settled?.effect === 'dispatcher.state' && settled.outcome !== 'unknown' ? settled.read : null;
    // What somebody else made of it, and was not set again since.
    flags.set(effectKey(intent), node.drifted[destinationKey(intent.target)] ?? read);
  }
  return flags;
}
