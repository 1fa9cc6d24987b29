/** SSH is lost while a drain waits: found then and not at the restart, and nothing is restarted without it. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/domain/run-events.ts';
import { until } from '../support/until.ts';
import { troubleTable } from './harness/case-table.ts';
import { failureOf, lookWhere, restartOf, stepStarted, waits, warnings } from './harness/events-of.ts';
import { finalState } from './harness/final-state.ts';
import { only } from './harness/fsha.ts';
import type { HeldCalls } from './harness/held-calls.ts';
import { holdAtNode } from './harness/hold-at-node.ts';
import { stopsOf } from './harness/node-log.ts';
import type { RealSshServer } from './harness/openssh.ts';
import { SLOW_ANSWERS } from './harness/quick.ts';
import { type RealCluster, startRealCluster } from './harness/real-cluster.ts';
import { type RunOf, runToEnd, startRun, whileItRuns, WITH_GATES } from './harness/run-of.ts';

const BACK_IN = 'lb-1 AP, lb-2 AP; open; 1 restart; no mark';
/** Drained, fenced, not restarted. */
const HELD = 'lb-1 DX, lb-2 DX; paused; no restart; marked';
const LOST = /^SSH to node-1 is lost: /;
const AGAIN = 'SSH to node-1 was lost, and is there again';

const { add: note } = troubleTable('SSH lost while a drain waits', () => cluster);
let cluster: RealCluster;
let sshd: RealSshServer;

/** A drain that waits for two calls on node-1. */
async function waiting(): Promise<RunOf & { readonly calls: HeldCalls }> {
  const calls = await holdAtNode(cluster, { '1000': 2 }, { holdMs: 120_000 });
  const run = await startRun(cluster, { config: cluster.configFile });
  await run.fsha.untilEvent(waits);
  return { ...run, calls };
}

function warns(what: RegExp | string): (event: RunEvent) => boolean {
  return (event) =>
    event.type === 'warning' &&
    (typeof what === 'string' ? event.data.message === what : what.test(event.data.message));
}

const isBlind = lookWhere(({ decision }) => decision === 'blind');

function lastWords(commands: readonly string[]): readonly string[] {
  return commands.map((line) => line.split(' ').slice(-2).join(' '));
}

describe('ESL reached directly', () => {
  beforeAll(async () => {
    cluster = await startRealCluster({ ...WITH_GATES, settings: SLOW_ANSWERS });
    sshd = cluster.ssh.of(cluster.nodes[0]);
  });
  beforeEach(() => cluster.reset());
  afterAll(() => cluster.stop());

  test('sshd is stopped and comes back before zero: warned, logged in again', async () => {
    const { fsha, end, calls } = await waiting();
    await sshd.stop();
    await fsha.untilEvent(warns(LOST));
    await sshd.start();
    await fsha.untilEvent(warns(AGAIN));
    await calls.hangUp();
    const run = await end();
    expect(await note('sshd stopped, back before zero', 'warned, went on', run)).toBe(BACK_IN);
    expect(run.exitCode).toBe(0);
    expect(warnings(run.events)).toHaveLength(2);
    expect(calls.cutByFarSide()).toEqual([]);
  });

  test('sshd is stopped and stays so: drained, held at zero; then drained again', async () => {
    const { fsha, end, calls } = await waiting();
    await sshd.stop();
    await fsha.untilEvent(warns(LOST));
    await calls.hangUp();
    const run = await end();
    expect(await note('sshd stopped for good', 'warned, drained, held at zero', run)).toBe(HELD);
    expect(run.exitCode).toBe(6);
    expect(run.settled).toMatchObject({ outcome: 'held', nodes: { 'node-1': 'out of service' } });
    expect(failureOf(run.events, 'restart')).toMatchObject({ code: 'drain.held' });
    expect(failureOf(run.events, 'restart')?.message).toMatch(
      /is drained, but cannot be restarted: .*refused/,
    );
    expect(restartOf(run.events)).toBeUndefined();
    expect(lastWords(run.settled.next)).toEqual(['drain node-1', 'activate node-1']);
    expect(calls.cutByFarSide()).toEqual([]);

    await sshd.start();
    const again = await runToEnd(cluster, { config: cluster.configFile });
    expect(await note('the same, sshd back, and drain again', 'restarted, back in', again)).toBe(BACK_IN);
    expect(again.exitCode).toBe(0);
    const baseline = only(again.events, 'preflight.settled')[0]?.data.baseline;
    expect(baseline?.destinations.map(({ flags }) => flags)).toEqual(['AP', 'AP']);
    expect(baseline?.pause.inbound).toBe(false);
  });

  test('sshd is stopped and stays so: given back by activate, never restarted', async () => {
    const { end, calls } = await waiting();
    await sshd.stop();
    await calls.hangUp();
    expect((await end()).exitCode).toBe(6);
    const run = await runToEnd(cluster, { config: cluster.configFile, command: 'activate' });
    expect(await note('the same, and activate', 'back in as it was', run)).toBe(
      BACK_IN.replace('1 restart', 'no restart'),
    );
    expect(run.exitCode).toBe(0);
  });

  test('sshd is stopped when the node is empty, and is back while it is waited for', async () => {
    const { fsha, end, calls } = await waiting();
    await sshd.stop();
    await calls.hangUp();
    await fsha.untilEvent(stepStarted('restart'));
    expect(await finalState(cluster)).toBe(HELD);
    await sshd.start();
    const run = await end();
    expect(await note('sshd back at zero, in time', 'waited for it, went on', run)).toBe(BACK_IN);
    expect(run.exitCode).toBe(0);
  });

  test('the host key changes: never logged in with it, held at zero at once', async () => {
    const { fsha, end, calls } = await waiting();
    await sshd.startWithNewHostKey();
    await fsha.untilEvent(warns(/^SSH to node-1 is lost: .*host key/));
    const logins = (): number => sshd.log().split('Accepted publickey').length;
    const before = logins();
    await calls.hangUp();
    const connections = (): number => sshd.log().split('Connection from').length;
    await fsha.untilEvent(stepStarted('restart'));
    const tried = connections();
    const run = await end();
    expect(await note('host key changed', 'refused it, drained, held at once', run)).toBe(HELD);
    expect(run.exitCode).toBe(6);
    expect(failureOf(run.events, 'restart')?.message).toMatch(
      /cannot be restarted: .*the host key is .*, but known is /,
    );
    expect(restartOf(run.events)).toBeUndefined();
    expect(logins()).toBe(before);
    // At once: a key that is another one is not waited for with a try every half a second, as a host that is away is.
    expect(connections() - tried).toBeLessThan(3);
    expect(lastWords(run.settled.next)).toEqual(['drain node-1', 'activate node-1']);
  });

  test('its sessions are cut and sshd is well: silently logged in again', async () => {
    const { end, calls } = await waiting();
    const logins = (): number => sshd.log().split('Accepted publickey').length;
    const before = logins();
    sshd.killSessions();
    await until('it is logged in again', () => logins() > before);
    await calls.hangUp();
    const run = await end();
    expect(await note('SSH session cut, sshd well', 'logged in again', run)).toBe(BACK_IN);
    expect(run.exitCode).toBe(0);
    expect(warnings(run.events)).toEqual([]);
  });

  test('its session is cut as the restart step begins: logged in again', async () => {
    const { fsha, end, calls } = await waiting();
    await calls.hangUp();
    await fsha.untilEvent(stepStarted('restart'));
    sshd.killSessions();
    const run = await end();
    expect(await note('SSH session cut as the restart begins', 'logged in again', run)).toBe(BACK_IN);
    expect(run.exitCode).toBe(0);
  });

  test('the host falls silent: noticed by the keepalives', async () => {
    const { fsha, end, calls } = await waiting();
    await sshd.freeze();
    await fsha.untilEvent(warns(LOST));
    sshd.thaw();
    await fsha.untilEvent(warns(AGAIN));
    await calls.hangUp();
    const run = await end();
    expect(await note('SSH falls silent, then speaks again', 'warned, went on', run)).toBe(BACK_IN);
    expect(run.exitCode).toBe(0);
  });
});

