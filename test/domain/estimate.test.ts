import { describe, expect, it } from 'vitest';
import { type CountSample, type Estimate, estimateEnd } from '../../src/domain/estimate.ts';

const [SECOND, MINUTE] = [1_000, 60_000];

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Random = () => number;
type Length = (random: Random) => number;

const exponential =
  (mean: number): Length =>
  (random) =>
    -mean * Math.log(1 - random());
const LENGTHS = {
  exponential: exponential(3 * MINUTE),
  fixed: () => 3 * MINUTE,
  uniform: (random: Random) => random() * 6 * MINUTE,
  /** Short ones, and every tenth ten times as long. */
  mixture: (random: Random) => exponential(random() < 0.9 ? 2 * MINUTE : 20 * MINUTE)(random),
  /** No mean of the tail to speak of. */
  pareto: (random: Random) => Math.min(MINUTE / (1 - random()) ** (1 / 1.5), 60 * MINUTE),
} satisfies Record<string, Length>;

interface Drain {
  readonly samples: readonly CountSample[];
  readonly ages: readonly number[];
  readonly now: number;
  /** From now until the last call ended. */
  readonly truth: number;
}

const LONGEST = 60 * MINUTE;

/** A node on which calls came and went for long, then went out; looked at once, at any moment of its drain. */
function drainOf(length: Length, calls: number, random: Random): Drain {
  const up: { readonly age: number; readonly left: number }[] = [];
  while (up.length < calls) {
    // A call of double length is twice as likely to be met, at any moment of it.
    const whole = length(random);
    if (random() * LONGEST >= whole) continue;
    const age = random() * whole;
    up.push({ age, left: whole - age });
  }
  const end = Math.max(...up.map(({ left }) => left));
  const now = random() * end;
  const samples: CountSample[] = [];
  for (let at = 0; at <= now; at += 5 * SECOND)
    samples.push({ at, count: up.filter(({ left }) => left > at).length });
  const ages = up.filter(({ left }) => left > now).map(({ age }) => age + now);
  return { samples, ages, now, truth: end - now };
}

interface Judged {
  readonly within: number;
  readonly tooSoon: number;
  /** Median of `to` by the truth. */
  readonly excess: number;
  readonly known: number;
}

function judged(length: Length, calls: number, withAges: boolean): Judged {
  const random = seeded(calls);
  const drains = Array.from({ length: 300 }, () => drainOf(length, calls, random));
  const ranges = drains.flatMap(({ samples, ages, now, truth }) => {
    const estimate = estimateEnd(samples, withAges ? ages : null, now);
    return estimate.kind === 'range' ? [{ ...estimate, truth }] : [];
  });
  const share = (fits: (one: { from: number; to: number; truth: number }) => boolean): number =>
    ranges.filter(fits).length / ranges.length;
  const excess = ranges.map(({ to, truth }) => to / truth).sort((a, b) => a - b);
  return {
    within: share(({ from, to, truth }) => from <= truth && truth <= to),
    tooSoon: share(({ to, truth }) => to < truth),
    excess: excess[Math.floor(excess.length / 2)] ?? Number.NaN,
    known: ranges.length / drains.length,
  };
}

describe('the true end lies in the range', () => {
  // Calls, whether ages are known, the least share within, the largest share that ended later than said.
  const rows: readonly (readonly [keyof typeof LENGTHS, number, boolean, number, number])[] = [
    ['exponential', 30, true, 0.85, 0.1],
    ['exponential', 30, false, 0.85, 0.1],
    ['exponential', 300, true, 0.85, 0.1],
    ['exponential', 300, false, 0.85, 0.1],
    ['fixed', 50, true, 0.65, 0.02],
    ['fixed', 300, true, 0.75, 0.02],
    ['fixed', 300, false, 0.75, 0.02],
    ['uniform', 50, true, 0.8, 0.05],
    ['mixture', 50, true, 0.8, 0.15],
    ['mixture', 300, true, 0.8, 0.15],
    ['pareto', 50, true, 0.75, 0.2],
    ['pareto', 300, true, 0.75, 0.2],
  ];
  it.each(rows)('%s lengths, %d calls, ages %s', (name, calls, withAges, least, late) => {
    const { within, tooSoon, excess, known } = judged(LENGTHS[name], calls, withAges);
    expect(known).toBeGreaterThan(0.8);
    expect(within).toBeGreaterThanOrEqual(least);
    expect(tooSoon).toBeLessThanOrEqual(late);
    // Nothing to plan a night by if it says hours for minutes.
    expect(excess).toBeLessThan(15);
  });

  it('ages tell calls of one length: the range is narrower with them', () => {
    expect(judged(LENGTHS.fixed, 300, true).excess).toBeLessThan(
      judged(LENGTHS.fixed, 300, false).excess / 2,
    );
  });

  it('ages tell a heavy tail: it is missed less often with them', () => {
    expect(judged(LENGTHS.pareto, 300, true).tooSoon).toBeLessThan(
      judged(LENGTHS.pareto, 300, false).tooSoon / 2,
    );
  });
});

