/** A drain on a terminal of 80×24 as its user sees it: what stands there, each key, and what stays behind. */
import stringWidth from 'string-width';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ALL_IN, NODE_1_OUT } from '../support/lab-for-fsha.ts';
import { until } from '../support/until.ts';
import { answers, settledRun } from './harness/events-of.ts';
import { openTerminal, type Screen, type Terminal } from './harness/terminal.ts';
import { CALLER, startTuiLab, type TuiLab } from './harness/tui-lab.ts';

let lab: TuiLab;
beforeAll(async () => {
  lab = await startTuiLab();
});
afterAll(() => lab.stop());
beforeEach(() => lab.bringIn());

/** Ready, with something on it that was there before. */
async function terminal(env: Readonly<Record<string, string>> = {}): Promise<Terminal> {
  const opened = await openTerminal({ config: lab.config, env });
  await opened.run('echo what was there before');
  await opened.status();
  return opened;
}

/** The screen is gone without a trace: what stands there is what stood there, the command, and `report`. */
async function expectOnly(shown: Terminal, stty: string, command: string, report: RegExp): Promise<string> {
  expect(await shown.state()).toEqual({ isAlternate: false, hasCursor: true, wraps: true });
  expect(await shown.stty()).toBe(stty);
  const all = await shown.scrollback();
  const [before = '', after = '', ...more] = all.split(`user$ ${command}\n`);
  expect(more).toEqual([]);
  expect(before).toBe('[0] user$ echo what was there before\nwhat was there before\n[0] ');
  expect(after).toMatch(report);
  // Words of the screen that no report has.
  expect(after).not.toMatch(/elapsed|hold when|not begun|read \d+s ago/);
  return after;
}

function escaped(text: string): string {
  return text.replaceAll(/[[\]]/g, '\\$&');
}

function lineWith(screen: Screen, wanted: RegExp): string {
  const found = screen.find((line) => wanted.test(line));
  if (found === undefined) throw new Error(`no ${String(wanted)} in\n${screen.join('\n')}`);
  return found;
}

