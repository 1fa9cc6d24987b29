#!/usr/bin/env node
// The launcher: the only place that ends the process.
import { homedir, hostname, userInfo } from 'node:os';
import { fileURLToPath } from 'node:url';

const dist = process.env.FSHA_DIST ?? fileURLToPath(new URL('../dist', import.meta.url));

let main;
let systemClock;
let isForeground;
let machineId;
try {
  ({ main, systemClock, isForeground, machineId } = await import(`${dist}/main.js`));
} catch (error) {
  if (error?.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  process.stderr.write('fsha: it has not been built yet; run: npm run build\n');
  process.exit(1);
}

// A reader that went away (`fsha status | head`) is no reason to die: the run goes on without a view.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', () => undefined);
  // Node writes to a terminal synchronously: one that was stopped (Ctrl-S, a dead link) would stop the run with it.
  stream._handle?.setBlocking?.(false);
}

// No rejection and no 'error' of an emitter may be without somebody who hears it; should one be all the same, a run with
// live calls is not to die of it and leave a node out without a word.
const bugs = [];
for (const unheard of ['unhandledRejection', 'uncaughtException']) {
  process.on(unheard, (error) => {
    const text = `fsha: a bug, the run goes on: ${error instanceof Error ? error.message : 'unknown'}\n`;
    if (bugs.length < 20) bugs.push(text);
    process.stderr.write(text);
  });
}

function userName() {
  try {
    return userInfo().username;
  } catch {
    return process.env.USER ?? `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}

const code = await main(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  // Opened only where something is asked: an open one would keep the process waiting for input.
  get stdin() {
    return process.stdin;
  },
  env: process.env,
  cwd: process.cwd(),
  home: homedir(),
  user: userName(),
  machine: hostname(),
  machineId: machineId(),
  clock: systemClock,
  isForeground,
  dist,
  onSignal: (signal, listener) => {
    process.on(signal, listener);
    return () => process.off(signal, listener);
  },
});

// On a screen it stood for a moment, and is gone with it.
if (process.stderr.isTTY) for (const text of bugs) process.stderr.write(text);

// What was written has to be out before the end, but a stalled reader must not hold the process for ever.
const flushed = (stream) =>
  new Promise((resolve) =>
    stream.writableLength === 0 || stream.destroyed ? resolve() : stream.write('', () => resolve()),
  );
await Promise.race([
  Promise.all([flushed(process.stdout), flushed(process.stderr)]),
  new Promise((resolve) => setTimeout(resolve, 2000).unref()),
]);
process.exit(code);
