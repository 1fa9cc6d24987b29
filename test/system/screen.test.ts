/** A scene on a real terminal, which has to be as before whatever happens. */
import { readFile, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundle } from '../../scripts/build.mjs';
import { signalEntry } from '../support/processes.ts';
import { until } from '../support/until.ts';
import { openTerminal, type Terminal, type TerminalOptions } from './harness/terminal.ts';

/** fsha's launcher with another `main`: below the project, so that what stays unbundled is found. */
const DIST = fileURLToPath(new URL(`../../node_modules/.fsha-test/screen-${process.pid}`, import.meta.url));
const TOLD = `${DIST}.told`;

beforeAll(() => bundle(DIST, { main: 'test/system/harness/screen-main.ts' }));

afterAll(async () => {
  await rm(DIST, { recursive: true, force: true });
  await rm(TOLD, { force: true });
});

async function terminalFor(options: Partial<TerminalOptions> = {}): Promise<Terminal> {
  return openTerminal({ config: '', ...options, env: { FSHA_DIST: DIST, ...options.env } });
}

/** A terminal on which the screen stands, and what `stty` said before. */
async function shown(
  command = 'fsha',
  options: Partial<TerminalOptions> = {},
): Promise<{ readonly terminal: Terminal; readonly before: string }> {
  const terminal = await terminalFor(options);
  const before = await terminal.stty();
  await terminal.run(command);
  await terminal.sees(/heard:/);
  expect(await terminal.stty()).not.toBe(before);
  expect(await terminal.state()).toEqual({ isAlternate: true, hasCursor: false, wraps: false });
  return { terminal, before };
}

/** As it was: modes, cursor, and everything that was printed before and behind, without a trace of the screen. */
async function expectRestored(terminal: Terminal, before: string): Promise<void> {
  expect(await terminal.stty()).toBe(before);
  expect(await terminal.state()).toEqual({ isAlternate: false, hasCursor: true, wraps: true });
  const all = await terminal.scrollback();
  expect(all).toContain('printed before');
  expect(all).not.toMatch(/heard:|columns|\.\.\.\./);
  // The last of what turned pasting on and off.
  expect((await terminal.written()).match(/\u001b\[\?2004[hl]/g)?.at(-1)).toBe('\u001b[?2004l');
}

/** What the screen has to show at that size. */
function expected(columns: number, rows: number, heard = ''): readonly string[] {
  return [
    `${columns} columns and ${rows - 1} rows`,
    `heard: ${heard}`.trimEnd(),
    ...Array.from({ length: rows - 3 }, (_, row) => `${row + 2}`.padEnd(columns, '.')),
    '',
  ];
}

/** Rows come one after the other: that the first of them is there says nothing of the last. */
async function expectScreen(terminal: Terminal, rows: readonly string[]): Promise<void> {
  let screen: readonly string[] = [];
  await until('the whole frame', async () => {
    screen = await terminal.screen();
    return isDeepStrictEqual(screen, rows);
  }).catch(() => expect(screen).toEqual(rows));
}

test('shows the scene, and leaves what was printed before and behind', async () => {
  const { terminal, before } = await shown();
  await expectScreen(terminal, expected(80, 24));
  await terminal.press('Up', 'x', 'PageDown', 'Enter', 'Escape');
  // What follows ESC at once belongs to it.
  await terminal.sees(/heard: up x page-down enter escape$/m);
  await terminal.press('q');
  expect(await terminal.status()).toBe(0);
  await expectRestored(terminal, before);
  expect(await terminal.scrollback()).toMatch(/printed before\nprinted behind\n/);
});

test('stopped by a signal and brought back by `fg`: raw mode again, and the whole screen', async () => {
  const { terminal, before } = await shown();
  const child = await terminal.child();
  signalEntry(child, 'SIGSTOP');
  // The shell has the terminal now, and writes on it.
  await until('it is stopped', async () => / T /.test(await readFile(`/proc/${child.pid}/stat`, 'utf8')));
  await terminal.sees(/user\$/);
  // Not Enter: this shell leaves the modes as they are, and in raw mode that ends no line.
  await terminal.press('f', 'g', 'C-j');
  await expectScreen(terminal, expected(80, 24));
  await terminal.press('x');
  await terminal.sees(/heard: x$/m);
  await terminal.press('q');
  expect(await terminal.status()).toBe(0);
  expect(await terminal.stty()).toBe(before);
});

test('Ctrl-C is a key, Ctrl-Z and Ctrl-\\ are nothing', async () => {
  const { terminal, before } = await shown();
  await terminal.press('C-c', 'C-z', 'C-\\', 'C-c');
  await terminal.sees(/heard: ctrl-c ctrl-c$/m);
  await terminal.press('q');
  expect(await terminal.status()).toBe(0);
  await expectRestored(terminal, before);
});

test('narrower and wider, lower and higher: the same as if it had always been so', async () => {
  const { terminal } = await shown();
  for (const [columns, rows] of [
    [40, 24],
    [40, 12],
    [100, 12],
    [60, 30],
  ] as const) {
    await terminal.resize(columns, rows);
    await terminal.sees(new RegExp(`^${columns} columns and ${rows - 1} rows`, 'm'));
    await expectScreen(terminal, expected(columns, rows));
  }
  // Several at once.
  for (const columns of [50, 90, 45, 70, 30]) await terminal.resize(columns, 20);
  await terminal.sees(/^30 columns and 19 rows/m);
  await expectScreen(terminal, expected(30, 20));
});

test('Ctrl-L removes what somebody else wrote over it', async () => {
  const { terminal } = await shown();
  await expectScreen(terminal, expected(80, 24));
  terminal.print('\u001b[5;1Hnoise');
  await terminal.sees(/noise/);
  await terminal.press('C-l');
  await terminal.sees(/heard: ctrl-l$/m);
  await expectScreen(terminal, expected(80, 24, 'ctrl-l'));
});

test.each([
  ['a scene that cannot draw', 'd', 5, /failed: Error: cannot draw\n/],
  ['a scene that throws at a key', 'k', 5, /failed: Error: cannot hear\n/],
  ['an exception that nobody catches', 'u', 1, /Error: nobody caught it\n/],
  ['a process that ends at once', 'e', 7, /printed before\n\[7\]/],
])('%s: the terminal is as it was', async (_what, key, code, printed) => {
  const { terminal, before } = await shown();
  await terminal.press(key);
  expect(await terminal.status()).toBe(code);
  await expectRestored(terminal, before);
  expect(await terminal.scrollback()).toMatch(printed);
});

test('an exception that the launcher catches leaves the screen usable', async () => {
  const { terminal, before } = await shown();
  await terminal.press('b');
  await terminal.sees(/heard: b$/m);
  await until('it was told', async () => (await terminal.written()).includes('nobody caught it'));
  await terminal.press('C-l');
  await terminal.sees(/heard: b ctrl-l$/m);
  await expectScreen(terminal, expected(80, 24, 'b ctrl-l'));
  await terminal.press('q');
  expect(await terminal.status()).toBe(0);
  await expectRestored(terminal, before);
});

test.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
  ['SIGHUP', 129],
] as const)(
  '%s that nobody listens to ends the process, and the terminal is as it was',
  async (signal, code) => {
    const { terminal, before } = await shown();
    signalEntry(await terminal.child(), signal);
    expect(await terminal.status()).toBe(code);
    await expectRestored(terminal, before);
  },
);

