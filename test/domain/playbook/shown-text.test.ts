import { expect, test } from 'vitest';
import { shownText, shownValue, textMap } from '../../../src/domain/playbook/shown-text.ts';

test.each([
  ['a\n\n', 'a'],
  ['a\r\nb', 'a\nb'],
  ['a\rb', 'a\ufffdb'],
  ['\u001b[31mred\u0007\u202e', '\ufffd[31mred\ufffd\ufffd'],
  ['tab\there', 'tab\there'],
])('%j is shown as %j', (text, shown) => {
  expect(shownText(text)).toBe(shown);
});

test('a value keeps its shape, and loses what steers a terminal', () => {
  expect(shownValue({ a: [1, true, null, 'x\u0000'], ['b\u001b']: {} })).toEqual({
    a: [1, true, null, 'x\ufffd'],
    'b\ufffd': {},
  });
});

test.each([
  ['too many entries', [1, 2, 3, 4]],
  ['too long', 'x'.repeat(21)],
  ['too deep', [[[1]]]],
  ['no JSON', [undefined]],
  ['no number', Number.NaN],
])('%s: nothing, not a part of it', (_what, value) => {
  expect(shownValue(value, { entries: 3, characters: 20, levels: 2 })).toBeUndefined();
});

test('a map of texts', () => {
  expect(textMap({ a: 1, b: true, c: 'x' })).toEqual({ a: '1', b: 'true', c: 'x' });
  expect(textMap({ a: null })).toBeUndefined();
  expect(textMap(['a'])).toBeUndefined();
});
