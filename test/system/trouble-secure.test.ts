/** A node that failed behind its restart stays out on every proxy, whatever becomes of these while it is secured. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { troubleTable } from './harness/case-table.ts';
import { driftsOf, stepStarted } from './harness/events-of.ts';
import { flagsOf } from './harness/final-state.ts';
import { only } from './harness/fsha.ts';
import { SLOW_ANSWERS } from './harness/quick.ts';
import { type RealCluster, startRealCluster } from './harness/real-cluster.ts';
import { startRun, WITH_GATES } from './harness/run-of.ts';

const SECURED = 'lb-1 DX, lb-2 DX; paused; 1 restart; marked';

let cluster: RealCluster;
const table = troubleTable('Secured behind a restart that failed', () => cluster);

beforeAll(async () => {
  cluster = await startRealCluster({ ...WITH_GATES, settings: SLOW_ANSWERS });
});
beforeEach(() => cluster.reset());
afterAll(() => cluster.stop());

const QUICK_TO_FAIL = { nodes: { 'node-1': { restart: { timeout: '3s' } } } };

async function flags(): Promise<readonly (string | null)[]> {
  return Object.values(await flagsOf(cluster));
}

test.each([
  { what: 'lb-1 is reloaded', proxies: ['lb-1'], flags: [] },
  { what: 'both are reloaded', proxies: ['lb-1', 'lb-2'], flags: [] },
  { what: 'lb-1, ignored, is reloaded', proxies: ['lb-1'], flags: ['--ignore-proxy', 'lb-1'] },
  {
    what: 'lb-1, ignored and slow from then on, is reloaded',
    proxies: ['lb-1'],
    flags: ['--ignore-proxy', 'lb-1'],
    slow: true,
  },
])('$what while its ESL is waited for: out again at once', async ({ what, proxies, flags: more, slow }) => {
  const [node] = cluster.nodes;
  await node.fault('refuseEsl', true, 'nextStart');
  const settings = { ...QUICK_TO_FAIL, timeouts: { request: '5s' } };
  const run = await startRun(cluster, { settings, flags: ['--json', ...more] });
  const began = await run.until('it is secured', stepStarted('secure'));
  // It has seen by now that it is out.
  const asked = cluster.gates.map((gate) => gate.count('dispatcher.list'));
  await until('both proxies were read again', () =>
    cluster.gates.every((gate, index) => gate.count('dispatcher.list') >= (asked[index] ?? 0) + 3),
  );
  for (const [index, proxy] of cluster.proxies.entries())
    if (proxies.includes(`lb-${index + 1}`)) await proxy.reload();
  const mended = (): boolean =>
    only(run.events(), 'drift.detected').filter(({ seq }) => seq > began.seq).length >= proxies.length;
  await until('it is told, and out again', async () => {
    return mended() && (await flags()).every((one) => one === 'DX');
  });
  // What was read of it before it was out again is then the newest reading until the run is over, and no drift of its own.
  if (slow === true) await cluster.gates[0].set({ trouble: { slow: 3_000 }, only: ['dispatcher.list'] });
  // ESL listens: it can be paused now, and the run ends.
  await node.clearFaults();
  const ended = await run.end();
  expect(await table.add(`${what} while its ESL is waited for`, 'out again, paused', ended)).toBe(SECURED);
  expect([ended.exitCode, ended.settled.nodes]).toEqual([7, { 'node-1': 'out of service' }]);
  expect([...driftsOf(ended.events)].sort()).toEqual(
    proxies.map((proxy) => `${proxy}: dispatcher.reload, or somebody set it`),
  );
  expect(ended.settled.next.at(-1)).toMatch(/ activate node-1$/);
});

test('ESL never comes, and lb-1 is reloaded meanwhile: out on both at the end', async () => {
  const [node] = cluster.nodes;
  await node.fault('refuseEsl', true, 'nextStart');
  const run = await startRun(cluster, { settings: QUICK_TO_FAIL });
  await run.until('it is secured', stepStarted('secure'));
  const asked = cluster.gates[0].count('dispatcher.list');
  await until('lb-1 was read again', () => cluster.gates[0].count('dispatcher.list') >= asked + 3);
  await cluster.proxies[0].reload();
  const ended = await run.end();
  const found = await flags();
  // What pauses and marks are can only be read where ESL answers.
  await node.clearFaults();
  expect(await table.add('the same, and its ESL never answers', 'out on both, said not paused', ended)).toBe(
    'lb-1 DX, lb-2 DX; open; 1 restart; no mark',
  );
  expect([found, ended.exitCode]).toEqual([['DX', 'DX'], 7]);
  expect(ended.settled.nodes).toEqual({ 'node-1': 'out of service' });
  expect(only(ended.events, 'drift.detected')).toHaveLength(1);
  const warned = only(ended.events, 'warning').map(({ data }) => data.message);
  expect(warned).toEqual([expect.stringMatching(/^node-1 could not be paused: /)]);
});

test('the node dies in soak, and lb-2 is ignored but answers: out on both', async () => {
  const [node] = cluster.nodes;
  const run = await startRun(cluster, {
    settings: { verify: { minSoak: '10s' } },
    flags: ['--json', '--ignore-proxy', 'lb-2'],
  });
  await run.until('it goes in', stepStarted('activate'));
  await until('it is in', async () => (await flags()).every((one) => one === 'AP'), 30_000);
  await node.kill();
  const ended = await run.end();
  const state = await table.add('killed in soak, lb-2 ignored', 'out on both', ended);
  expect(state).toMatch(/^lb-1 DX, lb-2 DX; paused; /);
  expect([ended.exitCode, ended.settled.nodes]).toEqual([8, { 'node-1': 'out of service' }]);
  expect(ended.settled.error?.message).toMatch(/node-1/);
});
