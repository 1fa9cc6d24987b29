/** Where there is no screen to be drawn, or none is wanted: lines of text, or NDJSON, and nothing that steers a terminal. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ALL_IN } from '../support/lab-for-fsha.ts';
import { processEntry } from '../support/processes.ts';
import { until } from '../support/until.ts';
import { settledRun } from './harness/events-of.ts';
import { openTerminal } from './harness/terminal.ts';
import { startTuiLab, type TuiLab } from './harness/tui-lab.ts';

let lab: TuiLab;
beforeAll(async () => {
  lab = await startTuiLab();
});
afterAll(() => lab.stop());

const COLOURS = /\u001b\[\d*m/g;

describe('a run that is refused', () => {
  beforeAll(() => lab.askProxy('lb-2', { refuse: true }));
  afterAll(() => lab.askProxy('lb-2', { refuse: false }));

  test.each([
    ['TERM=dumb fsha drain node-1', 'lines', 3],
    ['TERM= fsha drain node-1', 'lines in colour', 3],
    ['CI=true fsha drain node-1', 'lines in colour', 3],
    ['fsha drain node-1 --no-tui', 'lines in colour', 3],
    ['NO_COLOR=1 fsha drain node-1 --no-tui', 'lines', 3],
    ['fsha drain node-1 --no-tui --no-color', 'lines', 3],
    ['fsha drain node-1 --verbose', 'lines in colour', 3],
    ['fsha drain node-1 < /dev/null', 'lines in colour', 3],
    ['fsha drain node-1 | cat', 'lines', 0],
    ['fsha drain node-1 --json', 'NDJSON', 3],
  ] as const)('%s: %s', async (command, wanted, exit) => {
    const shown = await openTerminal({ config: lab.config });
    const stty = await shown.stty();
    await shown.run(command);
    expect(await shown.status()).toBe(exit);
    const [, written = ''] = (await shown.written()).split(`${command}\r\n`);
    const lines = written.split('\r\n').slice(0, -1);
    expect(lines.length).toBeGreaterThan(3);
    expect(written.replaceAll(COLOURS, '')).not.toContain('\u001b');
    expect(written.search(COLOURS) !== -1).toBe(wanted === 'lines in colour');
    if (wanted === 'NDJSON') {
      const types = lines.map((line) => (JSON.parse(line) as { readonly type: string }).type);
      expect([types[0], types.at(-1)]).toEqual(['run.started', 'run.settled']);
    } else {
      expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d {2}run \S+ on lab-\S+: drain node-1$/);
      expect(written.replaceAll(COLOURS, '')).toMatch(/ {2}refused \(exit 3: /);
    }
    expect(await shown.stty()).toBe(stty);
    expect((await shown.state()).isAlternate).toBe(false);
  });
});

describe('a whole drain that waits for a call', () => {
  beforeEach(() => lab.bringIn());

  test.each([
    ['TERM=dumb fsha drain node-1 --no-restart', 'lines'],
    ['CI=true fsha drain node-1 --no-restart', 'lines in colour'],
    ['fsha drain node-1 --no-restart | cat', 'lines'],
    ['fsha drain node-1 --no-restart --json', 'NDJSON'],
  ] as const)('%s: %s', async (command, wanted) => {
    const calls = await lab.hold('1000');
    const shown = await openTerminal({ config: lab.config });
    const stty = await shown.stty();
    await shown.run(command);
    await shown.sees(wanted === 'NDJSON' ? /"decision":"wait"/ : /node-1: 1 session \(1 call\), waiting/);
    expect((await shown.state()).isAlternate).toBe(false);
    expect(await shown.stty()).toBe(stty);
    await calls.hangUp();
    expect(await shown.status()).toBe(0);
    const [, written = ''] = (await shown.written()).split(`${command}\r\n`);
    const lines = written.split('\r\n').slice(0, -1);
    expect(written.replaceAll(COLOURS, '')).not.toContain('\u001b');
    expect(written.search(COLOURS) !== -1).toBe(wanted === 'lines in colour');
    const events = await lab.events();
    expect(settledRun(events)).toMatchObject({ outcome: 'done', exit: 0 });
    if (wanted === 'NDJSON')
      expect(lines.map((line) => (JSON.parse(line) as { readonly type: string }).type)).toEqual(
        events.map(({ type }) => type),
      );
    else expect(written.replaceAll(COLOURS, '')).toMatch(/ {2}done \(exit 0/);
    expect(await shown.stty()).toBe(stty);
    expect(calls.cut()).toBe(0);
    expect(await lab.flags()).toEqual(ALL_IN);
  });
});

describe('a run in lines', () => {
  beforeEach(() => lab.bringIn());

  test('goes on where the terminal was stopped with Ctrl-S', async () => {
    const shown = await openTerminal({ config: lab.config });
    await shown.run('fsha drain node-1 --no-restart --no-tui');
    await shown.sees(/preflight: looking at everything first/);
    await shown.press('C-s');
    await until('the run has ended', async () => (await lab.events()).at(-1)?.type === 'run.settled', 30_000);
    expect(await shown.written()).not.toContain('done (exit');
    await shown.press('C-q');
    expect(await shown.status()).toBe(0);
    expect(settledRun(await lab.events())).toMatchObject({ exit: 0 });
    expect(await lab.flags()).toEqual(ALL_IN);
  });
});

describe('a run in the background', () => {
  beforeEach(() => lab.bringIn());

  test('is not stopped for the terminal, which it leaves alone', async () => {
    const calls = await lab.hold('1000');
    const shown = await openTerminal({ config: lab.config });
    const stty = await shown.stty();
    await shown.run('fsha drain node-1 --no-restart &');
    await shown.sees(/node-1: 1 session \(1 call\), waiting/);
    await shown.press('Enter');
    await shown.run('jobs');
    await shown.sees(/^\[1\] \+ Running +fsha drain node-1 --no-restart$/m);
    expect(processEntry((await shown.child()).pid)?.state).not.toBe('T');
    expect(await shown.stty()).toBe(stty);
    expect((await shown.written()).replaceAll(COLOURS, '')).not.toContain('\u001b');
    await shown.run('wait %1');
    await calls.hangUp();
    expect(await shown.status()).toBe(0);
    expect(await shown.scrollback()).toMatch(/ {2}done \(exit 0/);
    expect(await lab.flags()).toEqual(ALL_IN);
  });
});
