/** What remains of a run, beside its plan, as --dry-run prints it. */
import { printable } from '../domain/text.ts';
import type { RemainingEffect } from '../domain/what-is-so.ts';
import { effectOrder } from './effect-words.ts';

/** One line for each thing that comes next, with whether it is so already. */
export function remainingLines(effects: readonly RemainingEffect[]): readonly string[] {
  return effects.map(({ node, effect, so }) => {
    const word = !so.known ? `unknown: ${printable(so.why, 500)}` : so.value ? 'already so' : 'to be done';
    return `  ${printable(node)}: ${effectOrder(effect)}: ${word}`;
  });
}
