/** Who watches goes away, wants to leave at once, or the disk is full: the run goes on or is undone, and says so. */
import { execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/domain/run-events.ts';
import { until } from '../support/until.ts';
import { troubleTable } from './harness/case-table.ts';
import { waits } from './harness/events-of.ts';
import { readFinalState } from './harness/final-state.ts';
import { journalEvents, LAUNCHER, only } from './harness/fsha.ts';
import { oneCall } from './harness/hold-at-node.ts';
import { SLOW_ANSWERS } from './harness/quick.ts';
import { type RealCluster, startRealCluster } from './harness/real-cluster.ts';
import { journalFile, type RunOf, startRun, whileItRuns, WITH_GATES } from './harness/run-of.ts';

const run = promisify(execFile);
const WELL = 'lb-1 AP, lb-2 AP; open; no restart; no mark';
const RESTARTED = 'lb-1 AP, lb-2 AP; open; 1 restart; no mark';
/** A tmux server of this test's own. */
const SOCKET = `fsha-leaving-${process.pid}`;
const { add: row } = troubleTable('nobody watches, twice, and the disk is full', () => cluster);

let cluster: RealCluster;

beforeAll(async () => {
  cluster = await startRealCluster({ ...WITH_GATES, settings: SLOW_ANSWERS });
});
beforeEach(() => cluster.reset());
afterAll(async () => {
  await tmux('kill-server').catch(() => undefined);
  await cluster.stop();
});

/** Every event of the newest run is in its journal, from the first to run.settled; resolves with that one's exit. */
function exitInWholeJournal(stateDir: string): number {
  const events = journalEvents(stateDir).at(-1) ?? [];
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
  expect(events.at(-1)?.type).toBe('run.settled');
  return only(events, 'run.settled')[0]?.data.exit ?? -1;
}

describe('a second signal', () => {
  test('at once, with another proxy silent: leaves, exit 9, and what it says brings the flags back', async () => {
    await oneCall(cluster);
    const drain = await startRun(cluster);
    await drain.until('it waits', waits);
    await cluster.gates[1].set('silent');
    // Two of one kind that are sent at once are one.
    drain.fsha.send('SIGINT');
    drain.fsha.send('SIGTERM');
    const ended = await drain.end();
    expect(ended.exitCode).toBe(9);
    // It did not wait for lb-2, which is silent still.
    expect(only(ended.events, 'step.retrying').filter(({ step }) => step === 'node-1/restore')).toEqual([]);
    expect(await row('SIGINT and SIGTERM at once, lb-2 silent', 'left, said what to run', 9)).toMatch(
      /^lb-1 (AP|DX), lb-2 DX; open; no restart; marked$/,
    );
    for (const line of ended.settled.next) {
      const [, state, uri, proxy] =
        /^kamcmd dispatcher\.set_state (\w+) 1 (\S+) {2}# on lb-(\d)$/.exec(line) ?? [];
      if (state !== undefined && uri !== undefined)
        await cluster.proxies[proxy === '1' ? 0 : 1].setState(state, 1, uri);
    }
    expect((await readFinalState(cluster)).flags).toEqual({ 'lb-1': 'AP', 'lb-2': 'AP' });
  });

  test('while the node boots: leaves without waiting for it, exit 9; the restart goes on', async () => {
    const [node] = cluster.nodes;
    await node.fault('slowBoot', 4_000);
    const drain = await startRun(cluster, { flags: [] });
    await whileItRuns(drain.fsha, 'it boots', () => node.starts() > cluster.startsBefore(node));
    drain.fsha.send('SIGINT');
    await drain.until('it keeps the node out', isSecuring);
    drain.fsha.send('SIGINT');
    const ended = await drain.end();
    expect(ended.exitCode).toBe(9);
    expect((await readFinalState(cluster)).node).not.toBe('open');
    expect(ended.stdout.trimEnd().split('\n').at(-1)).toContain('activate node-1');
    expect(ended.settled.nodes).toEqual({ 'node-1': 'out of service' });
    await until('the node is up', async () => (await readFinalState(cluster)).node === 'open', 30_000);
    expect(await row('Ctrl-C twice while the node boots', 'left it out', 9)).toBe(
      'lb-1 DX, lb-2 DX; open; 1 restart; no mark',
    );
  });
});

const isSecuring = (event: RunEvent): boolean =>
  event.type === 'step.started' && event.step === 'node-1/secure';

describe('the terminal is lost', () => {
  test('SIGHUP: the run goes on to its end', async () => {
    const calls = await oneCall(cluster);
    const drain = await startRun(cluster);
    await drain.until('it waits', waits);
    drain.fsha.send('SIGHUP');
    await calls.hangUp();
    const ended = await drain.end();
    expect(ended.exitCode).toBe(0);
    expect(await row('SIGHUP, onHangup: continue', 'went on to the end', 0)).toBe(RESTARTED);
  });

  test('a real one, with its session killed: the run goes on, its journal is whole', async () => {
    const calls = await oneCall(cluster);
    const config = await cluster.configWith({});
    const drain = await inTerminal('lost', config, '');
    await drain.until('it waits', waits);
    await tmux('kill-session', '-t', 'lost');
    await calls.hangUp();
    await drain.until('it ends', (event) => event.type === 'run.settled');
    expect(exitInWholeJournal(drain.stateDir)).toBe(0);
    expect(await row('the terminal is closed in the wait', 'went on to the end', 0)).toBe(RESTARTED);
  });

  test('onHangup: restore: undone, exit 129', async () => {
    await oneCall(cluster);
    const drain = await startRun(cluster, { settings: { drain: { onHangup: 'restore' } } });
    await drain.until('it waits', waits);
    drain.fsha.send('SIGHUP');
    const ended = await drain.end();
    expect(ended.exitCode).toBe(129);
    expect(ended.settled.nodes).toEqual({ 'node-1': 'in service' });
    expect(await row('SIGHUP, onHangup: restore', 'gave it back', 129)).toBe(WELL);
  });

  test('onHangup: restore, a real terminal is closed: undone, its journal is whole', async () => {
    await oneCall(cluster);
    const config = await cluster.configWith({ drain: { onHangup: 'restore' } });
    const drain = await inTerminal('restore', config, '');
    await drain.until('it waits', waits);
    await tmux('kill-session', '-t', 'restore');
    await drain.until('it ends', (event) => event.type === 'run.settled');
    expect(exitInWholeJournal(drain.stateDir)).toBe(129);
    expect(await row('the terminal is closed, onHangup: restore', 'gave it back', 129)).toBe(WELL);
  });

  test('onHangup: restore, and SIGHUP comes once more, as from a shell that hands it on: undone all the same', async () => {
    await oneCall(cluster);
    const drain = await startRun(cluster, { settings: { drain: { onHangup: 'restore' } } });
    await drain.until('it waits', waits);
    await cluster.gates[1].set('silent');
    drain.fsha.send('SIGHUP');
    await drain.until('it is given back', (event) => event.type === 'undo.started');
    drain.fsha.send('SIGHUP');
    const settled = (event: RunEvent): boolean =>
      event.type === 'effect.settled' && event.step === 'node-1/restore';
    await drain.until('one proxy has it back', settled);
    await cluster.gates[1].set();
    const ended = await drain.end();
    expect(ended.exitCode).toBe(129);
    expect(await row('SIGHUP twice, onHangup: restore', 'gave it back', 129)).toBe(WELL);
  });

  test('Ctrl-C in a terminal, which goes to the whole process group: a restart under way goes on', async () => {
    const [node] = cluster.nodes;
    await node.fault('slowBoot', 500);
    const begun = join(cluster.directory, 'restart-begun');
    // The stop of the old one comes seconds after the command has begun: what Ctrl-C ended would never get there.
    const command = `touch ${begun}; sleep 2; ${node.restartCommand}`;
    const config = await cluster.configWith({ nodes: { 'node-1': { restart: { command } } } });
    const drain = await inTerminal('group', config, '');
    await until('the restart command runs', () => exists(begun), 60_000);
    await tmux('send-keys', '-t', 'group', 'C-c');
    await drain.until('it ends', (event) => event.type === 'run.settled');
    expect(exitInWholeJournal(drain.stateDir)).toBe(9);
    await until('the node was restarted', () => node.starts() === cluster.startsBefore(node) + 1, 30_000);
    await until('it is up', async () => (await readFinalState(cluster)).node !== 'booting', 30_000);
    expect(await row('Ctrl-C while the restart command runs', 'left it out', 9)).toMatch(
      /^lb-1 DX, lb-2 DX; (open|paused); 1 restart; /,
    );
  });
});

function exists(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
}

async function tmux(...args: readonly string[]): Promise<string> {
  return (await run('tmux', ['-L', SOCKET, ...args])).stdout;
}

/** A drain in a terminal of its own; followed by its journal, since nobody can wait for its process. */
async function inTerminal(
  name: string,
  config: string,
  flags: string,
): Promise<Pick<RunOf, 'until' | 'events' | 'stateDir'>> {
  const stateDir = cluster.stateDirOf(config);
  const command = `'${process.execPath}' '${LAUNCHER}' drain node-1 --config '${config}' ${flags}`;
  const dist = `FSHA_DIST=${process.env['FSHA_DIST'] ?? ''}`;
  await tmux('new-session', '-d', '-s', name, '-x', '80', '-y', '24', '-e', dist, `${command}; sleep 600`);
  const events = (): readonly RunEvent[] => journalEvents(stateDir).at(-1) ?? [];
  return {
    stateDir,
    events,
    until: (what, wanted) => until(what, () => events().find(wanted), 60_000),
  };
}

describe('nobody reads', () => {
  test.each([
    ['closed', ['--json']],
    ['closed', []],
    ['stalled', ['--json']],
    ['stalled', ['--verbose']],
  ] as const)('stdout %s (%j): the run goes on to its end, and ends', async (stdout, flags) => {
    const drain = await startRun(cluster, { stdout, flags });
    const ended = await drain.end();
    expect(ended.exitCode).toBe(0);
    expect(exitInWholeJournal(drain.stateDir)).toBe(0);
    expect(await row(`stdout ${stdout}, ${flags[0] ?? 'plain'}`, 'went on to the end', 0)).toBe(RESTARTED);
  });

  test.each([
    ['stderr is closed', '2>&-'],
    ['stdout and stderr are closed', '>&- 2>&-'],
    ['stdout is full', '>/dev/full'],
    ['stdout and stderr are full', '>/dev/full 2>/dev/full'],
  ])('%s from the start', async (name, redirection) => {
    const config = await cluster.configWith({});
    const shell = spawn(
      '/bin/sh',
      [
        '-c',
        `exec "$0" "$@" ${redirection}`,
        process.execPath,
        LAUNCHER,
        'drain',
        'node-1',
        '--config',
        config,
      ],
      { stdio: ['ignore', 'ignore', 'ignore'] },
    );
    const exit = await new Promise((resolve) =>
      shell.once('exit', (code, signal) => resolve(code ?? signal)),
    );
    expect(exit).toBe(0);
    expect(exitInWholeJournal(cluster.stateDirOf(config))).toBe(0);
    expect(await row(name, 'went on to the end', 0)).toBe(RESTARTED);
  });

  test('both readers go away in the wait', async () => {
    const calls = await oneCall(cluster);
    const config = await cluster.configWith({});
    const child = spawn(process.execPath, [LAUNCHER, 'drain', 'node-1', '--config', config, '--verbose']);
    child.stdout.resume();
    const over = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));
    const stateDir = cluster.stateDirOf(config);
    await until('it waits', () => (journalEvents(stateDir).at(-1) ?? []).some(waits), 60_000);
    child.stdout.destroy();
    child.stderr.destroy();
    await calls.hangUp();
    expect(await over).toBe(0);
    expect(exitInWholeJournal(stateDir)).toBe(0);
    expect(await row('stdout and stderr lose their readers in the wait', 'went on to the end', 0)).toBe(
      RESTARTED,
    );
  });
});

