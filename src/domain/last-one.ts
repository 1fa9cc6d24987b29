/** Whether a node that is out has become the only one that could take calls. One look that misses another is not that one's end. */

/** How long others that may be there all the same (silent, full) are missed before that counts: ms. */
const MISSED_FOR = 10_000;

/** What one look says: nobody else is left. */
export interface AloneLook {
  /** The others are seen to take no calls; else they may be there, and are only not seen to be well. */
  readonly isSure: boolean;
  /** Monotonic ms at which the oldest reading behind it began. */
  readonly at: number;
}

/** Since when nobody else was seen. */
export interface Doubt {
  /** When the first such reading began: monotonic ms. */
  readonly since: number;
  /** When the others were first seen to take no calls, in looks that all say so: monotonic ms. */
  readonly sureFrom: number | null;
}

/**
 * Judges one look: what is sure counts when a second look, of which every reading is newer, says it too; what is not when it
 * has lasted. @param look null where somebody is left @param now monotonic ms
 */
export function afterAloneLook(
  doubt: Doubt | null,
  look: AloneLook | null,
  now: number,
): { readonly doubt: Doubt | null; readonly isLast: boolean } {
  if (look === null) return { doubt: null, isLast: false };
  const since = doubt?.since ?? look.at;
  const sureFrom = look.isSure ? (doubt?.sureFrom ?? now) : null;
  const isConfirmed = doubt !== null && sureFrom !== null && look.at > sureFrom;
  return { doubt: { since, sureFrom }, isLast: isConfirmed || look.at >= since + MISSED_FOR };
}
