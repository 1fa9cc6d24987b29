import { expect, test } from 'vitest';
import { positionInText } from '../../src/playbook/position-in-text.ts';

test.each([
  ['plain', ['a: b + c'], [1, 4], 'b + c', 4, [1, 8]],
  ['in double quotes', ['a: "b + c"'], [1, 4], 'b + c', 4, [1, 9]],
  ['behind an escaped quote', [String.raw`a: "\"b"`], [1, 4], '"b', 1, [1, 7]],
  ['behind two single quotes', ["a: 'it''s b'"], [1, 4], "it's b", 5, [1, 11]],
  ['behind an escape that is not followed', [String.raw`a: "\tb"`], [1, 4], '\tb', 1, [1, 4]],
  ['in a block', ['a: |', '  one', '    two'], [1, 4], 'one\n  two\n', 6, [3, 5]],
  ['in a text over two lines', ['a: one', '  two'], [1, 4], 'one two', 4, [1, 4]],
  ['in a folded block', ['a: >', '  one', '  two'], [1, 4], 'one two\n', 4, [1, 4]],
] as const)('%s', (_, lines, [line, column], text, offset, expected) => {
  const found = positionInText(lines, { line, column }, text, offset);
  expect([found.line, found.column]).toEqual(expected);
});
