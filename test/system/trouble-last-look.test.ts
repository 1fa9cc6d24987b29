/** What happens between "drained" and the restart: the last word about the node is the one that counts. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { RunEvent } from '../../src/domain/run-events.ts';
import { until } from '../support/until.ts';
import { troubleTable } from './harness/case-table.ts';
import { driftsOf, isRestartIntent, lookWhere, stepStarted, waits } from './harness/events-of.ts';
import { holdAtNode } from './harness/hold-at-node.ts';
import { restartsOf } from './harness/node-log.ts';
import { type RealCluster, startRealCluster } from './harness/real-cluster.ts';
import { startRun, startWaitingRun, WITH_GATES } from './harness/run-of.ts';

const AS_FOUND = 'lb-1 AP, lb-2 AP; open; no restart; no mark';
const BACK_IN = 'lb-1 AP, lb-2 AP; open; 1 restart; no mark';

let cluster: RealCluster;
const table = troubleTable('Between drained and the restart', () => cluster);

beforeAll(async () => {
  cluster = await startRealCluster({ ...WITH_GATES, nodes: 3 });
});
beforeEach(() => cluster.reset());
afterAll(() => cluster.stop());

/** Both proxies were read so many times more. */
function readAgain(times: number): Promise<unknown> {
  const before = cluster.gates.map((gate) => gate.count('dispatcher.list'));
  return until('the proxies are read again', () =>
    cluster.gates.every((gate, index) => gate.count('dispatcher.list') >= (before[index] ?? 0) + times),
  );
}

test.each(['112', '1000'])('a call to %s comes up while SSH is awaited: waited for', async (number) => {
  const [node] = cluster.nodes;
  const sshd = cluster.ssh.of(node);
  const run = await startWaitingRun(cluster, {
    settings: { drain: { fence: 'none', protect: ['^112$'] } },
  });
  await sshd.stop();
  await run.call.hangUp();
  const began = await run.until('the restart step', stepStarted('restart'));
  // Whatever it looks at before it needs SSH, it has seen.
  await readAgain(3);
  const call = await holdAtNode(cluster, { [number]: 1 }, { holdMs: 120_000 });
  await sshd.start();
  const counted = await run.until(
    'the call is counted',
    lookWhere(({ seq, sessions }) => seq > began.seq && sessions === 1),
  );
  await readAgain(3);
  expect([call.up(), restartsOf(cluster).restarts]).toEqual([[number], 0]);
  expect(run.events().some(isRestartIntent)).toBe(false);
  await call.hangUp();
  const ended = await run.end();
  expect(await table.add(`${number} comes up while SSH is awaited`, 'waited for it', ended)).toBe(BACK_IN);
  expect([ended.exitCode, ended.settled.callsCut]).toEqual([0, 0]);
  expect(restartsOf(cluster)).toEqual({ restarts: 1, cutByStop: 0 });
  expect(call.cutByFarSide()).toEqual([]);
  expect(ended.events.find(isRestartIntent)?.seq).toBeGreaterThan(counted.seq);
});

test('drift while the database holds the restart back: settled anew before it', async () => {
  const [node] = cluster.nodes;
  const settle = 6_000;
  const run = await startRun(cluster, { settings: { drain: { settle: `${settle}ms`, poll: '2s' } } });
  await run.until('it waits', waits);
  await node.fault('database');
  const held = await run.until(
    'the database holds it back',
    (event) => event.type === 'step.retrying' && event.step === 'node-1/restart',
  );
  await cluster.proxies[0].reload();
  const mended = await run.until(
    'it is disabled again',
    (event) =>
      event.seq > held.seq && event.type === 'effect.settled' && event.data.effect === 'dispatcher.state',
  );
  await node.clearFaults();
  const ended = await run.end();
  expect(await table.add('a reload while the database holds it', 'disabled it, settled anew', ended)).toBe(
    BACK_IN,
  );
  expect(ended.exitCode).toBe(0);
  expect(driftsOf(ended.events)).toEqual(['lb-1: dispatcher.reload, or somebody set it']);
  const restarted = ended.events.find(isRestartIntent);
  expect((restarted?.mono ?? 0) - mended.mono).toBeGreaterThanOrEqual(settle);
});