/** One count every ten seconds; `?` is unknown. */
function counts(text: string): readonly CountSample[] {
  return text
    .split(' ')
    .map((count, index) => ({ at: index * 10 * SECOND, count: count === '?' ? null : Number(count) }));
}

function range(
  samples: readonly CountSample[],
  ages: readonly number[] | null = null,
  now = lastOf(samples),
) {
  const estimate = estimateEnd(samples, ages, now);
  if (estimate.kind !== 'range') throw new Error(`unknown: ${estimate.why}`);
  return estimate;
}

function lastOf(samples: readonly CountSample[]): number {
  return samples.at(-1)?.at ?? 0;
}

const STEADY = counts('40 36 33 30 27 24 22 20');

describe('unknown', () => {
  const rows: readonly (readonly [string, string, string])[] = [
    ['the newest count', '40 30 20 10 ?', 'how many calls are up is unknown'],
    ['one sample', '40', 'too few calls have ended yet'],
    ['nothing has ended', '40 40 40 40', 'too few calls have ended yet'],
    ['four have ended', '40 39 38 37 36', 'too few calls have ended yet'],
    ['calls rise', '10 20 30 40', 'calls are still arriving'],
    ['as many come as go', '40 35 40 35 40 35', 'calls are still arriving'],
    ['no count ever', '? ? ?', 'how many calls are up is unknown'],
    ['no number', 'x 40 x', 'how many calls are up is unknown'],
    ['a negative count', '40 20 -1', 'how many calls are up is unknown'],
  ];
  it.each(rows)('%s', (_name, samples, why) => {
    expect(estimateEnd(counts(samples), [MINUTE], 1e6)).toEqual({ kind: 'unknown', why });
  });

  it('nothing was counted', () => {
    expect(estimateEnd([], null, 0)).toEqual({ kind: 'unknown', why: 'nothing was counted yet' });
  });

  it('all samples of one moment: no time in which anything could have ended', () => {
    const samples = [40, 30, 20].map((count) => ({ at: 5, count }));
    expect(estimateEnd(samples, null, 5)).toMatchObject({ kind: 'unknown' });
  });
});