describe('ESL reached through SSH and a jump host', () => {
  let shared: RealCluster | undefined;
  beforeAll(async () => {
    shared = await startRealCluster({ via: 'ssh', jump: true, quick: true, settings: SLOW_ANSWERS });
    cluster = shared;
    sshd = cluster.ssh.of(cluster.nodes[0]);
  });
  beforeEach(() => cluster.reset());
  afterEach(() => sshd.start());
  afterAll(() => shared?.stop());

  test('SSH to the node is lost: blind, and not drained even when the calls have ended', async () => {
    const { fsha, end, calls } = await waiting();
    await sshd.stop();
    const blind = await fsha.untilEvent(isBlind);
    expect(blind).toMatchObject({ data: { observation: { sessions: null } } });
    await calls.hangUp();
    await fsha.untilEvent(warns(LOST));
    const looks = (): number => fsha.events().filter(isBlind).length;
    const before = looks();
    await until('it has looked again, blind', () => looks() > before + 2);
    expect(await finalState(cluster)).toBe('lb-1 DX, lb-2 DX; open; no restart; marked');
    await sshd.start();
    const run = await end();
    expect(await note('ESL over SSH: lost, back', 'blind meanwhile, then went on', run)).toBe(BACK_IN);
    expect(run.exitCode).toBe(0);
  });

  test('the jump host is lost: blind for all, then goes on', async () => {
    const { fsha, end, calls } = await waiting();
    await cluster.ssh.jump.stop();
    await fsha.untilEvent(isBlind);
    await calls.hangUp();
    await fsha.untilEvent(warns(LOST));
    await cluster.ssh.jump.start();
    const run = await end();
    expect(await note('jump host lost, back', 'blind meanwhile, then went on', run)).toBe(BACK_IN);
    expect(run.exitCode).toBe(0);
  });

  test('SSH is lost for good under the restart: whether it happened is unknown', async () => {
    const [node] = cluster.nodes;
    const before = stopsOf(node);
    const config = await cluster.configWith({
      nodes: { 'node-1': { restart: { command: `${node.restartCommand}; sleep 5`, timeout: '6s' } } },
    });
    const { fsha, end } = await startRun(cluster, { config });
    await whileItRuns(fsha, 'the node has stopped', () => stopsOf(node) > before);
    await sshd.stop();
    const run = await end();
    expect(await note('ESL over SSH: lost for good in the restart', 'said unknown, kept it out', run)).toBe(
      'lb-1 DX, lb-2 DX; open; 1 restart; no mark',
    );
    expect(run.exitCode).toBe(9);
    expect(failureOf(run.events, 'restart')).toMatchObject({ code: 'effect.unknown' });
    expect(warnings(run.events).join('\n')).toMatch(/node-1 could not be paused: /);
    expect(run.settled.nodes).toEqual({ 'node-1': 'out of service' });
  });
});
