import { expect, test } from 'vitest';
import { isSameLock, lockNameOf } from '../../src/domain/lock-name.ts';

const PATH = '/var/lib/fsha/voice-eu.lock';
const here = lockNameOf({ name: 'localhost', id: '0123456789abcdef' }, PATH);

test('is told from one of another host of the same name', () => {
  expect(here).toBe(`localhost#0123456789abcdef:${PATH}`);
  expect(isSameLock(here, lockNameOf({ name: 'localhost', id: '0123456789abcdef' }, PATH))).toBe(true);
  expect(isSameLock(here, lockNameOf({ name: 'localhost', id: 'fedcba9876543210' }, PATH))).toBe(false);
  expect(isSameLock(here, lockNameOf({ name: 'localhost', id: '0123456789abcdef' }, '/x'))).toBe(false);
});

test('one without an id goes by the name of the host, as journals of before do', () => {
  const plain = lockNameOf({ name: 'localhost', id: null }, PATH);
  expect(plain).toBe(`localhost:${PATH}`);
  expect([isSameLock(here, plain), isSameLock(plain, here), isSameLock(plain, plain)]).toEqual([
    true,
    true,
    true,
  ]);
  expect(isSameLock(here, lockNameOf({ name: 'other', id: null }, PATH))).toBe(false);
  // What looks like an id in a path is none.
  expect(isSameLock('a:/x#0123456789abcdef:/y', 'a:/x:/y')).toBe(false);
});
