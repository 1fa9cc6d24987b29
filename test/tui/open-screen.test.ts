import { afterEach, beforeEach, expect, test } from 'vitest';
import { line, styled } from '../../src/tui/line.ts';
import { ScreenTrial, THREE_LINES } from './screen-trial.ts';

let on: ScreenTrial;

beforeEach(() => {
  on = new ScreenTrial();
});

afterEach(() => on.end());

test('shows the scene on a screen of its own, and gives the terminal back as it was', async () => {
  const { close } = await on.open();
  expect(on.terminal).toMatchObject({
    alternate: true,
    cursorShown: false,
    wraps: false,
    bracketedPaste: true,
  });
  expect(on.keyboard.raw).toBe(true);
  expect(on.terminal.screen).toBe(THREE_LINES);
  expect(on.terminal.written).toContain('\u001b[32msecond\u001b[39m');
  await close();
  expect(on.untouched).toBe(true);
});

test('can be closed twice, and draws and hears nothing any more', async () => {
  const { close, refresh } = await on.open();
  await Promise.all([close(), close()]);
  const late = await on.writtenBy(async () => {
    refresh();
    await on.type('a');
    await close();
    await on.pass(5000);
  });
  expect(late).toBe('');
  expect(on.keys).toEqual([]);
});

test('leaves no listener behind but one that hears errors', async () => {
  const count = (): unknown =>
    [on.terminal, on.keyboard, process].map((emitter) =>
      emitter.eventNames().map((name) => [name, emitter.listenerCount(name)]),
    );
  await (await on.open()).close();
  const once = count();
  await (await on.open()).close();
  expect(count()).toEqual(once);
  expect(on.terminal.listenerCount('error')).toBe(1);
  expect(on.terminal.listenerCount('resize')).toBe(0);
  expect(on.keyboard.listenerCount('data')).toBe(0);
});

test('without colours there is none, nor any other style', async () => {
  on.lines = () => [line(styled('error', 'red'), styled('strong', 'bold'), styled('inverse', 'bar'))];
  await (await on.open({ colour: false })).close();
  expect(on.terminal.written).toContain('redboldbar');
  expect(on.terminal.written).not.toMatch(/\u001b\[[\d;]*m/);
});

test('the environment is as before once Ink is loaded', async () => {
  const before = { ...process.env };
  await on.open({ colour: false });
  expect({ ...process.env }).toEqual(before);
});

test('the scene may fill all rows but the last, and every column', async () => {
  on.lines = () => Array.from({ length: 30 }, (_, row) => line(`${row} `.padEnd(60, 'x')));
  await on.open();
  expect(on.sizes).toEqual([{ columns: 40, rows: 9 }]);
  const seen = on.terminal.screen.split('\n');
  expect(seen).toHaveLength(9);
  expect(seen[8]).toBe(`8 ${'x'.repeat(37)}…`);
});

test('a terminal that does not tell its size has 80 columns and 24 rows', async () => {
  on.lines = () => [];
  [on.terminal.columns, on.terminal.rows] = [0, 0];
  await on.open();
  expect(on.sizes).toEqual([{ columns: 80, rows: 23 }]);
});

test('empty lines and wide characters stand where they belong', async () => {
  on.lines = () => [line(), line('漢字', styled('accent', ' 漢')), line(), line('end')];
  await on.open();
  expect(on.terminal.screen).toBe('\n漢字 漢\n\nend');
});

test('a scene with nothing to show, before and behind one that has', async () => {
  const something = on.lines;
  on.lines = () => [];
  await on.open();
  expect(on.terminal.screen).toBe('');
  on.lines = something;
  await on.pass(250);
  expect(on.terminal.screen).toBe(THREE_LINES);
  on.lines = () => [];
  await on.pass(250);
  expect(on.terminal.screen).toBe('');
});

test('writes nothing where nothing changed, and else only the row that did', async () => {
  await on.open();
  const same = await on.writtenBy(() => on.pass(1000));
  expect(on.draws).toBe(5);
  expect(same).toBe('');
  on.lines = () => [line('first'), line('other'), line('third')];
  const changed = await on.writtenBy(() => on.pass(250));
  expect(changed).toContain('other');
  expect(changed).not.toMatch(/first|third/);
  expect(on.terminal.screen).toBe('first\nother\nthird');
});

test('draws as often as it is told', async () => {
  await on.open({ framesPerSecond: 2 });
  await on.pass(2000);
  expect(on.draws).toBe(5);
});

test('draws at once where it is asked to, but not more often than ten times a second', async () => {
  const { refresh } = await on.open();
  await on.pass(120);
  refresh();
  await on.pass(0);
  expect(on.draws).toBe(2);
  for (let ms = 0; ms < 1000; ms += 5) {
    refresh();
    await on.pass(5);
  }
  expect(on.draws).toBe(12);
});

test('a key reaches the scene, and what it changed is drawn at once', async () => {
  await on.open();
  await on.pass(120);
  on.onKey = (key) => {
    on.keys.push(key);
    on.lines = () => [line('pressed')];
  };
  await on.type('f');
  expect(on.keys).toEqual([{ text: 'f', name: null }]);
  expect(on.terminal.screen).toBe('pressed');
});

test('Ctrl-C is a key like others, and Ctrl-Z none', async () => {
  await on.open();
  await on.type('\u0003\u001a\u0003');
  expect(on.keys.map(({ name }) => name)).toEqual(['ctrl-c', 'ctrl-c']);
});

test('characters of several bytes may come in pieces', async () => {
  await on.open();
  for (const byte of Buffer.from('漢')) {
    on.keyboard.write(Buffer.of(byte));
    await on.pass(0);
  }
  expect(on.keys).toEqual([{ text: '漢', name: null }]);
});

test('ESC is Escape where nothing follows, and else the beginning of something', async () => {
  await on.open();
  await on.type('\u001b');
  await on.pass(50);
  await on.type('[A');
  await on.pass(200);
  await on.type('\u001b');
  expect(on.keys.map(({ name }) => name)).toEqual(['up']);
  await on.pass(200);
  expect(on.keys.map(({ name }) => name)).toEqual(['up', 'escape']);
});

test('Ctrl-L draws everything anew', async () => {
  await on.open();
  on.terminal.scribble();
  await on.type('\u000c');
  await on.pass(100);
  expect(on.terminal.screen).toBe(THREE_LINES);
});

test('a resize draws everything anew, narrower and wider, lower and higher', async () => {
  on.lines = ({ columns, rows }) =>
    Array.from({ length: rows }, (_, row) => line(`${row}`.padEnd(columns, '-')));
  await on.open();
  for (const [columns, rows] of [
    [20, 10],
    [60, 10],
    [60, 4],
    [30, 20],
    [30, 20],
  ] as const) {
    on.terminal.resize(columns, rows);
    await on.pass(100);
    expect(on.terminal.screen).toBe(
      Array.from({ length: rows - 1 }, (_, row) => `${row}`.padEnd(columns, '-')).join('\n'),
    );
  }
});

test('a resize that nobody told of is seen with the next frame', async () => {
  on.lines = ({ columns }) => [line('-'.repeat(columns))];
  await on.open();
  on.terminal.columns = 20;
  on.terminal.scribble();
  await on.pass(250);
  expect(on.terminal.screen).toBe('-'.repeat(20));
});