test.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const)('%s that somebody listens to is theirs', async (signal, code) => {
  const { terminal, before } = await shown('fsha listen');
  signalEntry(await terminal.child(), 'SIGHUP');
  await terminal.press('x');
  await terminal.sees(/heard: x$/m);
  signalEntry(await terminal.child(), signal);
  expect(await terminal.status()).toBe(code);
  await expectRestored(terminal, before);
  expect(await terminal.scrollback()).toMatch(/printed behind\n/);
});

test('a terminal that goes away ends the view, and the process goes on', async () => {
  await rm(TOLD, { force: true });
  const { terminal } = await shown('FSHA_TOLD=$FSHA_TOLD fsha listen', { env: { FSHA_TOLD: TOLD } });
  await terminal.close();
  const told = await until('the process went on', async () => {
    const text = await readFile(TOLD, 'utf8');
    return text.includes('went on') ? text : undefined;
  });
  expect(told).toMatch(/^failed: Error/m);
  expect(told).toMatch(/^went on, 5$/m);
});

test('a link that is dead holds neither the process nor its end', async () => {
  await rm(TOLD, { force: true });
  const { terminal, before } = await shown('fsha listen', { env: { FSHA_TOLD: TOLD } });
  const child = await terminal.child();
  await terminal.stall();
  signalEntry(child, 'SIGTERM');
  await until('the process went on', async () => (await readFile(TOLD, 'utf8')).includes('went on, 143'));
  terminal.resume();
  expect(await terminal.status()).toBe(143);
  await expectRestored(terminal, before);
});

test('a process in the background leaves the terminal alone', async () => {
  const terminal = await terminalFor();
  const before = await terminal.stty();
  await terminal.run('fsha & wait $!');
  expect(await terminal.status()).toBe(6);
  await terminal.sees(/no screen here/);
  expect(await terminal.stty()).toBe(before);
});

test('with NO_COLOR there is none', async () => {
  const { terminal } = await shown('NO_COLOR=1 fsha');
  await terminal.press('q');
  await terminal.status();
  expect(await terminal.written()).not.toMatch(/\u001b\[[\d;]*m/);
});
