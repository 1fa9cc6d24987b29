/** How far a step is, in words. */
import type { StepOutcome } from '../domain/run-events.ts';
import { printable } from '../domain/text.ts';

const OUTCOMES: Readonly<Record<StepOutcome, string>> = {
  succeeded: 'done',
  skipped: 'skipped',
  failed: 'failed',
  cancelled: 'cancelled',
  unknown: 'unknown',
};

/** @param record undefined: it was not begun; an outcome of null: it is under way */
export function stepStateWords(record: { readonly outcome: StepOutcome | null } | undefined): string {
  if (record === undefined) return 'not begun';
  if (record.outcome === null) return 'under way';
  return Object.hasOwn(OUTCOMES, record.outcome) ? OUTCOMES[record.outcome] : printable(record.outcome, 20);
}
