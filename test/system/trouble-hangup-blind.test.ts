/** --on-timeout hangup: nothing is cut while something is unknown without which the restart cannot follow. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { troubleTable } from './harness/case-table.ts';
import { isCutIntent } from './harness/cut-legs.ts';
import { waits } from './harness/events-of.ts';
import { holdAtNode } from './harness/hold-at-node.ts';
import { type RealCluster, startRealCluster } from './harness/real-cluster.ts';
import { runToEnd, startRun, WITH_GATES } from './harness/run-of.ts';

const HELD = 'lb-1 DX, lb-2 DX; open; no restart; marked';
const BACK_IN = 'lb-1 AP, lb-2 AP; open; 1 restart; no mark';
const HANGUP = ['--json', '--timeout', '5s', '--on-timeout', 'hangup', '--yes'] as const;

let cluster: RealCluster;
const table = troubleTable('hangup at the deadline, without full sight', () => cluster);

beforeAll(async () => {
  cluster = await startRealCluster(WITH_GATES);
});
beforeEach(() => cluster.reset());
afterAll(() => cluster.stop());

const UNKNOWNS = [
  { what: "lb-2's RPC is silent", names: /lb-2/, begin: () => cluster.gates[1].set('silent') },
  { what: "lb-2's RPC refuses", names: /lb-2/, begin: () => cluster.gates[1].set('refuse') },
  { what: 'the core database is down', names: /database/i, begin: () => cluster.nodes[0].fault('database') },
  { what: 'SSH is gone', names: /SSH/, begin: () => cluster.ssh.of(cluster.nodes[0]).stop() },
] as const;

test.each(UNKNOWNS)('$what when the deadline passes: held, nothing cut', async ({ what, names, begin }) => {
  const calls = await holdAtNode(cluster, { '1000': 2 }, { holdMs: 120_000 });
  const run = await startRun(cluster, { flags: HANGUP });
  await run.until('it waits', waits);
  await begin();
  const ended = await run.end();
  const { exitCode, events, settled } = ended;
  const state = await table.add(`${what} at the deadline, hangup`, 'held, cut nothing', ended);
  expect([calls.up(), calls.cutByFarSide()]).toEqual([['1000', '1000'], []]);
  expect(events.filter(isCutIntent)).toEqual([]);
  expect(state).toBe(HELD);
  expect([exitCode, settled.callsCut, settled.nodes]).toEqual([6, 0, { 'node-1': 'out of service' }]);
  expect(settled.error?.message).toMatch(names);
});

test('the same settings, and all is known: both are cut, and it is restarted', async () => {
  const calls = await holdAtNode(cluster, { '1000': 2 }, { holdMs: 120_000 });
  const ended = await runToEnd(cluster, { flags: HANGUP });
  expect(await table.add('all is well at the deadline, hangup', 'cut 2', ended)).toBe(BACK_IN);
  expect([ended.exitCode, ended.settled.callsCut]).toEqual([10, 2]);
  expect(calls.cutByFarSide()).toEqual(['1000', '1000']);
});
