/**
 * When the last call may have ended: a range, or unknown; never a single time. For people; nothing is decided by it.
 *
 * Calls are taken to end independently of each other, at a rate that is estimated from the last ends alone: what is left
 * late in a wait are the long ones. From the rate's bounds follow the bounds of the moment at which the last one is gone.
 * The age of the oldest call says where that model is wrong: calls of like length leave none that old as the rate would
 * let one expect, a few endless ones leave one that is far older.
 */

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

/** So many ends at least: from fewer the rate could be anything. */
const FEWEST_ENDS = 5;
/** The rate is taken from so many of the last ends, no matter how long they took. */
const LAST_ENDS = 20;
/** More than this share of the ends made up for by calls that began: they still come. */
const ARRIVING = 0.25;
/** The 10 % and 90 % quantile, as probability and as deviates of the normal distribution. */
const [LOW, HIGH, DEVIATE] = [0.1, 0.9, 1.2816];
/**
 * Expected number of calls older than the oldest: about 1 where the model is right. Below the first the oldest is too old,
 * above the second all may be, and above the third are, too young for it.
 */
const [TOO_OLD, PERHAPS_TOO_YOUNG, TOO_YOUNG] = [0.1, 1, 3];

/**
 * From when to when the last call may end. Each bound is missed in about one case of ten as long as calls end at a steady
 * rate; with lengths of two kinds, or all alike, somewhat more often. Finite, and 0 ≤ `from` ≤ `to`, for whatever samples.
 *
 * - Nothing left is the range 0 to 0.
 * - Unknown where the newest count is, where fewer than five ends were seen, and where calls still begin (one for four
 *   that end is forgiven: a transfer is a session more for a while).
 * - Unknown samples are a gap: what ended in it counts, since the counts on both its sides tell.
 * - Until the next sample `from` counts down and `to` stays: nothing was heard of the calls meanwhile.
 *
 * @param samples in order of time, since the node was out; one from before its predecessor, or in the future, is left out
 * @param ages how long each call that is still up has lasted, ms; null (or none) where unknown: then the range is wider
 * @param now monotonic ms
 */
export function estimateEnd(
  samples: readonly CountSample[],
  ages: readonly number[] | null,
  now: number,
): Estimate {
  const usable = inOrder(samples, now);
  const newest = usable.at(-1);
  if (newest === undefined) return { kind: 'unknown', why: 'nothing was counted yet' };
  if (newest.count === null) return { kind: 'unknown', why: 'how many calls are up is unknown' };
  if (newest.count === 0) return { kind: 'range', from: 0, to: 0 };

  const counted = usable.flatMap(({ at, count }) => (count === null ? [] : [{ at, count }]));
  const recent = recently(counted);
  if (recent.begun > recent.ends * ARRIVING) return { kind: 'unknown', why: 'calls are still arriving' };
  if (recent.ends < FEWEST_ENDS || recent.exposure <= 0)
    return { kind: 'unknown', why: 'too few calls have ended yet' };

  const most = counted.reduce((highest, { count }) => Math.max(highest, count), 0);
  const oldest = expectedOlder(ages, most, recent.ends / recent.exposure);
  const { from, to } = bounds(newest.count, recent, oldest);
  return { kind: 'range', from: Math.max(0, Math.min(from, to) - (now - newest.at)), to };
}

type Counted = CountSample & { readonly count: number };

/** What is no count (negative, not a number) is unknown. */
function inOrder(samples: readonly CountSample[], now: number): readonly CountSample[] {
  let last = Number.NEGATIVE_INFINITY;
  return samples.flatMap(({ at, count }) => {
    if (!(at >= last && at <= now && Number.isFinite(at))) return [];
    last = at;
    return [{ at, count: count !== null && Number.isFinite(count) && count >= 0 ? count : null }];
  });
}

interface Recent {
  readonly ends: number;
  readonly begun: number;
  /** Calls × ms in which an end would have been seen. */
  readonly exposure: number;
  /** ms. */
  readonly span: number;
}

/** The last ends, and everything since the first of them. */
function recently(samples: readonly Counted[]): Recent {
  let [ends, begun, exposure, span] = [0, 0, 0, 0];
  for (let index = samples.length - 1; index > 0 && ends < LAST_ENDS; index -= 1) {
    const [before, after] = [samples[index - 1], samples[index]];
    if (before === undefined || after === undefined) break;
    ends += Math.max(0, before.count - after.count);
    begun += Math.max(0, after.count - before.count);
    exposure += ((before.count + after.count) / 2) * (after.at - before.at);
    span += after.at - before.at;
  }
  return { ends, begun, exposure, span };
}

interface Oldest {
  readonly age: number;
  /** How many calls of its age or older there would be, on average, if all ended at the estimated rate. */
  readonly expected: number;
}

/** @param most how many calls there were in the beginning: those that there would be of age 0 or older */
function expectedOlder(ages: readonly number[] | null, most: number, rate: number): Oldest | null {
  const known = (ages ?? []).filter((age) => Number.isFinite(age) && age >= 0);
  if (known.length === 0) return null;
  const age = known.reduce((oldest, one) => Math.max(oldest, one), 0);
  return { age, expected: most * Math.exp(-age * rate) };
}

/** ms from the newest count until the last of `calls` is gone. */
function bounds(
  calls: number,
  { ends, exposure, span }: Recent,
  oldest: Oldest | null,
): { readonly from: number; readonly to: number } {
  const [fewest, most] = [gammaQuantile(ends, -DEVIATE), gammaQuantile(ends + 1, DEVIATE)];
  const from = (lastOf(calls, LOW) * exposure) / most;
  const to = (lastOf(calls, HIGH) * exposure) / fewest;
  // Calls of one length end as evenly as they began: the fewer are up, the sooner each of them ends.
  const evenly = { from: Math.min(from, (calls * span) / most), to: (2 * calls * span) / fewest };
  if (oldest === null) return { from: evenly.from, to };
  return {
    from: oldest.expected > PERHAPS_TOO_YOUNG ? evenly.from : from,
    to:
      oldest.expected > TOO_YOUNG
        ? Math.min(to, Math.max(evenly.to, oldest.age))
        : // What has lasted that long may well last as long again.
          Math.max(to, oldest.expected < TOO_OLD ? oldest.age : 0),
  };
}

/** Quantile of the time until the last of `calls` is gone, in units of the mean length. */
function lastOf(calls: number, probability: number): number {
  return -Math.log(-Math.expm1(Math.log(probability) / Math.max(1, calls)));
}

/** Quantile of the gamma distribution of that shape (Wilson and Hilferty): bounds of a Poisson mean of which `shape` were seen. */
function gammaQuantile(shape: number, deviate: number): number {
  return shape * (1 - 1 / (9 * shape) + deviate / (3 * Math.sqrt(shape))) ** 3;
}
