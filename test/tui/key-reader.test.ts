import { expect, test } from 'vitest';
import { keyReader } from '../../src/tui/key-reader.ts';
import type { Key } from '../../src/tui/scene.ts';

/** `a` for text, `<up>` for a key with a name. */
function words(keys: readonly Key[]): string {
  return keys.map(({ text, name }) => (name === null ? text : `<${name}>`)).join(' ');
}

/** What the reader hears in these chunks, and once nothing follows. */
function heard(...chunks: readonly string[]): string {
  const reader = keyReader();
  return words([...chunks.flatMap((chunk) => [...reader.push(chunk)]), ...reader.settle()]);
}

test.each<readonly [string, string, string]>([
  ['a letter', 'a', 'a'],
  ['a wide character', '漢', '漢'],
  ['Enter', '\r', '<enter>'],
  ['a line feed', '\n', '<enter>'],
  ['both', '\r\n', '<enter>'],
  ['Ctrl-C', '\u0003', '<ctrl-c>'],
  ['Ctrl-C twice at once, as a slow link brings it', '\u0003\u0003', '<ctrl-c> <ctrl-c>'],
  ['Ctrl-C behind letters', 'ab\u0003', 'ab <ctrl-c>'],
  ['Ctrl-L', '\u000c', '<ctrl-l>'],
  ['both backspaces', '\u007f\u0008', '<backspace> <backspace>'],
  ['a confirmation typed ahead', '12\r', '12 <enter>'],
  ['Ctrl-Z, Ctrl-D, Ctrl-S, Ctrl-\\ and Tab are nothing', '\u001a\u0004\u0013\u001c\t', ''],
  ['Up and Down', '\u001b[A\u001b[B', '<up> <down>'],
  ['Up and Down in application mode', '\u001bOA\u001bOB', '<up> <down>'],
  ['Up with Ctrl', '\u001b[1;5A', '<up>'],
  ['Left and Right', '\u001b[D\u001b[C', ''],
  ['Page Up and Down', '\u001b[5~\u001b[6~', '<page-up> <page-down>'],
  ['Home and End of xterm', '\u001b[H\u001b[F', '<home> <end>'],
  ['Home and End of the console', '\u001b[1~\u001b[4~', '<home> <end>'],
  ['Home and End of rxvt', '\u001b[7~\u001b[8~', '<home> <end>'],
  ['Enter of the keypad', '\u001bOM', '<enter>'],
  ['Escape', '\u001b', '<escape>'],
  ['Escape twice', '\u001b\u001b', '<escape> <escape>'],
  ['Escape, then Up', '\u001b\u001b[A', '<escape> <up>'],
  ['Escape, then Enter', '\u001b\r', '<escape> <enter>'],
  ['Alt with a letter', '\u001ba', ''],
  ['Alt with a character of two code units', '\u001b😀b', 'b'],
  ['F1 to F5', '\u001bOP\u001b[12~\u001b[[C\u001b[15~', ''],
  ['a sequence nobody knows', '\u001b[?1;2cx', 'x'],
  ['a mouse', '\u001b[<0;10;5M\u001b[<0;10;5mx', 'x'],
  ['an answer about colours', '\u001b]11;rgb:0000/0000/0000\u0007x', 'x'],
  ['an answer that ends otherwise', '\u001bP1+r\u001b\\x', 'x'],
  ['a sequence that never ends', '\u001b[1', ''],
  ['text with controls of other kinds', 'a\u009bb\u202ec\u200bd', 'abcd'],
  ['nothing but such', '\u0085\u2028', ''],
])('%s', (_what, typed, expected) => {
  expect(heard(typed)).toBe(expected);
});

test.each<readonly [string, string, string]>([
  ['is text', '\u001b[200~node-1\u001b[201~', 'node-1'],
  ['has no Enter', '\u001b[200~12\r\n\u001b[201~', '12'],
  ['may be followed by Enter', '\u001b[200~12\u001b[201~\r', '12 <enter>'],
  ['has no sequences', '\u001b[200~a\u001b[Ab\u001b[201~', 'a[Ab'],
  ['may be empty', '\u001b[200~\u001b[201~a', 'a'],
  ['that never ends is ended by Ctrl-C', '\u001b[200~ab\u0003\u001b[A', 'ab <ctrl-c> <up>'],
])('what is pasted %s', (_what, typed, expected) => {
  expect(heard(typed)).toBe(expected);
});

test('what comes in pieces is the same as at once, wherever it is cut', () => {
  const whole = 'a\u001b[1;5A\u001bOB\u001b[200~x y\u001b[201~\u001b]0;t\u0007\u0003\u001b[5~';
  const expected = 'a <up> <down> x y <ctrl-c> <page-up>';
  expect(heard(whole)).toBe(expected);
  for (let cut = 1; cut < whole.length; cut += 1) {
    const seen = heard(whole.slice(0, cut), whole.slice(cut));
    // Text that comes in two pieces is two keys.
    expect(seen.replace(/x +y/, 'x y'), `cut at ${cut}`).toBe(expected);
  }
});

test('a lone ESC waits for what may follow it', () => {
  const reader = keyReader();
  expect(reader.push('\u001b')).toEqual([]);
  expect(reader.waiting).toBe(true);
  expect(words(reader.push('[A'))).toBe('<up>');
  expect(reader.waiting).toBe(false);
  expect(reader.settle()).toEqual([]);
});
