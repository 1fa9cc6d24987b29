/** What a run's records of its effects say when it is over. */
import { effectKey } from './effect.ts';
import type { EffectRecord, NodeRunState } from './run.ts';

/** Whether nobody knows what became of it. */
export function isUnknown(settled: EffectRecord['settled']): boolean {
  return settled === null || settled.outcome === 'unknown';
}

/** Whether a later effect on the same thing settled what an earlier one had left unknown. */
export function laterKnown(node: NodeRunState, index: number): boolean {
  const record = node.effects[index];
  if (record === undefined) return false;
  const key = effectKey(record.intent);
  return node.effects
    .slice(index + 1)
    .some((later) => effectKey(later.intent) === key && !isUnknown(later.settled));
}

/**
 * How many calls the run cut on the node, expendable ones left out. One of which it is unknown whether it was cut counts;
 * one that had ended by itself does not.
 */
export function callsCutOn(node: NodeRunState): number {
  const calls = new Set<string>();
  for (const { intent, settled } of node.effects) {
    if (intent.effect !== 'call.hangup' || intent.wanted.expendable) continue;
    if (isUnknown(settled) || settled?.outcome === 'done') calls.add(intent.wanted.call);
  }
  return calls.size;
}