test('the database fails as the first look of the restart finds drift: that it holds it back is told', async () => {
  const [node] = cluster.nodes;
  const [gate] = cluster.gates;
  const [proxy] = cluster.proxies;
  const run = await startRun(cluster);
  let acted = false;
  gate.before('dispatcher.list', async () => {
    if (acted || !run.events().some(stepStarted('restart'))) return;
    acted = true;
    await proxy.setState('a', 1, node.destination);
    await node.fault('database');
  });
  const drift = await run.until('drift', (event) => event.type === 'drift.detected');
  expect(drift.step).toBe('node-1/restart');
  const told = await run.until('what holds it back is told', (event) => tellsOfDatabase(event), 30_000);
  expect(told.seq).toBeGreaterThan(drift.seq);
  expect(run.events().some(isRestartIntent)).toBe(false);
  await node.clearFaults();
  const ended = await run.end();
  expect(await table.add('drift, then the database is down', 'told what it waits for', ended)).toBe(BACK_IN);
  expect(ended.exitCode).toBe(0);
});

function tellsOfDatabase(event: RunEvent): boolean {
  const DATABASE = /node-1 is drained, but its core database does not answer/;
  if (event.step !== 'node-1/restart') return false;
  if (event.type === 'warning') return DATABASE.test(event.data.message);
  return event.type === 'step.retrying' && DATABASE.test(event.data.error.message);
}

test('node-3 is silent at the last look, and a call comes up meanwhile: waited for', async () => {
  const third = cluster.nodes[2] ?? expect.fail('there is no node-3');
  // No poll comes between, and node-3 is not given up before it is thawed: what was read of node-1 gets old.
  const run = await startRun(cluster, {
    settings: { timeouts: { request: '60s' }, drain: { poll: '30s', fence: 'none' } },
  });
  await run.until('the wait', stepStarted('wait_drained'));
  await third.freeze();
  const began = await run.until('the restart step', stepStarted('restart'));
  await readAgain(3);
  expect(run.events().some(isRestartIntent)).toBe(false);
  const call = await holdAtNode(cluster, { '1000': 1 }, { holdMs: 120_000 });
  await third.thaw();
  const counted = await run.until(
    'the call is counted',
    lookWhere(({ seq, sessions }) => seq > began.seq && sessions === 1),
  );
  await readAgain(3);
  expect([call.up(), restartsOf(cluster).restarts]).toEqual([['1000'], 0]);
  await call.hangUp();
  const ended = await run.end();
  const what = 'node-3 silent at the last look, a call comes up';
  expect(await table.add(what, 'waited for it', ended)).toBe(BACK_IN);
  expect([ended.exitCode, ended.settled.callsCut]).toEqual([0, 0]);
  expect(restartsOf(cluster)).toEqual({ restarts: 1, cutByStop: 0 });
  expect(call.cutByFarSide()).toEqual([]);
  expect(ended.events.find(isRestartIntent)?.seq).toBeGreaterThan(counted.seq);
});

test('the other nodes are paused while it waits: given back, which is no "nothing changed"', async () => {
  const [, ...others] = cluster.nodes;
  const run = await startWaitingRun(cluster);
  for (const other of others) await other.api('fsctl pause inbound');
  await until('the proxies take them for ill', async () =>
    (await cluster.flags()).every((flags) =>
      others.every(({ destination }) => flags[`1 ${destination}`]?.startsWith('I')),
    ),
  );
  await run.call.hangUp();
  const ended = await run.end();
  expect(await table.add('the others are paused while it waits', 'gave node-1 back', ended)).toBe(AS_FOUND);
  expect(ended.exitCode).toBe(12);
  expect(ended.settled.nodes).toEqual({ 'node-1': 'in service' });
  expect(ended.settled.error?.message).toMatch(/nobody but node-1 is left/);
  expect(ended.events.some(isRestartIntent)).toBe(false);
});
