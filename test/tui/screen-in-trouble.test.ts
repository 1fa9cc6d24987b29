import { afterEach, beforeEach, expect, test } from 'vitest';
import { line } from '../../src/tui/line.ts';
import { ScreenTrial } from './screen-trial.ts';

let on: ScreenTrial;

beforeEach(() => {
  on = new ScreenTrial();
});

afterEach(() => on.end());

test('a terminal that does not keep up gets the newest frame once it does, and nothing heaps up', async () => {
  let number = 0;
  on.lines = () => [line(`frame ${number}`)];
  const { refresh } = await on.open();
  on.terminal.stalled = true;
  number = 1;
  await on.pass(250);
  const asked = on.draws;
  const heaped = await on.writtenBy(async () => {
    for (number = 2; number < 200; number += 1) {
      refresh();
      await on.pass(100);
    }
  });
  expect(on.draws).toBe(asked);
  expect(heaped).toBe('');
  expect(on.terminal.writableLength).toBeLessThan(200);
  on.terminal.resume();
  await on.pass(100);
  expect(on.terminal.screen).toBe('frame 200');
});

test('a terminal that takes nothing does not keep the screen from being closed', async () => {
  const { close } = await on.open();
  on.terminal.stalled = true;
  on.lines = () => [line('last')];
  await on.pass(250);
  const closed = close();
  await on.pass(1000);
  await closed;
  expect(on.keyboard.raw).toBe(false);
  on.terminal.resume();
  await on.pass(0);
  expect(on.untouched).toBe(true);
});

const boom = new Error('boom');
const throwing = (): never => {
  throw boom;
};

test('a scene that cannot draw ends the view, once', async () => {
  on.lines = throwing;
  await on.open();
  await on.pass(5000);
  expect(on.failures).toEqual([boom]);
});

test('a scene that cannot draw any more ends the view, once', async () => {
  const { refresh, close } = await on.open();
  on.lines = throwing;
  refresh();
  await on.pass(5000);
  expect(on.failures).toEqual([boom]);
  expect(on.draws).toBe(2);
  await close();
});

test('a scene that throws at a key ends the view, and hears no more of what came with it', async () => {
  await on.open();
  let heard = 0;
  on.onKey = () => {
    heard += 1;
    throw boom;
  };
  await on.type('a\rb');
  expect(on.failures).toEqual([boom]);
  expect(heard).toBe(1);
});

test.each<readonly [string, () => void, RegExp]>([
  ['keyboard ends', () => on.keyboard.end(), /terminal went away/],
  ['keyboard breaks', () => on.keyboard.destroy(new Error('read EIO')), /read EIO/],
  ['screen breaks', () => on.terminal.destroy(new Error('write EIO')), /write EIO/],
  ['screen is closed', () => on.terminal.destroy(), /terminal went away/],
])('where the %s the view ends, once', async (_what, act, expected) => {
  const told: unknown[] = [];
  await on.open({ onFailure: (error) => told.push(error) });
  act();
  await on.pass(5000);
  expect(told.map(String)).toEqual([expect.stringMatching(expected)]);
  expect(on.keyboard.raw).toBe(false);
});

test('an error of a terminal that was lost is nothing new once the screen is closed', async () => {
  await (await on.open()).close();
  on.terminal.destroy(new Error('write EIO'));
  on.keyboard.destroy(new Error('read EIO'));
  await on.pass(0);
  expect(on.failures).toEqual([]);
});

test('a terminal that refuses raw mode is told, and nothing was written to it', async () => {
  on.keyboard.setRawMode = throwing;
  const written = await on.writtenBy(async () => {
    const { refresh, close } = await on.open({ onFailure: (error) => on.failures.push(error) });
    refresh();
    await close();
  });
  expect(on.failures).toEqual([boom]);
  expect(written).toBe('');
});

test('a process that ends without closing gives the terminal back first', async () => {
  await on.open();
  const [last] = process.listeners('exit').slice(-1);
  last?.call(process, 0);
  expect(on.terminal).toMatchObject({
    alternate: false,
    cursorShown: true,
    wraps: true,
    bracketedPaste: false,
  });
  expect(on.keyboard.raw).toBe(false);
});
