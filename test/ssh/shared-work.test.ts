import { expect, test } from 'vitest';
import { SharedWork } from '../../src/ssh/shared-work.ts';
import { never } from './spoof-server.ts';

interface Work {
  readonly shared: SharedWork<string>;
  readonly ended: AbortSignal;
  readonly settle: (result: string) => void;
  readonly fail: (error: Error) => void;
}

function begin(): Work {
  const { promise, resolve, reject } = withResolvers();
  let ended = never;
  const shared = new SharedWork((signal) => {
    ended = signal;
    return promise;
  });
  return { shared, ended, settle: resolve, fail: reject };
}

function withResolvers(): {
  promise: Promise<string>;
  resolve: (result: string) => void;
  reject: (error: Error) => void;
} {
  let resolve: (result: string) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<string>((resolveIt, rejectIt) => {
    resolve = resolveIt;
    reject = rejectIt;
  });
  return { promise, resolve, reject };
}

test('everybody hears of what it comes to, also later', async () => {
  const { shared, settle, ended } = begin();
  const both = [shared.join(never, 'a'), shared.join(never, 'b')];
  settle('done');
  expect(await Promise.all(both)).toEqual(['done', 'done']);
  expect(await shared.join(never, 'c')).toBe('done');
  expect([shared.isOver, shared.isGivenUp, ended.aborted]).toEqual([true, false, false]);
});

test('everybody hears of its failure', async () => {
  const { shared, fail } = begin();
  const both = [shared.join(never, 'a'), shared.join(never, 'b')];
  fail(new Error('no'));
  await Promise.all(both.map((one) => expect(one).rejects.toThrow('no')));
  expect(await shared.result()).toBeNull();
});

test('it goes on while anybody waits, and is given up with the last of them', async () => {
  const { shared, ended } = begin();
  const [first, second] = [new AbortController(), new AbortController()];
  const waits = [first, second].map(({ signal }) =>
    expect(shared.join(signal, 'it')).rejects.toMatchObject({ code: 'interrupted' }),
  );
  first.abort();
  await waits[0];
  expect([ended.aborted, shared.isGivenUp]).toEqual([false, false]);
  second.abort();
  await waits[1];
  expect([ended.aborted, shared.isGivenUp, shared.isOver]).toEqual([true, true, true]);
});

test('its end is awaited, whoever waits', async () => {
  const { shared, ended, fail } = begin();
  const waiting = expect(shared.join(never, 'it')).rejects.toThrow('ended');
  ended.addEventListener('abort', () => setTimeout(() => fail(new Error('ended')), 10));
  await shared.end();
  await waiting;
  expect(shared.isOver).toBe(true);
});
