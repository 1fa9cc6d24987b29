import { expect, test } from 'vitest';
import { CappedText } from '../../src/ssh/capped-text.ts';

test.each([
  [10, ['abc', 'def'], 'abcdef'],
  [4, ['abc', 'def'], 'abcd'],
  [3, ['abc'], 'abc'],
  [4, ['abcü'], 'abc'],
  [5, ['abcü', 'x'], 'abcü'],
  [6, ['a€€'], 'a€'],
  [0, ['abc'], ''],
])('of at most %i bytes', (limit, chunks, expected) => {
  const text = new CappedText(limit);
  chunks.forEach((chunk) => text.push(Buffer.from(chunk)));
  expect(text.text()).toBe(expected);
});

test('a character that comes in two chunks is one', () => {
  const text = new CappedText();
  const bytes = Buffer.from('ü');
  text.push(bytes.subarray(0, 1));
  text.push(bytes.subarray(1));
  expect(text.text()).toBe('ü');
});

test('half a character that the sender left is shown as such', () => {
  const text = new CappedText();
  text.push(Buffer.from('ü').subarray(0, 1));
  expect(text.text()).toBe('\ufffd');
});
