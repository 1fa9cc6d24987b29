import { expect, test } from 'vitest';
import { terminalSvg } from '../../scripts/terminal-svg.mjs';

const ESC = '\u001b';
const texts = (svg: string): readonly string[] =>
  [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((m) => m[1] ?? '');

test('text, colours and places', () => {
  const svg = terminalSvg(`a ${ESC}[1;32mgood${ESC}[0m <b>\n${ESC}[7minverse${ESC}[27m`, 20, 'A & B');
  expect(texts(svg)).toEqual(['A &amp; B', 'a ', 'good', ' &lt;b&gt;', 'inverse']);
  expect(svg).toContain('fill="#98c379" font-weight="bold">good<');
  // 14 of padding and the width of two cells.
  expect(svg).toMatch(/<text x="30\.8"[^>]*>good</);
  expect(svg).toMatch(/<rect x="14\.0"[^>]*fill="#d7dae0"\/>/);
});

test('a wide character takes two columns', () => {
  expect(terminalSvg(`東${ESC}[31mx`, 20, 't')).toMatch(/<text x="30\.8"[^>]*>x</);
});

test('what it cannot draw is an error, not a wrong picture', () => {
  expect(() => terminalSvg(`${ESC}[5mblinks`, 20, 't')).toThrow('5');
  expect(() => terminalSvg(`${ESC}[2J`, 20, 't')).toThrow('escape sequence');
});
