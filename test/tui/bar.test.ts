import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bar } from '../../src/tui/frames/bar.ts';
import { textOf } from '../../src/tui/line.ts';

function drawn(counts: readonly number[], width: number): string {
  const parts = counts.map((count, index) => ({
    count,
    block: 'abcdef'[index] ?? '?',
    style: 'plain' as const,
  }));
  return textOf(bar(parts, width));
}

test.each([
  [[1, 0, 3], 8, 'aacccccc'],
  [[1, 1, 98], 10, 'abcccccccc'],
  [[99, 1], 10, 'aaaaaaaaab'],
  [[0, 4], 5, 'bbbbb'],
  [[1, 1, 1], 4, 'aabc'],
  [[0, 0], 5, ''],
  [[1, 1, 1], 2, ''],
])('%j in %d columns: %s', (counts, width, text) => {
  expect(drawn(counts, width)).toBe(text);
});

test('it fills its width, and leaves nobody out', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 6, max: 60 }),
      (counts, width) => {
        const text = drawn(counts, width);
        expect(text.length).toBe(counts.some((count) => count > 0) ? width : 0);
        counts.forEach((count, index) => expect(text.includes('abcdef'[index] ?? '?')).toBe(count > 0));
      },
    ),
  );
});
