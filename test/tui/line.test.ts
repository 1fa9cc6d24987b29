import { expect, test } from 'vitest';
import { clip, line, paint, spread, styled, textOf, widthOf } from '../../src/tui/line.ts';

const MIXED = line('plain ', styled('strong', 'strong '), styled('error', '漢字'));

test('control characters never reach the terminal', () => {
  expect(textOf(line('a\u001b[2Jb\r\nc', styled('good', '\u0007')))).toBe('a\ufffd[2Jb\ufffd\ufffdc\ufffd');
});

test('a part without text is none', () => {
  expect(line('', styled('good', ''), 'a')).toEqual([{ style: 'plain', text: 'a' }]);
});

test('wide characters count two', () => {
  expect(widthOf(MIXED)).toBe(17);
});

test.each([
  [17, 'plain strong 漢字'],
  [16, 'plain strong 漢…'],
  [15, 'plain strong …'],
  [14, 'plain strong …'],
  [13, 'plain strong…'],
  [6, 'plain…'],
  [1, '…'],
  [0, ''],
])('cut to %i columns', (width, text) => {
  const cut = clip(MIXED, width);
  expect(textOf(cut)).toBe(text);
  expect(widthOf(cut)).toBeLessThanOrEqual(width);
});

test('what is cut keeps its style', () => {
  expect(clip(MIXED, 16).at(-1)).toEqual({ style: 'error', text: '漢…' });
});

test.each([
  [12, 'left   right'],
  [11, 'left  right'],
  [10, 'left'],
  [3, 'le…'],
])('spread over %i columns', (width, text) => {
  expect(textOf(spread(line('left'), line('right'), width))).toBe(text);
});

test('every style ends where its text ends', () => {
  expect(paint(line('a', styled('strong', 'b'), 'c'), true)).toBe('a\u001b[1mb\u001b[22mc');
});

test('without colours there is the text alone', () => {
  const all = (['dim', 'strong', 'good', 'warning', 'error', 'accent', 'inverse'] as const).map((style) =>
    styled(style, style),
  );
  expect(paint(all, false)).toBe('dimstronggoodwarningerroraccentinverse');
});
