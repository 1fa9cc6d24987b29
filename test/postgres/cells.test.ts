import { expect, test } from 'vitest';
import { readCell } from '../../src/postgres/cells.ts';

test.each([
  ['t', 16, true],
  ['f', 16, false],
  ['7', 23, 7],
  ['9007199254740993', 20, '9007199254740993'],
  ['1.5', 701, 1.5],
  ['NaN', 701, 'NaN'],
  ['1.10', 1700, '1.10'],
  ['{"a":[1]}', 3802, { a: [1] }],
  ['['.repeat(40) + ']'.repeat(40), 114, '['.repeat(40) + ']'.repeat(40)],
  ['2026-11-23 10:00:00+00', 1184, '2026-11-23 10:00:00+00'],
  [null, 23, null],
])('%s of type %i is %j', (text, type, value) => {
  expect(readCell(text, type)).toEqual(value);
});