describe('a whole drain', () => {
  test('shows what is worth knowing, and leaves nothing but its report behind', async () => {
    const calls = await lab.hold('1000', '1001', 'bridge-7', '112');
    const shown = await terminal();
    const stty = await shown.stty();
    const command = String.raw`fsha drain node-1 --reason "$(printf 'Ümläut 日本語 \033[31mred')"`;
    await shown.run(command);
    await shown.sees(/calls +4 calls \(5 legs\)/);
    const screen = await shown.screen();
    expect(await shown.state()).toEqual({ isAlternate: true, hasCursor: false, wraps: false });
    expect(screen[0]).toMatch(/^drain node-1 {2}lab-[-\d]+ +\d+s elapsed$/);
    expect(screen[1]).toMatch(/^run {7}\d{8}-\d{6}-\w{4} by \S+@\S+, reason: Ümläut 日本語 \uFFFD\[31mred$/);
    expect(screen[2]).toMatch(/^deadline {2}in 4m\d\ds, then it is given back as found$/);
    expect(lineWith(screen, /preflight/)).toMatch(/^steps {7}preflight +done +\S+$/);
    expect(lineWith(screen, /wait_drained/)).toMatch(/^ {10}> wait_drained {2}under way +\d+s$/);
    expect(lineWith(screen, /restart/)).toMatch(/^ {12}restart +not begun$/);
    expect(lineWith(screen, /^sessions/)).toMatch(
      /^sessions {2}5 \(4 calls\), peak 5, rate not known yet +read \d+s ago$/,
    );
    expect(lineWith(screen, /█/)).toMatch(/^ {10}█+ {2}\d+s, 0 to 5$/);
    expect(lineWith(screen, /lb-1 {2}/)).toMatch(/^proxies {3}lb-1 {2}disabled +read \d+s ago$/);
    expect(lineWith(screen, /lb-2 {2}/)).toMatch(/^ {10}lb-2 {2}disabled +read \d+s ago$/);
    expect(screen.join('\n')).toMatch(/^ +\d+s {2}in +(playback|bridge) +\*{8}56 {4}\*+(-7)?/m);
    expect(screen.join('\n')).not.toMatch(/1000|1001|112$|4930/m);
    // The last row stays empty, no other does.
    expect([screen[22], screen[23]]).toEqual([
      '+ 30m longer  h hold when drained  c calls  f cut the rest  a abort  ? help',
      '',
    ]);
    // What is at the right edge is there to the column, and nothing is over it.
    const edges = screen
      .filter((line) => /^(drain|sessions|proxies| {10}lb-)/.test(line))
      .map((line) => stringWidth(line));
    expect(edges.length).toBeGreaterThanOrEqual(4);
    expect(new Set(edges)).toEqual(new Set([80]));
    expect(Math.max(...screen.map((line) => stringWidth(line)))).toBe(80);

    await calls.hangUp('1000');
    await shown.sees(/4 \(3 calls\), peak 5/);
    await calls.hangUp();
    await shown.sees(/> (restart|verify|activate) +under way/);
    expect(await shown.status()).toBe(0);
    const report = await expectOnly(
      shown,
      stty,
      command,
      /^run \S+ on lab-[-\d]+: drain node-1\n {2}started .*, reason: Ümläut 日本語 \uFFFD\[31mred\n/,
    );
    expect(report).toMatch(
      /\ndone \(exit 0: done, or already so\)\n {2}node-1: in service\n\[0\] user\$ \n*$/,
    );
    expect(report.match(/^ {2}restart +succeeded/gm)).toHaveLength(1);
    const written = await shown.written();
    expect(written).not.toContain('\u001b[31mred');
    expect(written).not.toMatch(new RegExp(CALLER));
    expect(await lab.flags()).toEqual(ALL_IN);
  });

  test('is followed from elsewhere, where nothing can be asked of it', async () => {
    const calls = await lab.hold('1000');
    const [first, second] = await Promise.all([terminal(), terminal()]);
    await first.run('fsha drain node-1 --no-restart');
    await first.sees(/> wait_drained +under way/);
    const stty = await second.stty();
    const command = 'fsha show last --follow';
    await second.run(command);
    const seen = await second.sees(/> wait_drained +under way[^]*proxies +lb-1 +disabled/);
    expect(seen).toMatch(/^drain node-1 .* followed, \d+s elapsed$/m);
    expect(seen).toMatch(/^sessions {2}1 \(1 call\), peak 1/m);
    expect(seen).toMatch(/^calls +list them with: fsha calls node-1$/m);
    expect(seen.trimEnd()).toMatch(/\n\? help {2}q leave, the run goes on$/);
    for (const key of ['h', 'a', 'f', '+']) {
      await second.press(key);
      await second.sees(new RegExp(`^[${key}]: another process runs it`, 'm'));
    }
    await second.press('q');
    expect(await second.status()).toBe(0);
    await expectOnly(second, stty, command, /not ended: the last it recorded was/);

    await second.run('clear');
    await second.run(command);
    await second.sees(/followed/);
    await second.press('C-c');
    expect(await second.status()).toBe(130);
    expect((await second.state()).isAlternate).toBe(false);

    expect(answers(await lab.events())).toEqual([]);
    await second.run(command);
    await second.sees(/followed/);
    await calls.hangUp();
    expect([await first.status(), await second.status()]).toEqual([0, 0]);
    expect(await second.scrollback()).toMatch(/done \(exit 0/);
  });
});

test('numbers as they came over the wire, wide ones too, steer nothing and move no column', async () => {
  const calls = await lab.hold('日本語', '112', 'ü\u001b[31mö');
  const shown = await terminal();
  await shown.run('fsha drain node-1 --no-restart --show-numbers');
  await shown.sees(/calls +3 calls/);
  await shown.press('c');
  const list = (await shown.sees(/^calls still on node-1 +1 to 3 of 3$/m)).split('\n');
  const rows = ['ü\uFFFD[31mö', '112', '日本語'].map((number) =>
    lineWith(list, new RegExp(`4930123456 +${escaped(number)}`)),
  );
  const [, ...kept] = rows.map((row) => stringWidth(row.split('protected')[0] ?? ''));
  expect(new Set(kept).size).toBe(1);
  expect(rows.map((row) => row.includes('protected'))).toEqual([false, true, true]);
  await shown.press('Escape');
  await calls.hangUp();
  expect(await shown.status()).toBe(0);
  expect(await shown.written()).not.toContain('\u001b[31mö');
});

describe('keys', () => {
  test('?, q, c, + and h', async () => {
    const numbers = Array.from({ length: 24 }, (_, index) => `10${String(index).padStart(2, '0')}`);
    const calls = await lab.hold(...numbers);
    const shown = await terminal();
    const stty = await shown.stty();
    const command = 'fsha drain node-1';
    await shown.run(command);
    await shown.sees(/calls +24 calls/);

    await shown.press('?');
    await shown.sees(/^\+ {7}Extends the deadline by 30 minutes/m);
    await shown.press('Escape');
    await shown.sees(/> wait_drained/);
    await shown.press('q');
    await shown.sees(/^q: the run goes on only here, and Ctrl-C stops it/m);

    await shown.press('c');
    const list = await shown.sees(/^calls still on node-1 +1 to \d+ of 24$/m);
    expect(list).toMatch(/^ +AGE {2}DIR +APP +FROM +TO$/m);
    await shown.press('End');
    const end = await shown.sees(/^calls still on node-1 +(?!1 )\d+ to 24 of 24$/m);
    const rowsOf = (text: string): number => text.match(/^ +\d+s {2}in {3}/gm)?.length ?? 0;
    expect(rowsOf(end)).toBe(rowsOf(list));
    expect(rowsOf(end)).toBeGreaterThan(10);
    await shown.press('PageUp');
    await shown.sees(/1 to \d+ of 24$/m);
    await shown.press('Escape');

    const [, before = '?'] = /deadline {2}in (\d+m)/.exec(await shown.sees(/deadline/)) ?? [];
    expect(before).toBe('4m');
    await shown.press('+');
    await shown.sees(/^deadline {2}in 34m\d\ds/m);
    await shown.sees(/^asked by key \+: wait 30m longer \(node-1\): accepted$/m);
    await shown.press('h');
    await shown.sees(/^deadline {2}in 34m\d\ds, then it stays out/m);
    await shown.press('h');
    await shown.sees(/^h: it is held already$/m);
    expect(answers(await lab.events())).toEqual(['extend by key +: accepted', 'hold by key h: accepted']);

    await calls.hangUp();
    expect(await shown.status()).toBe(6);
    const report = await expectOnly(shown, stty, command, /asked by key h: .*: accepted/);
    expect(report).toMatch(/\n {2}node-1: out of service\n[^]*fsha activate node-1\n/);
    expect(await lab.flags()).toEqual(NODE_1_OUT);
    await shown.run('fsha activate node-1');
    await shown.sees(/activate node-1 .*elapsed/);
    expect(await shown.status()).toBe(0);
  });

  test('f: never a protected call, never without the right number', async () => {
    const calls = await lab.hold('112', '1000', '1001');
    const shown = await terminal();
    const stty = await shown.stty();
    const command = 'fsha drain node-1 --no-restart';
    await shown.run(command);
    await shown.sees(/calls +3 calls/);
    await shown.press('f');
    await shown.sees(/^no call is cut: .*protected/m);
    await calls.hangUp('112');
    await shown.sees(/^sessions {2}2 /m);

    await shown.press('f');
    await shown.sees(/^Cut 2 calls of node-1\? Type 2 and Enter; Esc: no$/m);
    await shown.type('3');
    await shown.sees(/^> 3$/m);
    await shown.press('Enter');
    await shown.sees(/^3 was typed, not 2: no call is cut$/m);
    await shown.press('f');
    await shown.sees(/^Cut 2 calls/m);
    await shown.press('2', 'Escape');
    await shown.sees(/^\+ 30m longer/m);
    expect(calls.cut()).toBe(0);
    expect(answers(await lab.events())).toEqual([]);

    await shown.press('f');
    await shown.sees(/^Cut 2 calls/m);
    await shown.press('2', 'Enter');
    expect(await shown.status()).toBe(10);
    expect(calls.cut()).toBe(2);
    expect(answers(await lab.events())).toEqual(['cut by key f: accepted']);
    expect(settledRun(await lab.events())).toMatchObject({ exit: 10, callsCut: 2 });
    const report = await expectOnly(shown, stty, command, /calls cut/);
    expect(report.match(/\*{8}56/g)).toHaveLength(2);
  });

  test('a, without colours, in a window that changes its size', async () => {
    const calls = await lab.hold('1000', '1001');
    const shown = await terminal({ NO_COLOR: '1' });
    const stty = await shown.stty();
    const command = 'fsha drain node-1 --reason "kernel update"';
    await shown.run(command);
    await shown.sees(/calls +2 calls/);
    expect(await shown.styled()).not.toContain('\u001b[');

    for (const [columns, rows] of [
      [60, 24],
      [120, 40],
      [40, 12],
      [80, 24],
    ] as const) {
      await shown.resize(columns, rows);
      await shown.sees(columns < 60 ? /^drain node-1.* \d+s$/m : /^drain node-1.* elapsed$/m);
      await until('the frame fits', async () => {
        const [first = ''] = await shown.screen();
        return stringWidth(first) === columns;
      });
      const fitted = await shown.screen();
      expect(fitted.join('\n')).toMatch(/^deadline {1,2}in 4m/m);
      expect(fitted.join('\n')).toMatch(/^sessions {1,2}2/m);
      expect(fitted.join('\n')).toMatch(/\? ?help|\?$/m);
      expect(Math.max(...fitted.map((line) => stringWidth(line)))).toBeLessThanOrEqual(columns);
      const clears = async (): Promise<number> => (await shown.written()).split('\u001b[H\u001b[2J').length;
      const before = await clears();
      await shown.press('C-l');
      await until('all is drawn anew', async () => (await clears()) > before);
      await until('a whole frame', async () => (await shown.written()).endsWith('\u001b[?2026l'));
      expect(timeless(await shown.screen())).toEqual(timeless(fitted));
    }

    await shown.press('a');
    await shown.sees(/^Stop and give node-1 back as it was found\? Type yes and Enter; Esc: no$/m);
    await shown.type('no');
    await shown.press('Enter');
    await shown.sees(/^no was typed, not yes: the run goes on$/m);
    expect(await lab.flags()).toEqual(NODE_1_OUT);
    await shown.press('a');
    await shown.sees(/^Stop and give/m);
    await shown.type('yes');
    await shown.press('Enter');
    expect(await shown.status()).toBe(130);
    expect(await lab.flags()).toEqual(ALL_IN);
    expect(answers(await lab.events())).toEqual(['abort by key a: accepted']);
    expect(await shown.stty()).toBe(stty);
    expect(await shown.scrollback()).toMatch(/exit 130[^]*node-1: in service/);
    expect(await shown.written()).not.toMatch(/\u001b\[[\d;]*m/);
    expect(calls.cut()).toBe(0);
  });
});

/** Without what changes from one second to the next. */
function timeless(screen: Screen): Screen {
  return screen.map((line) =>
    line
      .replaceAll(/\d+m\d\ds|\d+(\.\d+)?m?s/g, 'T')
      .replaceAll(/[▁▂▃▄▅▆▇█]+/g, 'B')
      .replaceAll(/ +/g, ' '),
  );
}
