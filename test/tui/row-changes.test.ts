import { expect, test } from 'vitest';
import { rowChanges } from '../../src/tui/row-changes.ts';
import { FakeTerminal } from '../support/fake-terminal.ts';

const ROWS = ['', 'short', 'a longer row of text', '漢字 and more', '\u001b[32mgreen\u001b[39m', '▁▂▃▄ 12'];

/** The same numbers in every run. */
function* numbers(): Generator<number, never> {
  for (let seed = 7; ; seed = (seed * 16807) % 2147483647) yield seed;
}

test('nothing changed: nothing is written', () => {
  expect(rowChanges(['a', 'b'], ['a', 'b'])).toBe('');
  expect(rowChanges(['a', ''], ['a'])).toBe('');
});

test('only the row that changed is written', () => {
  const frame = rowChanges(['first', 'second', 'third'], ['first', 'other', 'third']);
  expect(frame).toContain('other');
  expect(frame).not.toMatch(/first|third/);
});

test('whatever stood there, the terminal shows the new rows', () => {
  const terminal = new FakeTerminal(40, 12);
  const random = numbers();
  let before: readonly string[] | null = null;
  terminal.scribble();
  for (let turn = 0; turn < 300; turn += 1) {
    const after = Array.from(
      { length: random.next().value % 11 },
      () => ROWS[random.next().value % ROWS.length] ?? '',
    );
    if (turn % 50 === 49) {
      terminal.scribble();
      before = null;
    }
    terminal.write(rowChanges(before, after));
    expect(terminal.screen).toBe(
      after
        .join('\n')
        .replace(/\u001b\[\d+m/g, '')
        .trimEnd(),
    );
    before = after;
  }
});
