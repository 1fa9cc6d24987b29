import { describe, expect, it } from 'vitest';
import { editDistance, nearestKey } from '../../src/domain/nearest-key.ts';

describe('editDistance', () => {
  it.each([
    ['', '', 0],
    ['abc', 'abc', 0],
    ['', 'abc', 3],
    ['kitten', 'sitting', 3],
    ['timeout', 'tiemout', 1],
    ['ca', 'abc', 3],
    ['poll', 'pol', 1],
  ])('%s → %s: %i', (from, to, distance) => {
    expect(editDistance(from, to)).toBe(distance);
    expect(editDistance(to, from)).toBe(distance);
  });
});

describe('nearestKey', () => {
  const keys = ['timeout', 'poll', 'settle', 'onTimeout', 'protectTimeout', 'maxUnavailable'];
  it.each([
    ['tiemout', 'timeout'],
    ['time_out', 'timeout'],
    ['on-timeout', 'onTimeout'],
    ['ontimeout', 'onTimeout'],
    ['MaxUnavailable', 'maxUnavailable'],
    ['pol', 'poll'],
    ['bananas', undefined],
    ['x'.repeat(1_000_000), undefined],
  ])('%.20s → %s', (written, nearest) => {
    expect(nearestKey(written, keys)).toBe(nearest);
  });
});
