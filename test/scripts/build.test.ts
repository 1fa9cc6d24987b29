import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { NARROW, replaced } from '../../scripts/build.mjs';

test('what is said to be one column wide is so, whatever stands beside it', () => {
  const narrow = new RegExp(`^[${NARROW}]$`);
  const all = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code)).filter((one) =>
    narrow.test(one),
  );
  expect(all.length).toBeGreaterThan(900);
  expect(all.filter((one) => stringWidth(one) !== 1)).toEqual([]);
  expect(stringWidth(all.join(''))).toBe(all.length);
  expect(stringWidth(all.toReversed().join(''))).toBe(all.length);
});

test('a library that is another one stops the build', () => {
  expect(replaced('let a = 1;', /1/, '2')).toBe('let a = 2;');
  expect(() => replaced('let a = 1;', /2/, '3')).toThrow('it has no /2/');
});
