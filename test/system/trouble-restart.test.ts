/** A restart that goes wrong: what the command does, and what becomes of the connection under it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/domain/run-events.ts';
import { until } from '../support/until.ts';
import { troubleTable } from './harness/case-table.ts';
import { deepMerge, type Changes } from './harness/deep-merge.ts';
import { failureOf, restartOf } from './harness/events-of.ts';
import { expectFenceToHold } from './harness/expect-fence.ts';
import { finalState } from './harness/final-state.ts';
import { stopsOf } from './harness/node-log.ts';
import { processesWith } from './harness/processes-with.ts';
import { SLOW_ANSWERS } from './harness/quick.ts';
import { type RealCluster, startRealCluster } from './harness/real-cluster.ts';
import {
  type EndedRun,
  runToEnd,
  startRun,
  startWaitingRun,
  whileItRuns,
  WITH_GATES,
} from './harness/run-of.ts';

const WELL = 'lb-1 AP, lb-2 AP; open; 1 restart; no mark';
/** Not restarted, and kept out: disabled, fenced, marked. */
const KEPT_OUT = 'lb-1 DX, lb-2 DX; paused; no restart; marked';

const { add: note } = troubleTable('A restart that goes wrong', () => cluster);
let cluster: RealCluster;
/** The command that really restarts node-1. */
let ctl: string;
/** In the command line of whatever a test leaves hanging on the host. */
let marker: string;
let tests = 0;
const helpers: ChildProcess[] = [];

beforeAll(async () => {
  cluster = await startRealCluster({ ...WITH_GATES, settings: SLOW_ANSWERS });
  ctl = cluster.nodes[0].restartCommand;
});
beforeEach(async () => {
  await cluster.reset();
  tests += 1;
  marker = `600.${process.pid}${String(tests).padStart(3, '0')}`;
});
afterEach(() => {
  for (const helper of helpers.splice(0)) helper.kill('SIGKILL');
  for (const pid of processesWith(marker)) process.kill(pid, 'SIGKILL');
});
afterAll(() => cluster.stop());

/** An inventory with another restart command. @param timeout of the restart */
function configWith(command: string, timeout = '3s', more: Changes = {}): Promise<string> {
  return cluster.configWith(deepMerge({ nodes: { 'node-1': { restart: { command, timeout } } } }, more));
}

async function drainWith(command: string, timeout?: string): Promise<EndedRun> {
  return runToEnd(cluster, { config: await configWith(command, timeout) });
}

/** A path below the cluster's folder; nothing is there yet. */
function trace(name: string): string {
  return `${cluster.directory}/${name}-${tests}`;
}

describe('the command', () => {
  test('exits 1 and has done nothing: failed, and a reload on a proxy cannot hurt', async () => {
    const run = await drainWith('echo "Job failed" >&2; exit 1', '2s');
    expect(await note('exits 1, nothing done', 'kept it out, fenced', run)).toBe(KEPT_OUT);
    expect(run.exitCode).toBe(7);
    expect(restartOf(run.events)).toMatchObject({ outcome: 'failed', error: { code: 'restart.failed' } });
    expect(failureOf(run.events, 'restart')?.message).toMatch(/failed \(exit status 1\): .*Job failed$/);
    expect(run.settled).toMatchObject({ outcome: 'failed', nodes: { 'node-1': 'out of service' } });
    expect(run.settled.next.join('\n')).toMatch(/activate node-1/);
    await expectFenceToHold(cluster);
  });

  test('exits 1 although it did restart: the proof counts', async () => {
    const run = await drainWith(`${ctl}; exit 1`, '8s');
    expect(await note('exits 1, restarted all the same', 'believed core_uuid, went on', run)).toBe(WELL);
    expect(run.exitCode).toBe(0);
    expect(restartOf(run.events)).toMatchObject({ outcome: 'done' });
  });

  test('exits 0 and does nothing: failed', async () => {
    const run = await drainWith('true', '2s');
    expect(await note('exits 0, nothing done', 'believed core_uuid, kept it out', run)).toBe(KEPT_OUT);
    expect(run.exitCode).toBe(7);
    expect(failureOf(run.events, 'restart')?.message).toMatch(/succeeded, but node-1 was not restarted/);
  });

  test('hangs and has done nothing: ended on the host, outcome unknown', async () => {
    const run = await drainWith(`sleep ${marker}`, '2s');
    expect(await note('hangs, nothing done', 'ended it, said unknown, kept it out', run)).toBe(KEPT_OUT);
    expect(run.exitCode).toBe(9);
    expect(restartOf(run.events)).toMatchObject({ outcome: 'unknown' });
    expect(failureOf(run.events, 'restart')?.message).toMatch(/ran out of time and was ended/);
    expect(run.settled).toMatchObject({ outcome: 'unknown', nodes: { 'node-1': 'out of service' } });
    expect(run.settled.next.map((line) => line.split(' ').slice(-2).join(' '))).toEqual(
      expect.arrayContaining(['activate node-1']),
    );
    expect(processesWith(marker)).toEqual([]);
  });

  test('ignores SIGTERM: ended by SIGKILL', async () => {
    const run = await drainWith(`trap '' TERM; sleep ${marker}; sleep ${marker}`, '2s');
    expect(await note('hangs, ignores SIGTERM', 'killed it, said unknown, kept it out', run)).toBe(KEPT_OUT);
    expect(run.exitCode).toBe(9);
    expect(failureOf(run.events, 'restart')?.message).toMatch(/ran out of time and was ended/);
    expect(processesWith(marker)).toEqual([]);
  });

  test('hangs after it did restart: its end is awaited, then the proof counts', async () => {
    const run = await drainWith(`${ctl}; sleep ${marker}`, '5s');
    expect(await note('hangs, restarted', 'ended it, believed core_uuid, went on', run)).toBe(WELL);
    expect(run.exitCode).toBe(0);
    expect(restartOf(run.events)).toMatchObject({ outcome: 'done' });
    expect(processesWith(marker)).toEqual([]);
  });

  test('restarts only after its own time is over: counted', async () => {
    const [go, begun] = [trace('go'), trace('begun')];
    const late = `while [ ! -e ${go} ]; do sleep 0.1; done; ${ctl}`;
    const config = await configWith(
      `setsid sh -c '${late}' >/dev/null 2>&1 & touch ${begun}; sleep ${marker}`,
      '6s',
    );
    const { fsha, end } = await startRun(cluster, { config });
    await whileItRuns(fsha, 'the command runs', () => existsSync(begun));
    await until('the command was ended', () => processesWith(`sleep ${marker}`).length === 0);
    writeFileSync(go, '');
    const run = await end();
    expect(await note('restarts after the remote timeout', 'believed core_uuid, went on', run)).toBe(WELL);
    expect(run.exitCode).toBe(0);
  });
});

