/** However a run on a terminal is ended, or its screen: the terminal is as it was, and what is changed is told. */
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { replaced } from '../../scripts/build.mjs';
import { ALL_IN, NODE_1_OUT } from '../support/lab-for-fsha.ts';
import { processEntry, signalEntry } from '../support/processes.ts';
import { until } from '../support/until.ts';
import { settledRun } from './harness/events-of.ts';
import { openTerminal, type Terminal } from './harness/terminal.ts';
import { type HeldCalls, startTuiLab, type TuiLab } from './harness/tui-lab.ts';

let lab: TuiLab;
beforeAll(async () => {
  lab = await startTuiLab();
});
afterAll(() => lab.stop());
beforeEach(() => lab.bringIn());

interface Waiting {
  readonly shown: Terminal;
  readonly calls: HeldCalls;
  /** As it was before. */
  readonly stty: string;
}

/** A drain that waits for one call. */
async function waiting(
  command = 'fsha drain node-1 --no-restart',
  options: { readonly config?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Waiting> {
  const calls = await lab.hold('1000');
  const shown = await openTerminal({ config: lab.config, ...options });
  const stty = await shown.stty();
  await shown.run(command);
  await shown.sees(/> wait_drained +under way[^]*calls +1 call, /);
  expect(await shown.stty()).not.toBe(stty);
  return { shown, calls, stty };
}

async function expectGivenBack({ shown, stty }: Waiting): Promise<void> {
  expect(await shown.state()).toEqual({ isAlternate: false, hasCursor: true, wraps: true });
  expect(await shown.stty()).toBe(stty);
}

/** The process of a command that ends whenever it likes to. */
async function ended(entry: { readonly pid: number; readonly startedAt: string }): Promise<void> {
  await until('the process has ended', () => processEntry(entry.pid)?.startedAt !== entry.startedAt, 30_000);
}

describe('stopping', () => {
  test('Ctrl-C once: it is said what is going on and what a second one does; all is undone', async () => {
    const run = await waiting();
    await lab.askProxy('lb-2', { silent: true });
    await run.shown.press('C-c');
    await run.shown.sees(
      /^stopping: node-1 is being given back as it was found\nCtrl-C again leaves at once/m,
    );
    await lab.askProxy('lb-2', { silent: false });
    expect(await run.shown.status()).toBe(130);
    await expectGivenBack(run);
    expect(await run.shown.scrollback()).toMatch(/\(exit 130: .*\n {2}node-1: in service\n/);
    expect(await lab.flags()).toEqual(ALL_IN);
  });

  test('Ctrl-C twice: it leaves at once, and says what is unknown and what to do', async () => {
    const run = await waiting();
    await lab.askProxy('lb-2', { silent: true });
    await run.shown.press('C-c');
    await run.shown.sees(/^stopping: /m);
    await run.shown.press('C-c');
    const exit = await run.shown.status(10_000);
    await lab.askProxy('lb-2', { silent: false });
    expect(exit).toBe(9);
    await expectGivenBack(run);
    // Whether a proxy was given back before is a matter of moments.
    expect(await run.shown.scrollback()).toMatch(
      /\(exit 9: .*\n {2}node-1: (unknown|out of service)\n[^]* {2}next:\n {4}fsha status\n[^]*fsha activate node-1\n/,
    );
  });

  test('SIGTERM: undone, and the terminal given back', async () => {
    const run = await waiting();
    signalEntry(await run.shown.child(), 'SIGTERM');
    expect(await run.shown.status()).toBe(143);
    await expectGivenBack(run);
    expect(await run.shown.scrollback()).toMatch(/\(exit 143: .*\n {2}node-1: in service\n/);
    expect(await lab.flags()).toEqual(ALL_IN);
  });
});

describe('a terminal that goes away', () => {
  test('ends the view and not the run', async () => {
    const { shown, calls } = await waiting('fsha drain node-1');
    const fsha = await shown.child();
    const { length } = await lab.events();
    await shown.close();
    await until('it goes on', async () => (await lab.events()).length > length + 2);
    expect(await lab.flags()).toEqual(NODE_1_OUT);
    await calls.hangUp();
    await ended(fsha);
    expect(settledRun(await lab.events())).toMatchObject({ exit: 0, nodes: { 'node-1': 'in service' } });
    expect(await lab.flags()).toEqual(ALL_IN);
  });

  test('ends the run too where that is wished', async () => {
    const config = await lab.withDrain(', onHangup: restore');
    const { shown } = await waiting('fsha drain node-1', { config });
    const fsha = await shown.child();
    await shown.close();
    await ended(fsha);
    expect(settledRun(await lab.events())).toMatchObject({ exit: 129, nodes: { 'node-1': 'in service' } });
    expect(await lab.flags()).toEqual(ALL_IN);
  });

  test('or only does not take anything for a while: it sees the present then, not what was', async () => {
    const { shown, calls } = await waiting('fsha drain node-1 --no-restart');
    const elapsedIn = (text: string): readonly number[] =>
      [...text.matchAll(/ (?:(\d+)m)?(\d+)s elapsed/g)].map(
        ([, minutes = '0', seconds]) => 60 * Number(minutes) + Number(seconds),
      );
    const elapsed = async (): Promise<number> =>
      elapsedIn((await shown.screen()).join('\n'))[0] ?? Number.NaN;
    const before = await elapsed();
    const seenAt = performance.now();
    await shown.stall();
    // Ever since then it takes nothing: what it took before stands in frames of up to now.
    const full = before + Math.ceil((performance.now() - seenAt) / 1_000) + 1;
    const { length } = await shown.written();
    const events = (await lab.events()).length;
    await delay(5_000);
    expect((await lab.events()).length).toBeGreaterThan(events + 2);
    const resumed = full + 3;
    shown.resume();
    await until('it shows the present', async () => (await elapsed()) >= resumed);
    const caughtUp = (await shown.written()).slice(length);
    // One frame was on its way when it was stopped; all others were never written.
    const late = elapsedIn(caughtUp).filter((seconds) => seconds > full && seconds < resumed);
    expect(late.length).toBeLessThanOrEqual(1);
    await calls.hangUp();
    expect(await shown.status()).toBe(0);
    expect(await shown.scrollback()).toMatch(/done \(exit 0/);
  });

  test('or takes nothing any more: the run ends all the same', async () => {
    const { shown, calls, stty } = await waiting('fsha drain node-1 --no-restart');
    const fsha = await shown.child();
    await shown.stall();
    await calls.hangUp();
    await ended(fsha);
    expect(settledRun(await lab.events())).toMatchObject({ exit: 0 });
    shown.resume();
    // What it did not take is lost; the modes are not written to it.
    expect(await shown.stty()).toBe(stty);
  });
});

describe('a component that throws', () => {
  test('leaves plain lines and the run', async () => {
    const run = await waiting('fsha drain node-1', {
      env: { FSHA_DIST: await tampered() },
    });
    await run.calls.hangUp();
    await run.shown.sees(/the screen failed and is gone \(Error: no row for that\); from here on/);
    await expectGivenBack(run);
    expect(await run.shown.status()).toBe(0);
    const after = (await run.shown.scrollback()).split('from here on plain lines\n')[1] ?? '';
    expect(after).toMatch(/^\d\d:\d\d:\d\d {2}node-1: .*\n/);
    expect(after).toMatch(
      /\n\d\d:\d\d:\d\d {2}done \(exit 0: done, or already so\)\n {12}node-1: in service\n/,
    );
    expect(await lab.flags()).toEqual(ALL_IN);
  });
});

/** A bundle whose component for a row throws once the node has no call. @returns where it is; removed with the test */
async function tampered(): Promise<string> {
  const dist = process.env['FSHA_DIST'] ?? '';
  const copy = `${dist}-tampered`;
  onTestFinished(() => rm(copy, { recursive: true, force: true }));
  await cp(dist, copy, { recursive: true });
  for (const name of await readdir(copy)) {
    const file = join(copy, name);
    const text = name.endsWith('.js') ? await readFile(file, 'utf8') : '';
    if (!text.includes('// src/tui/screen.tsx')) continue;
    const broken = replaced(
      text,
      /\bRow = .*function\(\{ text \}\) \{/,
      "$& if (/0 sessions/.test(arguments[0].text)) throw new Error('no row for that');",
    );
    await writeFile(file, broken);
    return copy;
  }
  throw new Error('the bundle has no screen');
}
