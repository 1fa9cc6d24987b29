import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { troubleTable } from './harness/case-table.ts';
import { LAUNCHER } from './harness/fsha.ts';
import { holdAtNode } from './harness/hold-at-node.ts';
import { SLOW_ANSWERS } from './harness/quick.ts';
import { startRealCluster, type RealCluster } from './harness/real-cluster.ts';
import { WITH_GATES } from './harness/run-of.ts';

const run = promisify(execFile);
/** A server of this test's own. */
const SOCKET = `fsha-question-${process.pid}`;
const WELL = 'lb-1 AP, lb-2 AP; open; no restart; no mark';

let cluster: RealCluster;
let terminals = 0;
const { add: row } = troubleTable('the question before calls are cut', () => cluster);

beforeAll(async () => {
  cluster = await startRealCluster({ ...WITH_GATES, settings: SLOW_ANSWERS });
});
beforeEach(() => cluster.reset());
afterAll(async () => {
  await tmux('kill-server').catch(() => undefined);
  await cluster.stop();
});

async function tmux(...args: readonly string[]): Promise<string> {
  return (await run('tmux', ['-L', SOCKET, ...args])).stdout;
}

/** `fsha drain node-1` in a terminal of 100×30. */
async function terminal(...flags: readonly string[]) {
  const name = `t${(terminals += 1)}`;
  const argv = [process.execPath, LAUNCHER, 'drain', 'node-1', '--config', cluster.configFile, ...flags];
  const command = argv.map((word) => `'${word}'`).join(' ');
  const dist = `FSHA_DIST=${process.env['FSHA_DIST'] ?? ''}`;
  await tmux(
    ...['new-session', '-d', '-s', name, '-x', '100', '-y', '30', '-e', dist],
    `${command}; echo "exit $?"; read line`,
  );
  const screen = (): Promise<string> => tmux('capture-pane', '-p', '-J', '-S', '-', '-t', name);
  return {
    screen,
    see: (text: string, timeoutMs = 30_000) =>
      until(`"${text}" on the screen`, async () => (await screen()).includes(text), timeoutMs),
    keys: (...keys: readonly string[]) => tmux('send-keys', '-t', name, ...keys),
  };
}

test('yes: the drain goes on, and calls are cut', async () => {
  const calls = await holdAtNode(cluster, { '1000': 2 });
  const shell = await terminal('--on-timeout', 'hangup', '--timeout', '1s');
  await shell.see('Type yes to go on');
  expect(await shell.screen()).toMatch(/calls of node-1 may be cut: all that are left at the deadline/);
  // Nothing has begun before it is answered.
  expect(existsSync(join(cluster.stateDir, 'runs'))).toBe(false);
  await shell.keys('yes', 'Enter');
  await shell.see('exit 10\n', 60_000);
  expect(await row('yes', 'cut, done', 10)).toBe('lb-1 AP, lb-2 AP; open; 1 restart; no mark');
  expect(calls.cutByFarSide()).toEqual(['1000', '1000']);
  expect(await shell.screen()).toMatch(/2 calls cut/);
});

test.each([
  ['no', ['no', 'Enter']],
  ['y alone', ['y', 'Enter']],
  ['Enter alone', ['Enter']],
  ['the end of input (Ctrl-D)', ['C-d']],
] as const)('%s: refused, nothing was changed', async (what, keys) => {
  const calls = await holdAtNode(cluster, { '1000': 1 });
  for (const gate of cluster.gates) gate.forget();
  const shell = await terminal('--threshold', '3');
  await shell.see('Type yes to go on');
  expect(await shell.screen()).toMatch(/the last 3 or fewer/);
  await shell.keys(...keys);
  await shell.see('exit ');
  expect(await shell.screen()).toMatch(/exit 3\n/);
  expect(await row(what, 'refused', 3)).toBe(WELL);
  expect(await shell.screen()).toMatch(/not confirmed/);
  expect(cluster.gates.map((gate) => gate.count())).toEqual([0, 0]);
  expect(existsSync(join(cluster.stateDir, 'runs'))).toBe(false);
  expect(calls.up()).toEqual(['1000']);
});

test('Ctrl-C at the question: interrupted, nothing was changed', async () => {
  for (const gate of cluster.gates) gate.forget();
  const shell = await terminal('--threshold', '3');
  await shell.see('Type yes to go on');
  await shell.keys('C-c');
  await shell.see('exit ');
  expect(await shell.screen()).toMatch(/exit 130\n/);
  expect(await row('Ctrl-C', 'stopped', 130)).toBe(WELL);
  expect(cluster.gates.map((gate) => gate.count())).toEqual([0, 0]);
});

test('--json on a terminal asks nothing: refused', async () => {
  const shell = await terminal('--threshold', '3', '--json');
  await shell.see('exit 3\n');
  expect(await shell.screen()).not.toMatch(/Type yes/);
  expect(await shell.screen()).toMatch(/Say --yes/);
  expect(await row('--json on a terminal', 'refused', 3)).toBe(WELL);
});