describe('the connection under the command', () => {
  test('is lost after the node was stopped: core_uuid tells', async () => {
    const [node] = cluster.nodes;
    const before = stopsOf(node);
    const { fsha, end } = await startRun(cluster, { config: await configWith(`${ctl}; sleep 5`, '8s') });
    await whileItRuns(fsha, 'the node has stopped', () => stopsOf(node) > before);
    cluster.ssh.of(node).killSessions();
    const run = await end();
    expect(await note('SSH cut while it restarts', 'believed core_uuid, went on', run)).toBe(WELL);
    expect(run.exitCode).toBe(0);
    expect(restartOf(run.events)).toMatchObject({ outcome: 'done' });
  });

  test('is lost before anything was done: unknown', async () => {
    const begun = trace('begun');
    const { fsha, end } = await startRun(cluster, {
      config: await configWith(`touch ${begun}; sleep ${marker}`, '3s'),
    });
    await whileItRuns(fsha, 'the command runs', () => existsSync(begun));
    cluster.ssh.of(cluster.nodes[0]).killSessions();
    const run = await end();
    expect(await note('SSH cut before it did anything', 'said unknown, kept it out', run)).toBe(KEPT_OUT);
    expect(run.exitCode).toBe(9);
    expect(failureOf(run.events, 'restart')).toMatchObject({ code: 'effect.unknown' });
    expect(failureOf(run.events, 'restart')?.message).toMatch(/connection was lost while a command ran/);
    await until('the host has ended the command', () => processesWith(`sleep ${marker}`).length === 0);
  });
});

describe("the host's lock", () => {
  /** As fsha names it: by cluster and node. */
  const lockPath = (): string => `/tmp/fsha-real-${cluster.network.prefix.replaceAll('.', '-')}-node-1.lock`;

  /** Another restart of the node that holds the lock until it is killed. */
  async function holdLock(): Promise<ChildProcess> {
    const held = trace('held');
    mkdirSync(lockPath(), { recursive: true });
    const holder = spawn('flock', ['-o', lockPath(), 'sh', '-c', `touch ${held}; exec sleep ${marker}`]);
    helpers.push(holder);
    await until('the lock is held', () => existsSync(held));
    return holder;
  }

  const waitsForIt = (event: RunEvent): boolean =>
    event.type === 'step.retrying' && event.data.error.message === 'a restart of node-1 is still under way';
  const endHolder = (): void => {
    for (const pid of processesWith(`sleep ${marker}`)) process.kill(pid, 'SIGKILL');
  };

  test('is held when it looks first, and is free later: nothing is changed before that', async () => {
    await holdLock();
    const run = await startRun(cluster, { config: await configWith(ctl, '8s') });
    await run.until('it waits for the other restart', waitsForIt);
    expect(await finalState(cluster)).toBe('lb-1 AP, lb-2 AP; open; no restart; no mark');
    endHolder();
    const ended = await run.end();
    expect(await note('its lock is held at first', 'waited, changed nothing before', ended)).toBe(WELL);
    expect(ended.exitCode).toBe(0);
  });

  test('is held by another restart that ends: awaited', async () => {
    const run = await startWaitingRun(cluster, { config: await configWith(ctl, '8s') });
    await holdLock();
    await run.call.hangUp();
    await run.until('it waits for the other restart', waitsForIt);
    expect(await finalState(cluster)).toMatch(/; no restart; marked$/);
    endHolder();
    const ended = await run.end();
    expect(await note('its lock is held, then free', 'waited, went on', ended)).toBe(WELL);
    expect(ended.exitCode).toBe(0);
  });

  test('is held for good: says so, and since that restart may still come, does not know', async () => {
    const run = await startWaitingRun(cluster, { config: await configWith(ctl, '5s') });
    await holdLock();
    await run.call.hangUp();
    const ended = await run.end();
    expect(await note('its lock stays held', 'gave up with that reason, kept it out', ended)).toBe(KEPT_OUT);
    expect(ended.exitCode).toBe(9);
    expect(failureOf(ended.events, 'restart')?.message).toMatch(
      /another restart of this node holds its lock/,
    );
  });
});
