import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ALL_IN, type LabForFsha, startLabForFsha } from '../support/lab-for-fsha.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);
const LAUNCHER = fileURLToPath(new URL('../../bin/fsha.js', import.meta.url));
/** A server of this test's own. */
const SOCKET = `fsha-test-${process.pid}`;

let lab: LabForFsha;

beforeAll(async () => {
  lab = await startLabForFsha();
});

afterAll(async () => {
  await tmux('kill-server').catch(() => undefined);
  await lab.stop();
});

async function tmux(...args: readonly string[]): Promise<string> {
  return (await run('tmux', ['-L', SOCKET, ...args])).stdout;
}

/** A terminal of 80×24 in which a command starts with the next Enter. */
async function terminal(name: string, argv: readonly string[]): Promise<void> {
  const command = [process.execPath, LAUNCHER, ...argv, '--config', lab.lab.configFile]
    .map((word) => `'${word}'`)
    .join(' ');
  await tmux(
    'new-session',
    '-d',
    '-s',
    name,
    '-x',
    '80',
    '-y',
    '24',
    '-e',
    `FSHA_DIST=${process.env['FSHA_DIST'] ?? ''}`,
    `read line; ${command}; echo "exit $?"; read line`,
  );
}

/** What was written to it, what has scrolled away too, with wrapped lines joined. */
async function screen(name: string): Promise<string> {
  return tmux('capture-pane', '-p', '-J', '-S', '-', '-t', name);
}

/** The last event of the newest run. */
async function lastEvent(): Promise<{ readonly type: string; readonly data: { readonly exit?: number } }> {
  const newest = [...(await lab.journals())].sort().at(-1) ?? '';
  const text = await readFile(join(lab.stateDir, 'runs', newest), 'utf8');
  return JSON.parse(text.trimEnd().split('\n').at(-1) ?? '') as { type: string; data: { exit?: number } };
}

test('a drain in a terminal of 80×24 shows what happens, and how it ended', async () => {
  await terminal('plain', ['drain', 'node-1']);
  await tmux('send-keys', '-t', 'plain', 'Enter');
  await until('the drain has ended', async () => (await screen('plain')).includes('exit 0'), 30_000);
  const shown = await screen('plain');
  expect(shown).toMatch(/drained: no session left/);
  expect(shown).toMatch(/back in service/);
  expect(await lab.flags()).toEqual(ALL_IN);
});

test('Ctrl-C in the terminal gives the node back, and says so', async () => {
  await terminal('stopped', ['drain', 'node-1', '--settle', '1h']);
  await tmux('send-keys', '-t', 'stopped', 'Enter');
  await until('it waits', async () => (await screen('stopped')).includes('waiting for its calls'), 30_000);
  await tmux('send-keys', '-t', 'stopped', 'C-c');
  await until('it has ended', async () => (await screen('stopped')).includes('exit 130'), 30_000);
  expect(await lab.flags()).toEqual(ALL_IN);
});

test('a terminal that was stopped (Ctrl-S) does not stop the run', async () => {
  const before = (await lab.journals()).length;
  await terminal('stalled', ['drain', 'node-1', '--verbose']);
  await tmux('send-keys', '-t', 'stalled', 'C-s');
  await tmux('send-keys', '-t', 'stalled', 'Enter');
  await until('the run has begun', async () => (await lab.journals()).length > before, 30_000);
  await until('the run has ended', async () => (await lastEvent()).type === 'run.settled', 40_000);
  expect((await lastEvent()).data.exit).toBe(0);
  // The terminal was stopped all the while: nothing of it was seen.
  expect((await screen('stalled')).trim()).toBe('');
});
