import fc from 'fast-check';
import { expect, test } from 'vitest';
import { estimateRolling, type RollingProgress } from '../../src/domain/rolling-estimate.ts';

const MINUTE = 60_000;
const progress = (changes: Partial<RollingProgress>): RollingProgress => ({
  through: [10 * MINUTE, 12 * MINUTE, 14 * MINUTE],
  inHand: [],
  ahead: [],
  pause: 0,
  pauseLeft: null,
  ...changes,
});

function range(changes: Partial<RollingProgress>): { readonly from: number; readonly to: number } {
  const estimate = estimateRolling(progress(changes));
  if (estimate.kind === 'unknown') throw new Error(estimate.why);
  return estimate;
}

test('before the first is through nothing is known', () => {
  expect(estimateRolling(progress({ through: [], ahead: [1, 1] }))).toEqual({
    kind: 'unknown',
    why: 'no node is through yet',
  });
  expect(estimateRolling(progress({ through: [Number.NaN], inHand: [0] })).kind).toBe('unknown');
});

test('with nothing left it is over', () => {
  expect(range({})).toMatchObject({ from: 0, to: 0 });
});

test('around the mean of those that are through, for each batch that is ahead, with the pauses between', () => {
  const { from, to } = range({ ahead: [1, 1, 1, 1] });
  expect(from).toBeLessThan(48 * MINUTE);
  expect(to).toBeGreaterThan(48 * MINUTE);
  expect(from).toBeGreaterThan(36 * MINUTE);
  expect(to).toBeLessThan(60 * MINUTE);
  const paused = range({ ahead: [1, 1, 1, 1], pause: 5 * MINUTE, pauseLeft: 2 * MINUTE });
  expect(paused.from - from).toBeCloseTo(17 * MINUTE);
  expect(paused.to - to).toBeCloseTo(17 * MINUTE);
  const behindOneInHand = range({ ahead: [1], inHand: [0], pause: 5 * MINUTE });
  expect(behindOneInHand.to - range({ ahead: [1], inHand: [0] }).to).toBeCloseTo(5 * MINUTE);
});

test('what is in hand is nearer to its end the longer it has been, and never at a single moment', () => {
  const early = range({ inHand: [MINUTE] });
  const late = range({ inHand: [11 * MINUTE] });
  expect(late.to).toBeLessThan(early.to);
  expect(late.from).toBeLessThan(early.from);
  // Longer than any before it: half as long again.
  expect(range({ inHand: [60 * MINUTE] })).toMatchObject({ from: 0, to: 30 * MINUTE });
});

test('of several side by side the slowest counts', () => {
  expect(range({ ahead: [4] }).to).toBeGreaterThan(range({ ahead: [1] }).to);
  expect(range({ inHand: [0, 11 * MINUTE] }).to).toBeGreaterThanOrEqual(range({ inHand: [0] }).to);
});

test('from one node alone it is wider than from several of the same length', () => {
  const width = (through: readonly number[]): number => {
    const { from, to } = range({ through, ahead: [1, 1] });
    return to - from;
  };
  expect(width([12 * MINUTE])).toBeGreaterThan(width([12 * MINUTE, 12 * MINUTE, 12 * MINUTE]));
  expect(width([12 * MINUTE, 12 * MINUTE])).toBeGreaterThan(0);
});

test('whatever is given, it is finite and in order', () => {
  const ms = fc.integer({ min: 0, max: 1e9 });
  fc.assert(
    fc.property(
      fc.array(ms, { minLength: 1 }),
      fc.array(ms),
      fc.array(fc.integer({ min: 1, max: 50 })),
      ms,
      fc.option(ms),
      (through, inHand, ahead, pause, pauseLeft) => {
        const { from, to } = range({ through, inHand, ahead, pause, pauseLeft });
        expect(Number.isFinite(to)).toBe(true);
        expect(from).toBeGreaterThanOrEqual(0);
        expect(to).toBeGreaterThanOrEqual(from);
      },
    ),
  );
});
