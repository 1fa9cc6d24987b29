import { describe, expect, test } from 'vitest';
import type { ChannelRow, Known, LiveCalls } from '../../src/domain/observation.ts';
import { RunCalls } from '../../src/tui/run-calls.ts';
import { known, policy, unknown } from '../domain/builders.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { leg } from './run-stories.ts';

const never = new AbortController().signal;

/** A node that takes so long for an answer; what was asked of it when. */
function slowNode(takes: number, answer: Known<readonly ChannelRow[]> = known([leg('a', 60)])) {
  const clock = new ManualClock();
  const asked: number[] = [];
  const looked: number[] = [];
  let up: Known<LiveCalls> = unknown('nothing was looked for');
  let readings = 0;
  let answers = answer;
  const calls = new RunCalls({
    now: () => clock.now(),
    onReading: () => void (readings += 1),
    live: {
      rows: async () => {
        asked.push(clock.now());
        await clock.sleep(takes, never);
        return answers;
      },
      liveCalls: async () => {
        looked.push(clock.now());
        await clock.sleep(takes, never);
        return up;
      },
    },
  });
  return {
    clock,
    calls,
    asked,
    looked,
    up: (next: typeof up) => void (up = next),
    readings: () => readings,
    answer: (next: typeof answers) => void (answers = next),
    /** Ticks four times a second for so long. */
    pass: async (ms: number, by = policy(), ghosts = 0) => {
      for (let passed = 0; passed < ms; passed += 250) {
        calls.tick('node-1', by, ghosts);
        await clock.pass(250);
      }
    },
  };
}

test('a quick node is asked as often as it is polled, and no more often than every 2 s', async () => {
  const on = slowNode(1);
  await on.pass(11_000);
  expect(on.asked).toEqual([0, 5_000, 10_000]);
  const hasty = slowNode(1);
  await hasty.pass(5_000, policy({ poll: 100 }));
  expect(hasty.asked).toEqual([0, 2_000, 4_000]);
});

test('a slow one is left alone for twenty times as long as it took, and never asked twice at once', async () => {
  const on = slowNode(2_000);
  await on.pass(100_000);
  expect(on.asked).toEqual([0, 42_000, 84_000]);
});

test('the list keeps its age and the reason where it could not be read again', async () => {
  const on = slowNode(500);
  await on.pass(1_000);
  expect(on.calls.of('node-1')).toMatchObject({ list: { rows: 1, at: 0 }, failure: null });
  on.answer(unknown('core database: no answer'));
  await on.pass(20_000);
  expect(on.calls.of('node-1')).toMatchObject({
    list: { rows: 1, at: 0 },
    failure: { why: 'core database: no answer', at: 10_500 },
  });
  on.answer(known([]));
  await on.pass(20_000);
  expect(on.calls.of('node-1')).toMatchObject({ list: { rows: 0 }, failure: null });
});

test('numbers are masked unless they are wanted', async () => {
  const on = slowNode(1);
  await on.pass(250);
  expect(on.calls.of('node-1')?.list?.calls[0]?.from).toBe('********78');
  on.calls.tick('node-1', policy({ showNumbers: true }));
  await on.clock.pass(10_000);
  on.calls.tick('node-1', policy({ showNumbers: true }));
  await on.clock.pass(1_000);
  expect(on.calls.of('node-1')?.list?.calls[0]?.from).toBe('+493012345678');
});

test('says nothing of another node, and nothing any more once it is disposed of', async () => {
  const on = slowNode(1_000);
  on.calls.tick('node-1', policy());
  on.calls.dispose();
  await on.clock.pass(2_000);
  expect(on.readings()).toBe(0);
  expect(on.calls.of('node-2')).toBeNull();
  await on.pass(60_000);
  expect(on.asked).toEqual([0]);
});

test('what is thrown is a reason like any other', async () => {
  const calls = new RunCalls({
    now: () => 0,
    onReading: () => undefined,
    live: {
      rows: () => Promise.reject(new Error('boom')),
      liveCalls: () => Promise.reject(new Error('nobody asks')),
    },
  });
  calls.tick('node-1', policy());
  await new Promise<void>((resolve) => setImmediate(resolve));
  expect(calls.of('node-1')?.failure?.why).toContain('boom');
});

describe('rows of calls that are gone', () => {
  const rows = [leg('gone', 7_200), leg('a', 60), leg('b', 50)];
  const up = { channels: rows.slice(1), ghosts: 1, sessions: 3 };

  test('are left out where each is looked for, and sessions without a row are counted', async () => {
    const on = slowNode(1, known(rows));
    on.up(known(up));
    await on.pass(1_000, policy(), 1);
    const list = on.calls.of('node-1')?.list;
    expect(list?.calls.map(({ id }) => id.slice(0, 1))).toEqual(['a', 'b']);
    expect(list).toMatchObject({ rows: 2, looked: { ghosts: 1, unlisted: 1 } });
  });

  test('are not looked for where there are none, and where there are many rows', async () => {
    const none = slowNode(1, known(rows));
    await none.pass(1_000);
    expect(none.looked).toEqual([]);
    const many = slowNode(1, known(Array.from({ length: 51 }, (_, index) => leg(`m${index}`, index))));
    many.up(known(up));
    await many.pass(1_000, policy(), 3);
    expect(many.looked).toEqual([]);
    expect(many.calls.of('node-1')?.list?.rows).toBe(51);
    expect(many.calls.of('node-1')?.list).not.toHaveProperty('looked');
  });

  test('are listed where it cannot be told which they are', async () => {
    const on = slowNode(1, known(rows));
    on.up(unknown('too slow'));
    await on.pass(1_000, policy(), 1);
    expect(on.looked).toHaveLength(1);
    expect(on.calls.of('node-1')).toMatchObject({ list: { rows: 3 }, failure: null });
    expect(on.calls.of('node-1')?.list).not.toHaveProperty('looked');
  });

  test('what looking for them takes counts: the node is left alone for twenty times as long', async () => {
    const on = slowNode(1_000, known(rows));
    on.up(known(up));
    await on.pass(50_000, policy(), 1);
    expect(on.asked).toEqual([0, 42_000]);
  });
});
