import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { onAbort } from '../../src/freeswitch/abort-listener.ts';

function listened(): {
  readonly stop: AbortController;
  readonly heard: string[];
  readonly on: (name: string) => () => void;
} {
  const stop = new AbortController();
  const heard: string[] = [];
  return { stop, heard, on: (name) => onAbort(stop.signal, () => heard.push(name)) };
}

test('each is called once, in their order, behind one listener of the signal', () => {
  const { stop, heard, on } = listened();
  for (let nth = 0; nth < 500; nth += 1) on(String(nth));
  expect(getEventListeners(stop.signal, 'abort')).toHaveLength(1);
  stop.abort();
  expect(heard).toEqual(Array.from({ length: 500 }, (_, nth) => String(nth)));
});

test('one that was ended is not called, also where another one ends it then', () => {
  const { stop, heard, on } = listened();
  const before = on('ended before');
  before();
  onAbort(stop.signal, () => later());
  const later = on('ended meanwhile');
  on('kept');
  stop.abort();
  expect(heard).toEqual(['kept']);
});

test('the same listener twice is called twice, and ended one by one', () => {
  const { stop, heard } = listened();
  const listener = (): void => void heard.push('it');
  const end = onAbort(stop.signal, listener);
  onAbort(stop.signal, listener);
  end();
  end();
  stop.abort();
  expect(heard).toEqual(['it']);
});

test('nobody waits any more: nothing listens to the signal; and whoever comes then is heard', () => {
  const { stop, heard, on } = listened();
  const ends = [on('a'), on('b')];
  ends.forEach((end) => end());
  expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
  on('c');
  stop.abort();
  expect(heard).toEqual(['c']);
});

test('of a signal that has fired: not called', () => {
  const heard: string[] = [];
  onAbort(AbortSignal.abort(), () => heard.push('it'));
  expect(heard).toEqual([]);
});