describe('a range', () => {
  it('nothing left: now, whatever was before', () => {
    expect(estimateEnd(counts('0'), [], 0)).toEqual({ kind: 'range', from: 0, to: 0 });
    expect(estimateEnd(counts('40 ? 80 0'), [MINUTE], 1e6)).toEqual({ kind: 'range', from: 0, to: 0 });
  });

  it('in the order of the wait so far', () => {
    const { from, to } = range(STEADY);
    expect(from).toBeGreaterThan(20 * SECOND);
    expect(to).toBeGreaterThan(4 * MINUTE);
    expect(to).toBeLessThan(30 * MINUTE);
  });

  it('calls that came in the beginning are forgotten once twenty have ended behind them', () => {
    expect(estimateEnd(counts('20 30 40'), null, 1e6)).toMatchObject({ kind: 'unknown' });
    expect(range(counts('20 30 40 36 33 30 27 24 22 20'))).toEqual(range(STEADY));
  });

  it('a transfer, one session more for a while, is forgiven', () => {
    expect(range(counts('40 36 37 30 27 24 22 20')).to).toBeGreaterThan(0);
  });

  it('a gap counts with what ended in it', () => {
    expect(range(counts('40 ? ? 30 ? ? 22 20')).to).toBeCloseTo(range(STEADY).to, -5);
  });

  it('slower ends, later end', () => {
    const slow = STEADY.map(({ at, count }) => ({ at: at * 3, count }));
    expect(range(slow).from).toBeCloseTo(range(STEADY).from * 3);
    expect(range(slow).to).toBeCloseTo(range(STEADY).to * 3);
  });

  it('goes by how calls end lately: where only the long ones are left, later', () => {
    const late = [
      ...STEADY,
      ...counts('20 20 20 20 20 20 20 19').map(({ at, count }) => ({ at: at + 8e4, count })),
    ];
    expect(range(late).to).toBeGreaterThan(range(STEADY).to);
  });

  it('until the next sample `from` counts down, never below zero, and `to` stays', () => {
    const { from, to } = range(STEADY);
    const now = lastOf(STEADY);
    expect(range(STEADY, null, now + 4_000)).toEqual({ kind: 'range', from: from - 4_000, to });
    expect(range(STEADY, null, now + 1e9)).toEqual({ kind: 'range', from: 0, to });
  });

  it('the older the oldest, the later: never the other way round', () => {
    let before: { from: number; to: number } = { from: 0, to: 0 };
    for (let age = 0; age < 4 * 60 * MINUTE; age += 20 * SECOND) {
      const estimate = range(STEADY, [age, 1_000]);
      expect(estimate.from).toBeGreaterThanOrEqual(before.from);
      expect(estimate.to).toBeGreaterThanOrEqual(before.to);
      before = estimate;
    }
    expect(before.to).toBeGreaterThan(3.9 * 60 * MINUTE);
  });

  it('the same for a count that is left out: of before its predecessor, or of the future', () => {
    const odd = [...STEADY, { at: 1, count: 0 }, { at: 1e12, count: 0 }, { at: Number.NaN, count: 0 }];
    expect(range(odd, null, lastOf(STEADY))).toEqual(range(STEADY));
  });

  it('ages that are none are left out', () => {
    const odd = [Number.NaN, -5, Number.POSITIVE_INFINITY];
    expect(range(STEADY, odd)).toEqual(range(STEADY, null));
    expect(range(STEADY, [])).toEqual(range(STEADY, null));
  });
});

it('whatever the samples: a reason, or two finite numbers in order', () => {
  const random = seeded(7);
  const oneOf = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const count = (): number | null =>
    oneOf([null, 0, 1, 5, Math.floor(random() * 400), 1e9, -3, 0.5, Number.NaN, Number.POSITIVE_INFINITY]);
  const step = (): number => oneOf([0, 0, 1, 200, 5_000, 1e9, -7, Number.NaN]);
  const kinds = new Set<Estimate['kind']>();
  for (let round = 0; round < 5_000; round += 1) {
    let at = 0;
    const samples = Array.from({ length: Math.floor(random() * 12) }, () => ({
      at: (at += step()),
      count: count(),
    }));
    const ages = oneOf([null, [], [0], [1e12], [Number.NaN], [random() * 1e6, random() * 1e8]]);
    const estimate = estimateEnd(samples, ages, oneOf([0, at, at + 1, 1e10]));
    kinds.add(estimate.kind);
    if (estimate.kind === 'unknown') expect(estimate.why).not.toBe('');
    else {
      expect(Number.isFinite(estimate.to)).toBe(true);
      expect(estimate.from).toBeGreaterThanOrEqual(0);
      expect(estimate.from).toBeLessThanOrEqual(estimate.to);
    }
  }
  expect([...kinds].sort()).toEqual(['range', 'unknown']);
});

it('hundreds of thousands of samples and calls are no trouble', () => {
  const samples = Array.from({ length: 200_000 }, (_, index) => ({
    at: index * 1_000,
    count: 300_000 - index,
  }));
  const ages = Array.from({ length: 200_000 }, (_, index) => index);
  expect(range(samples, ages).to).toBeGreaterThan(0);
});
