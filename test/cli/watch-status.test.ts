/** `fsha status --watch` with a terminal in memory; its cluster is not there at all. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import type { Host } from '../../src/cli/host.ts';
import { main, systemClock } from '../../src/cli/main.ts';
import { FakeKeyboard, FakeTerminal } from '../support/fake-terminal.ts';
import { until } from '../support/until.ts';

/** Port 1 of the loopback: nothing listens there. */
const INVENTORY = `version: 1
cluster: nowhere
proxies: { lb-1: { rpc: 'http://127.0.0.1:1/RPC' } }
nodes:
  node-1: { destinations: [ { set: 1, uri: 'sip:10.0.1.10:5080' } ], esl: { host: 127.0.0.1, port: 1, password: { literal: x } } }
`;

async function watch() {
  const dir = await mkdtemp(join(tmpdir(), 'fsha-watch-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  await writeFile(join(dir, 'fsha.yaml'), INVENTORY, { mode: 0o600 });
  const stdout = new FakeTerminal();
  const stdin = new FakeKeyboard();
  const listeners = new Map<string, () => void>();
  let errors = '';
  const host: Host = {
    stdout,
    stdin,
    stderr: new Writable({
      decodeStrings: false,
      write: (chunk, _encoding, done) => {
        errors += String(chunk);
        done();
      },
    }),
    env: { TERM: 'xterm' },
    cwd: dir,
    home: dir,
    user: 'tester',
    machine: 'bench',
    clock: systemClock,
    dist: '',
    isForeground: () => true,
    onSignal: (signal, listener) => {
      listeners.set(signal, listener);
      return () => listeners.delete(signal);
    },
  };
  const argv = ['--config', join(dir, 'fsha.yaml'), 'status', '--watch', '--poll', '1s'];
  const exit = main(argv, host);
  await until('it is drawn', () => /^0 in service {2}1 unknown {2}1 unreachable/m.test(stdout.screen));
  return {
    stdout,
    stdin,
    exit,
    errors: () => errors,
    send: (signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP') => listeners.get(signal)?.(),
    listeners,
  };
}

test('a cluster that does not answer is unknown; q leaves it, and one table stays', async () => {
  const { stdout, stdin, exit, errors, listeners } = await watch();
  expect(stdout.alternate).toBe(true);
  expect(stdout.screen).toMatch(/^> node-1 +unknown +unknown +unknown /m);
  expect(stdout.screen).toMatch(/^lb-1: unknown: /m);
  stdin.write('q');
  expect(await exit).toBe(0);
  expect(stdout.alternate).toBe(false);
  expect(stdin.raw).toBe(false);
  expect(stdout.screen).toMatch(/^nowhere: 1 node, 1 proxy\n\nNODE /);
  expect(stdout.screen.match(/NODE/g)).toHaveLength(1);
  expect(errors()).toBe('');
  expect(listeners.size).toBe(0);
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s ends it with the table', async (signal, code) => {
  const { stdout, exit, send } = await watch();
  send(signal);
  expect(await exit).toBe(code);
  expect(stdout.screen).toMatch(/^nowhere: 1 node, 1 proxy\n\nNODE /);
});

test('SIGHUP ends it, and nobody is there for a table', async () => {
  const { stdout, exit, send } = await watch();
  send('SIGHUP');
  expect(await exit).toBe(129);
  expect(stdout.screen).toBe('');
});

test('a screen that fails is gone, and lines go on', async () => {
  const { stdout, stdin, exit, errors, send } = await watch();
  stdin.end();
  await until('it goes on', () =>
    /^\d\d:\d\d:\d\d {2}nowhere: 1 node, 1 proxy: 0 in service/m.test(stdout.screen),
  );
  expect(stdout.alternate).toBe(false);
  expect(errors()).toMatch(/^fsha: the screen failed and is gone \(.*\); from here on lines\n$/);
  send('SIGINT');
  expect(await exit).toBe(130);
});

test('a terminal that goes away ends it', async () => {
  const { stdout, exit } = await watch();
  stdout.destroy();
  expect(await exit).toBe(0);
});
