import { describe, expect, test } from 'vitest';
import { isRunId, newRunId } from '../../src/journal/run-id.ts';

describe('newRunId', () => {
  test('is the time in UTC and four characters', () => {
    const id = newRunId(new Date('2026-11-22T21:31:34.987Z'));
    expect(id).toMatch(/^20261122-213134-[0-9a-hjkmnp-tv-z]{4}$/);
    expect(isRunId(id)).toBe(true);
  });

  test('sorts by time', () => {
    const times = ['2026-01-02T03:04:05Z', '2026-11-22T21:31:34Z', '2027-01-01T00:00:00Z'];
    const ids = times.map((time) => newRunId(new Date(time)));
    expect([...ids].reverse().sort()).toEqual(ids);
  });

  test('sorts by time within a second too: the newest run is the one that was begun last', () => {
    const ids = [0, 1, 31, 32, 500, 987, 999].map((ms) => newRunId(new Date(1_795_000_000_000 + ms)));
    for (let nth = 1; nth < ids.length; nth += 1)
      expect((ids[nth] ?? '').slice(0, -2) > (ids[nth - 1] ?? '').slice(0, -2)).toBe(true);
  });

  test('differs within a millisecond', () => {
    const now = new Date();
    expect(new Set(Array.from({ length: 20 }, () => newRunId(now))).size).toBeGreaterThan(15);
  });
});

test.each([
  ['20261122-213134-k3f9', true],
  ['20261122-213134-K3F9', false],
  ['20261122-213134-k3l9', false],
  ['20261122-213134-k3f', false],
  ['20261122-213134-k3f9x', false],
  ['../20261122-213134-k3f9', false],
  ['', false],
  ['20261122-213134-k3f9\n', false],
])('isRunId(%j) is %s', (text, expected) => expect(isRunId(text)).toBe(expected));
