// fsha's main, loaded once from the bundle in FSHA_DIST, for the commands that `warm-fsha.ts` sends: one answer to each.
import { homedir, hostname, userInfo } from 'node:os';
import { performance } from 'node:perf_hooks';
import { Writable } from 'node:stream';

const dist = process.env.FSHA_DIST;
const { main, systemClock, machineId } = await import(`${dist}/main.js`);

/** What nobody heard belongs to no command: it is told with whatever ends next. */
let bugs = '';
for (const unheard of ['unhandledRejection', 'uncaughtException'])
  process.on(unheard, (error) => (bugs += `fsha: a bug, the run goes on: ${String(error)}\n`));

function collected() {
  let text = '';
  const write = (chunk, _encoding, done) => {
    text += String(chunk);
    done();
  };
  return { stream: new Writable({ write }), text: () => text };
}

process.on('message', async ({ id, args, env }) => {
  const [stdout, stderr] = [collected(), collected()];
  const began = performance.now();
  const host = {
    stdout: stdout.stream,
    stderr: stderr.stream,
    get stdin() {
      return process.stdin;
    },
    env: { ...process.env, ...env },
    cwd: process.cwd(),
    home: homedir(),
    user: userInfo().username,
    machine: hostname(),
    machineId: machineId(),
    clock: systemClock,
    isForeground: () => true,
    dist,
    onSignal: () => () => undefined,
  };
  const exitCode = await main(args, host);
  const ms = performance.now() - began;
  process.send({
    id,
    result: { exitCode, signal: null, stdout: stdout.text(), stderr: stderr.text() + bugs, ms },
  });
  bugs = '';
});
// Whoever asked is gone, however it ended.
process.on('disconnect', () => process.exit(0));
