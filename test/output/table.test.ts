import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { renderTable, truncate } from '../../src/output/table.ts';

test('columns are as wide as they need to be, numbers stand right', () => {
  expect(
    renderTable(
      [{ title: 'NODE' }, { title: 'CALLS', align: 'right' }, { title: 'PAUSE' }],
      [
        ['node-1', '35', 'no'],
        ['fs-edge-2', '120000', 'inbound'],
      ],
    ),
  ).toEqual(['NODE        CALLS  PAUSE', 'node-1         35  no', 'fs-edge-2  120000  inbound']);
});

test('too wide: the widest of those that may shrink are cut, down to their least', () => {
  const columns = [{ title: 'A', least: 5 }, { title: 'B', least: 5 }, { title: 'C' }];
  const rows = [['a'.repeat(20), 'b'.repeat(12), 'c'.repeat(10)]];
  expect(renderTable(columns, rows, 34)[1]).toBe('aaaaaaaaa…  bbbbbbbbb…  cccccccccc');
  expect(renderTable(columns, rows, 10)[1]).toBe('aaaa…  bbbb…  cccccccccc');
});

test('wide and composed characters are counted as a terminal shows them', () => {
  const lines = renderTable(
    [{ title: 'BY' }, { title: 'END' }],
    [
      ['日本', 'x'],
      ['📞☎', 'x'],
      ['jo\u0308rg', 'x'],
    ],
  );
  expect(lines.slice(1).map((line) => stringWidth(line))).toEqual([7, 7, 7]);
  expect(truncate('日本語', 5)).toBe('日本…');
  expect(truncate('日本語', 4)).toBe('日…');
  expect(truncate('日本語', 6)).toBe('日本語');
  expect(truncate('👩‍👩‍👧👩‍👩‍👧', 3)).toBe('👩‍👩‍👧…');
  expect(truncate('abc', 0)).toBe('');
});

test('cells cannot steer the terminal', () => {
  expect(renderTable([{ title: 'A' }], [['\u001b[31mred\n']])[1]).toBe('\ufffd[31mred\ufffd');
});