describe('the journal cannot be written any more', () => {
  /** From here on: EFBIG at the next byte (setrlimit(2), RLIMIT_FSIZE; Node ignores SIGXFSZ). */
  const fill = async (drain: RunOf): Promise<void> => {
    const { bytes } = journalFile(drain.stateDir);
    await run('prlimit', ['--pid', String(drain.fsha.pid), `--fsize=${bytes}`]);
  };
  const settledOf = (drain: RunOf) => only(drain.fsha.events(), 'run.settled')[0]?.data;

  test('in the wait: noticed at the next event, undone, exit 12', async () => {
    const [node] = cluster.nodes;
    const calls = await cluster.hold({ '1000': 1, '1001': 1 }, { at: { host: node.host, port: 5080 } });
    const drain = await startRun(cluster);
    await drain.until('it waits', waits);
    await fill(drain);
    await calls.hangUp('1001');
    const { exitCode } = await drain.fsha.done;
    expect(exitCode).toBe(12);
    expect(settledOf(drain)).toMatchObject({
      exit: 12,
      nodes: { 'node-1': 'in service' },
      error: { code: 'journal' },
    });
    expect(await row('the disk is full in the wait', 'gave it back', exitCode)).toBe(WELL);
    expect(calls.up()).toEqual(['1000']);
  });

  test('in the wait, and Ctrl-C is the first that it cannot write down: undone all the same', async () => {
    await oneCall(cluster);
    const drain = await startRun(cluster, { settings: { drain: { poll: '10s' } } });
    await drain.until('it waits', waits);
    await fill(drain);
    drain.fsha.send('SIGINT');
    const { exitCode } = await drain.fsha.done;
    expect(exitCode).toBe(130);
    expect(settledOf(drain)).toMatchObject({ exit: 130, nodes: { 'node-1': 'in service' } });
    const warnings = only(drain.fsha.events(), 'warning').map(({ data }) => data.code);
    expect(warnings).toContain('journal');
    expect(await row('the disk is full in the wait, Ctrl-C', 'gave it back', exitCode)).toBe(WELL);
  });

  test('behind the restart, and that the node is not well is the first it cannot write down: kept out, fenced', async () => {
    await cluster.nodes[0].fault('noGateway', true, 'nextStart');
    const drain = await startRun(cluster, { settings: { verify: { timeout: '3s' } } });
    await drain.until(
      'it is not well',
      (event) => event.type === 'step.retrying' && event.data.error.message.includes('gateway'),
    );
    await fill(drain);
    const { exitCode } = await drain.fsha.done;
    expect(exitCode).toBe(8);
    expect(settledOf(drain)).toMatchObject({ exit: 8, nodes: { 'node-1': 'out of service' } });
    expect(await row('the disk is full behind the restart', 'kept it out', exitCode)).toBe(
      'lb-1 DX, lb-2 DX; paused; 1 restart; marked',
    );
  });

  test('its directory is gone when it begins: refused, nothing changed', async () => {
    const config = await cluster.configWith({});
    const stateDir = cluster.stateDirOf(config);
    // A file stands where the directory is to be.
    await run('mkdir', ['-p', dirname(stateDir)]);
    await run('touch', [stateDir]);
    const child = await run(process.execPath, [LAUNCHER, 'drain', 'node-1', '--config', config]).then(
      () => ({ code: 0 }),
      (error: unknown) => error as { code: number },
    );
    expect(child.code).toBe(3);
    expect(await row('the state directory is a file', 'refused', child.code)).toBe(WELL);
  });
});
