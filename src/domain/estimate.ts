/** When the last call may have ended: a range, or unknown; never a single time. For people; nothing is decided by it. */

/** How many calls (or sessions, where calls are unknown) were up. */
export interface CountSample {
  /** Monotonic ms. */
  readonly at: number;
  /** null: unknown then. */
  readonly count: number | null;
}

export type Estimate =
  | { readonly kind: 'range'; /** ms from now, `from` ≤ `to`. */ readonly from: number; readonly to: number }
  /** `why`: a clause, such as `too few calls have ended yet`. */
  | { readonly kind: 'unknown'; readonly why: string };

/**
 * @param samples in order of time, since the node was out
 * @param ages how long each call that is still up has lasted, ms; null where that is unknown
 * @param now monotonic ms
 */
export function estimateEnd(
  samples: readonly CountSample[],
  ages: readonly number[] | null,
  now: number,
): Estimate {
  void [samples, ages, now];
  return { kind: 'unknown', why: 'not computed yet' };
}
