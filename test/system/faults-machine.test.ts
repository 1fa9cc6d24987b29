/** The machine on which fsha runs: its clock jumps, its disk is full, nobody reads any more, each in every step of a drain. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { settledRun } from './harness/events-of.ts';
import { callElsewhere, faultTable, isBeforeZero, stepBegins, STEPS, well } from './harness/fault-cases.ts';
import { startEventGate } from './harness/fault-gate.ts';
import { journalFlaws } from './harness/fault-outcome.ts';
import { FOR_FAULTS } from './harness/fault-quick.ts';
import { startWaitedCall } from './harness/fault-waited-call.ts';
import { faultEnv, startFaultRun } from './harness/fault-run.ts';
import { journalEvents, LAUNCHER, only, runFsha } from './harness/fsha.ts';
import { RESTART_ANNOUNCED } from './harness/kill-points.ts';
import { type RealCluster, startRealCluster } from './harness/real-cluster.ts';
import { journalFile } from './harness/run-of.ts';

const execute = promisify(execFile);

let cluster: RealCluster;
const table = faultTable('The machine of fsha in trouble in every step', () => cluster);
const children = new Set<ChildProcess>();

beforeAll(async () => {
  cluster = await startRealCluster(FOR_FAULTS);
});
beforeEach(() => cluster.reset());
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});
afterAll(() => cluster.stop());

const HOUR = 3_600_000;

/** Where a drain is when the disk is full; behind its step's name what it has just announced. */
const DISK_MOMENTS: readonly (readonly [where: string, key: string, hasCall: boolean])[] = [
  ...STEPS.map((step) => [step, stepBegins(step), isBeforeZero(step)] as const),
  ['deactivate, at lb-1', 'effect.intended node-1/deactivate dispatcher.state lb-1', true],
  ['restart, on its way', RESTART_ANNOUNCED, false],
];

describe.each(DISK_MOMENTS)('the disk is full in %s', (where, key, hasCall) => {
  test.each([
    ['between two lines', 0],
    ['in the middle of a line', 40],
  ])('%s', async (line, more) => {
    const elsewhere = await callElsewhere(cluster);
    const call = hasCall ? await startWaitedCall(cluster) : null;
    const config = await cluster.configWith({});
    const stateDir = cluster.stateDirOf(config);
    // From so many bytes on: EFBIG (setrlimit(2), RLIMIT_FSIZE; Node ignores SIGXFSZ).
    const fill = async (): Promise<void> => {
      const fsize = journalFile(stateDir).bytes + more;
      await execute('prlimit', ['--pid', String(run.fsha.pid), `--fsize=${fsize}`]);
    };
    const run = await startFaultRun(cluster, { config, moments: [{ when: 'after', key, hook: fill }] });
    await run.met();
    const result = await run.fsha.done;
    await call?.hangUp();
    // Whoever reads what it prints hears everything; the journal ends where the disk did.
    const events = run.fsha.events();
    const settled = settledRun(events);
    const written = (): string => readFileSync(journalFile(stateDir).path, 'utf8');
    expect([written().endsWith('\n'), journalFlaws(written()).length > 0]).toEqual([more === 0, true]);
    await table.judge(`the disk is full in ${where}, ${line}`, {
      ended: { ...result, events, settled },
      stateDir,
      elsewhere,
      isJournalLost: true,
    });
    if (result.exitCode === 12) {
      // To whoever comes it was interrupted, though it gave everything back.
      const goOn = more === 0 ? ['drain', 'node-1'] : ['resume', events[0]?.run ?? '', '--undo'];
      const { exitCode, stdout, stderr } = await runFsha([...goOn, '--config', config], 60_000);
      const state = await table.then(
        more === 0 ? 'drain: went on with that run' : 'resume --undo: nothing to do',
        exitCode,
      );
      expect([exitCode, state], `${stdout}\n${stderr}`).toEqual([0, well(more === 0 ? 1 : 0)]);
    }
    if (result.exitCode !== 3) expect(journalFlaws(written())).toEqual([]);
    call?.expectUncut();
  });
});

describe.each(STEPS)('in %s', (step) => {
  test.each([5, -5])('the wall clock jumps by %i hours', async (hours) => {
    const elsewhere = await callElsewhere(cluster);
    const call = isBeforeZero(step) ? await startWaitedCall(cluster) : null;
    const key = stepBegins(step);
    const orders = [{ when: 'after', key, nth: 1, act: { kind: 'clock', ms: hours * HOUR } }] as const;
    const run = await startFaultRun(cluster, { orders });
    await call?.hangUpOnceWaitedFor({ done: run.fsha.done, events: () => run.events() });
    const ended = await run.end();
    const { events, exitCode, ms } = ended;
    const jump = events.findIndex((event) => `${event.type} ${event.step ?? ''}` === key);
    const [before, after] = [events[jump], events[jump + 1]].map((event) => Date.parse(event?.at ?? ''));
    expect(Math.round(((after ?? 0) - (before ?? 0)) / HOUR)).toBe(hours);
    await table.judge(`the clock jumps by ${hours} h in ${step}`, {
      ended,
      stateDir: run.stateDir,
      elsewhere,
    });
    call?.expectUncut();
    expect(exitCode).toBe(0);
    // What took how long is told by the other clock.
    const took = only(events, 'step.settled').map(({ data }) => data.ms);
    expect(Math.min(...took)).toBeGreaterThanOrEqual(0);
    expect(took.reduce((sum, one) => sum + one, 0)).toBeLessThan(ms);
  });

  test('whoever reads its stdout goes away', async () => {
    const elsewhere = await callElsewhere(cluster);
    const call = isBeforeZero(step) ? await startWaitedCall(cluster) : null;
    const config = await cluster.configWith({});
    const stateDir = cluster.stateDirOf(config);
    const runs = join(stateDir, 'runs');
    const gate = await startEventGate(cluster.directory, [
      { when: 'after', key: stepBegins(step), hook: () => child.stdout.destroy() },
    ]);
    const began = performance.now();
    const child = spawn(process.execPath, [LAUNCHER, 'drain', 'node-1', '--config', config, '--json'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...faultEnv(gate.orders) },
    });
    children.add(child);
    child.stdout.resume();
    const stderr = text(child.stderr);
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
    await call?.hangUpOnceWaitedFor({
      done: exited,
      events: () => (existsSync(runs) ? (journalEvents(stateDir).at(-1) ?? []) : []),
    });
    const exitCode = await exited;
    expect(gate.met()).toBe(true);
    await gate.stop();
    const events = journalEvents(stateDir).at(-1) ?? [];
    const result = {
      exitCode,
      signal: null,
      stdout: '',
      stderr: await stderr,
      ms: performance.now() - began,
    };
    await table.judge(`stdout is closed in ${step}`, {
      ended: { ...result, events, settled: settledRun(events) },
      stateDir,
      elsewhere,
    });
    call?.expectUncut();
    expect(exitCode).toBe(0);
  });
});
