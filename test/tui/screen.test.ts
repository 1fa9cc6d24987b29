import { expect, test } from 'vitest';
import { newPicture } from '../../src/tui/screen.tsx';

interface Told {
  readonly errors: unknown[];
  gone: number;
}

function told(): Told & { readonly onError: (error: unknown) => void; readonly onGone: () => void } {
  const all = {
    errors: [] as unknown[],
    gone: 0,
    onError: (error: unknown) => all.errors.push(error),
    onGone: () => {
      all.gone += 1;
    },
  };
  return all;
}

test('rows are the lines, styles included', () => {
  const picture = newPicture(told());
  const lines = ['\u001b[1mtitle\u001b[22m', '', '漢字 ▁▂▃', 'a  b'];
  expect(picture.rowsOf(lines, 20)).toEqual(lines);
  expect(picture.rowsOf(['one'], 20)).toEqual(['one']);
  expect(picture.rowsOf([], 20)).toEqual([]);
  picture.remove();
});

test('a component that throws is told, and nothing is thrown at the caller', async () => {
  const seen = told();
  const picture = newPicture(seen);
  picture.rowsOf(['fine'], 20);
  // React refuses an object where text is due.
  picture.rowsOf([{} as string], 20);
  await Promise.resolve();
  expect(seen.errors).toHaveLength(1);
  picture.remove();
});

test('taken away by ourselves is not gone', () => {
  const seen = told();
  const picture = newPicture(seen);
  picture.rowsOf(['fine'], 20);
  picture.remove();
  picture.remove();
  expect(seen.gone).toBe(0);
});
