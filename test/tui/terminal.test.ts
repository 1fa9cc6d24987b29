import { expect, test } from 'vitest';
import { canShowScreen, type Surroundings } from '../../src/tui/terminal.ts';

const TTY = { isTTY: true };
const PIPE = {};
const GOOD: Surroundings = {
  stdout: TTY,
  stdin: TTY,
  env: { TERM: 'xterm-256color' },
  foreground: () => true,
};

test.each<readonly [string, Partial<Surroundings>, boolean]>([
  ['a terminal', {}, true],
  ['output to a pipe', { stdout: PIPE }, false],
  ['input from a pipe', { stdin: PIPE }, false],
  ['no TERM', { env: {} }, false],
  ['an empty TERM', { env: { TERM: '' } }, false],
  ['a dumb terminal', { env: { TERM: 'dumb' } }, false],
  ['CI', { env: { TERM: 'xterm', CI: 'true' } }, false],
  ['CI of another kind', { env: { TERM: 'xterm', CI: 'woodpecker' } }, false],
  ['CI that says no', { env: { TERM: 'xterm', CI: 'false' } }, true],
  ['CI that says 0', { env: { TERM: 'xterm', CI: '0' } }, true],
  ['an empty CI', { env: { TERM: 'xterm', CI: '' } }, true],
  ['NO_COLOR', { env: { TERM: 'xterm', NO_COLOR: '1' } }, true],
  ['the background', { foreground: () => false }, false],
])('%s', (_what, surroundings, shown) => {
  expect(canShowScreen({ ...GOOD, ...surroundings })).toBe(shown);
});

test('job control is not asked where there is no terminal', () => {
  const foreground = (): boolean => {
    throw new Error('asked');
  };
  expect(canShowScreen({ ...GOOD, stdout: PIPE, foreground })).toBe(false);
});
