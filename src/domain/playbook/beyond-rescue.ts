/** What no rescue of a playbook's step is tried for. */
import type { ErrorCode } from '../errors.ts';

/** Failures that nothing on the node can mend, or that end the run from outside. */
export const BEYOND_RESCUE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'interrupted',
  'locked',
  'lock.lost',
  'journal',
  'bug',
  'effect.unknown',
  'step.unknown',
  'rolling.stopped',
]);
