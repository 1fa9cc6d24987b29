import { expect, test } from 'vitest';
import { randomFrom } from '../../src/lab/caller/random.ts';

const some = (seed: number): number[] => {
  const random = randomFrom(seed);
  return Array.from({ length: 1_000 }, random);
};

test('the same seed gives the same hold times, another one others', () => {
  expect(some(7)).toEqual(some(7));
  expect(some(7)).not.toEqual(some(8));
});

test('they are spread over the whole range', () => {
  const drawn = some(1);
  expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...drawn)).toBeLessThan(1);
  const mean = drawn.reduce((sum, each) => sum + each, 0) / drawn.length;
  expect(mean).toBeCloseTo(0.5, 1);
});
