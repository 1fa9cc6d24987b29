import { beforeEach, expect, test } from 'vitest';
import { CommandDeadlines } from '../../src/freeswitch/command-deadlines.ts';
import { ManualClock } from '../support/manual-clock.ts';

let clock: ManualClock;
let deadlines: CommandDeadlines;
let heard: string[];
beforeEach(() => {
  clock = new ManualClock();
  deadlines = new CommandDeadlines(clock);
  heard = [];
});
const start = (ms: number): (() => void) =>
  deadlines.start(ms, () => heard.push(`${ms} at ${Math.round(clock.now())}`));

test('each has its own time, whatever came before it, by one timer', async () => {
  start(5_000);
  await clock.pass(1_000);
  start(5_000);
  start(100);
  expect(clock.sleeping).toBe(1);
  await clock.pass(60_000);
  expect(heard).toEqual(['100 at 1100', '5000 at 5000', '5000 at 6000']);
  expect(clock.sleeping).toBe(0);
});

test('one that was cancelled is not called; the next one is, at its time', async () => {
  const cancel = start(1_000);
  await clock.pass(500);
  cancel();
  cancel();
  start(1_000);
  await clock.pass(60_000);
  expect(heard).toEqual(['1000 at 1500']);
});

test('hundreds that are answered make one timer', async () => {
  for (let nth = 0; nth < 300; nth += 1) {
    const cancel = start(5_000);
    await clock.pass(1);
    cancel();
    expect(clock.sleeping).toBe(1);
  }
  await clock.pass(60_000);
  expect([heard, clock.sleeping]).toEqual([[], 0]);
});

test('one that is started by another that expires has its own time', async () => {
  deadlines.start(100, () => start(200));
  await clock.pass(60_000);
  expect(heard).toEqual(['200 at 300']);
});

test('closed: none is called, and nothing is waited for', async () => {
  start(1_000);
  deadlines.close();
  await clock.pass(60_000);
  expect([heard, clock.sleeping]).toEqual([[], 0]);
});

test('no time left: called at once', async () => {
  start(-5);
  await clock.pass(1);
  expect(heard).toEqual(['-5 at 0']);
});
