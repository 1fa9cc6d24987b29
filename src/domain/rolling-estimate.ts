/**
 * When a rolling run may be over: a range, or unknown. For people; nothing is decided by it.
 *
 * Nodes are taken to need about as long as those that are through; how much they differ, and how few these are, makes the
 * range wide. A node that already takes longer than any is expected to take half as long again.
 */
import type { Estimate } from './estimate.ts';

export interface RollingProgress {
  /** How long each node took that is through, the wait for the guard included: ms. */
  readonly through: readonly number[];
  /** For how long each node has been in hand: ms. */
  readonly inHand: readonly number[];
  /** How many nodes there are in each batch that is not begun. */
  readonly ahead: readonly number[];
  /** Between two batches: ms. */
  readonly pause: number;
  /** What is left of the pause that is on: ms; null where none is. */
  readonly pauseLeft: number | null;
}

/** The 10 % and 90 % quantile as deviates of the normal distribution. */
const DEVIATE = 1.2816;
/** Of the mean: two nodes are never alike, and one says little of the others. */
const [LEAST_SPREAD, SPREAD_OF_ONE] = [0.1, 0.4];

/** ms from now; 0 to 0 where nothing is left. Finite, and 0 ≤ `from` ≤ `to`. */
export function estimateRolling({ through, inHand, ahead, pause, pauseLeft }: RollingProgress): Estimate {
  if (inHand.length === 0 && ahead.length === 0) return { kind: 'range', from: 0, to: 0 };
  const known = through.filter((ms) => Number.isFinite(ms) && ms >= 0);
  if (known.length === 0) return { kind: 'unknown', why: 'no node is through yet' };
  const mean = known.reduce((sum, ms) => sum + ms, 0) / known.length;
  const spread = spreadOf(known, mean);
  // Of several side by side the slowest counts.
  const slowest = (size: number): number => mean + spread * Math.sqrt(2 * Math.log(Math.max(1, size)));
  const longest = slowest(inHand.length) + DEVIATE * spread;
  const handFrom = Math.max(0, ...inHand.map((ms) => mean - DEVIATE * spread - ms));
  const handTo = Math.max(0, ...inHand.map((ms) => Math.max(longest - ms, ms / 2)));
  const many = ahead.length;
  // That the mean is known from a few only grows with each batch; that each differs does so less.
  const doubt = DEVIATE * spread * Math.sqrt(many + (many * many) / known.length);
  const pauses = (pauseLeft ?? 0) + pause * Math.max(0, inHand.length > 0 ? many : many - 1);
  const from = Math.max(0, handFrom + pauses + Math.max(0, many * mean - doubt));
  const to = handTo + pauses + ahead.reduce((sum, size) => sum + slowest(size), 0) + doubt;
  return { kind: 'range', from, to: Math.max(from, to) };
}

function spreadOf(known: readonly number[], mean: number): number {
  if (known.length === 1) return SPREAD_OF_ONE * mean;
  const variance = known.reduce((sum, ms) => sum + (ms - mean) ** 2, 0) / (known.length - 1);
  return Math.max(LEAST_SPREAD * mean, Math.sqrt(variance));
}
