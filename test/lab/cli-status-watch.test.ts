/** `fsha status --watch` through pipes, as a process of its own: what it writes, and how it ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { StatusDocument } from '../../src/output/status-json.ts';
import { ALL_IN, type LabForFsha, startLabForFsha } from '../support/lab-for-fsha.ts';
import { until } from '../support/until.ts';

const LAUNCHER = fileURLToPath(new URL('../../bin/fsha.js', import.meta.url));

let lab: LabForFsha;
beforeAll(async () => {
  lab = await startLabForFsha();
});
afterAll(() => lab.stop());
afterEach(async () => {
  for (const node of ['node-1', 'node-2']) await lab.askNode(node, { clear: true });
  await until('everything is in', async () => (await lab.flags()).join() === ALL_IN.join());
});

interface Watching {
  readonly child: ChildProcess;
  /** Resolves when that was written; what was written before is gone through as well. */
  readonly says: (wanted: RegExp) => Promise<string>;
  readonly text: () => string;
  readonly errors: () => string;
  /** Sends it, and resolves with the exit code. */
  readonly end: (signal: NodeJS.Signals) => Promise<number | null>;
}

function watch(...argv: readonly string[]): Watching {
  const child = spawn(
    process.execPath,
    [LAUNCHER, 'status', '--watch', '--config', lab.lab.configFile, ...argv],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, TERM: 'xterm-256color' } },
  );
  const ended = once(child, 'exit');
  let text = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await ended;
  });
  return {
    child,
    says: (wanted) =>
      until(
        `it says ${String(wanted)}`,
        () => {
          if (child.exitCode !== null) throw new Error(`it has ended: ${text}${errors}`);
          return wanted.exec(text)?.[0];
        },
        30_000,
      ),
    text: () => text,
    errors: () => errors,
    end: async (signal) => {
      child.kill(signal);
      await ended;
      return child.exitCode;
    },
  };
}

test('tells what changes, with its time, and nothing else; Ctrl-C ends it', async () => {
  const watching = watch();
  await watching.says(/^\d\d:\d\d:\d\d {2}lab-\S+: 2 nodes, 2 proxies: 2 in service, 0 sessions\n/);
  expect((await lab.call('deactivate', 'node-1')).exit).toBe(0);
  await watching.says(/node-1: left out by run \S+ of tester@bench, which has ended\n/);
  await until(
    'each proxy has shown it',
    () => /disabled on .*lb-1/.test(watching.text()) && /disabled on .*lb-2/.test(watching.text()),
  );
  expect((await lab.call('activate', 'node-1')).exit).toBe(0);
  await watching.says(/node-1: active p on .*\(was disabled\)\n/);
  await watching.says(/node-1: no longer held by run \S+ of tester@bench\n/);
  expect(await watching.end('SIGINT')).toBe(130);
  expect(watching.errors()).toBe('');
  for (const line of watching.text().split('\n').slice(0, -1)) expect(line).toMatch(/^\d\d:\d\d:\d\d {2}\S/);
  expect(watching.text()).not.toContain('\u001b');
});

test('a node that says nothing does not keep back what another has to say', async () => {
  const watching = watch();
  await watching.says(/2 in service/);
  // Each of its readings takes until the timeout from now on.
  await lab.askNode('node-2', { fault: 'silentEsl', value: true });
  await lab.askNode('node-2', { fault: 'halfOpen', value: true });
  await watching.says(/node-2: (unreachable|sessions unknown): /);
  await lab.askNode('node-1', { fault: 'database', value: true });
  await watching.says(/node-1: calls unknown: /);
  expect(watching.text()).not.toContain('node-2: reachable again');
  await lab.askNode('node-1', { clear: true });
  await watching.says(/node-1: calls known again\n/);
  await lab.askNode('node-2', { clear: true });
  await watching.says(/node-2: (reachable|sessions known) again\n/);
  expect(await watching.end('SIGTERM')).toBe(143);
});

test('one that says nothing from the beginning does not keep back the beginning', async () => {
  await lab.askNode('node-2', { fault: 'silentEsl', value: true });
  const watching = watch();
  const first = await watching.says(/^.*2 nodes, 2 proxies: .*\n/);
  // Its first reading has not ended: that takes its timeout, of 5 s, and two polls of 1 s have passed.
  expect(first).toContain('2 in service, 0 sessions (of 1 node unknown)');
  await watching.says(/node-2: unknown: it was not read\n/);
  await watching.says(/node-2: unreachable: .*\n/);
  expect(await watching.end('SIGINT')).toBe(130);
});

test('--json: a document a line, whenever a look shows something else; a lost terminal ends it', async () => {
  const watching = watch('--json');
  const documents = (): readonly StatusDocument[] =>
    watching
      .text()
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as StatusDocument);
  const paused = (): readonly (boolean | undefined)[] =>
    documents().map(({ nodes }) => nodes[0]?.destinations.some(({ state }) => state === 'disabled'));
  await until('it has begun', () => documents().length > 0);
  expect(documents()[0]).toMatchObject({ v: 1, type: 'status', complete: true });
  expect((await lab.call('deactivate', 'node-1')).exit).toBe(0);
  await until('node-1 is out', () => paused().includes(true));
  expect((await lab.call('activate', 'node-1')).exit).toBe(0);
  await until('node-1 is in', () => paused().at(-1) === false);
  for (const document of documents()) expect(document).toMatchObject({ v: 1, type: 'status' });
  expect(await watching.end('SIGHUP')).toBe(129);
  expect(watching.errors()).toBe('');
});

test('ends with its reader', async () => {
  const watching = watch('--json');
  await watching.says(/"complete":true/);
  watching.child.stdout?.destroy();
  // Nobody hears of it before something is written.
  await lab.askNode('node-1', { fault: 'database', value: true });
  await until('it has ended', () => watching.child.exitCode !== null, 30_000);
  expect(watching.child.exitCode).toBe(0);
});

test.each([
  [['--watch', '--poll', '100ms'], /--poll 100ms is too often/],
  [['--watch', '--poll', '5'], /--poll 5 is not a duration/],
  [['--poll', '5s'], /--poll means nothing without --watch/],
])('%j is refused', async (argv, why) => {
  const { exit, stderr, stdout } = await lab.call('status', ...argv);
  expect(exit).toBe(2);
  expect(stderr).toMatch(why);
  expect(stdout).toBe('');
});
