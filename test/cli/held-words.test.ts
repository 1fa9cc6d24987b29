import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { HeldWords } from '../../src/cli/held-words.ts';

const written = (out: PassThrough): string => String(out.read() ?? '');

test('what is written while a screen is there comes once it is gone, before what comes then', () => {
  const out = new PassThrough();
  const words = new HeldWords(out, true);
  words.write('fsha: a host key that is not listed\n');
  words.write(Buffer.from('fsha: another\n'));
  expect(written(out)).toBe('');
  words.release();
  words.release();
  words.write('fsha: a third\n');
  expect(written(out)).toBe('fsha: a host key that is not listed\nfsha: another\nfsha: a third\n');
});

test('without a screen it comes at once', () => {
  const out = new PassThrough();
  new HeldWords(out, false).write('fsha: at once\n');
  expect(written(out)).toBe('fsha: at once\n');
});
