/** Who did it, and whose node it is: a proxy that lies is nobody who fights, and another run's node is not given back. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { troubleTable } from './harness/case-table.ts';
import { driftsOf, waits } from './harness/events-of.ts';
import { finalState } from './harness/final-state.ts';
import { SLOW_ANSWERS } from './harness/quick.ts';
import { type RealCluster, startRealCluster } from './harness/real-cluster.ts';
import type { GateRequest } from './harness/rpc-gate.ts';
import { startRun, startWaitingRun, WITH_GATES } from './harness/run-of.ts';

const AS_FOUND = 'lb-1 AP, lb-2 AP; open; no restart; no mark';
const BACK_IN = 'lb-1 AP, lb-2 AP; open; 1 restart; no mark';

let cluster: RealCluster;
const table = troubleTable('Proxies that lie, and other runs', () => cluster);

beforeAll(async () => {
  cluster = await startRealCluster({ ...WITH_GATES, settings: SLOW_ANSWERS });
});
beforeEach(() => cluster.reset());
afterAll(() => cluster.stop());

test.each(['lie', 'empty'] as const)(
  'a reload, and lb-1 no longer does what it is told (%s): named, and not taken for a fight',
  async (trouble) => {
    const run = await startWaitingRun(cluster);
    await cluster.gates[0].set({
      trouble,
      only: ['dispatcher.set_state', 'dispatcher.set_duid_state'],
    });
    await cluster.proxies[0].reload();
    const ended = await run.end();
    const { exitCode, settled, events } = ended;
    const what = `a reload, then lb-1 answers "${trouble}" for good`;
    // The reload has made lb-1 what was found; lb-2 has to be given back.
    expect(await table.add(what, 'named lb-1, gave it back', ended)).toBe(AS_FOUND);
    expect([exitCode, settled.nodes]).toEqual([12, { 'node-1': 'in service' }]);
    expect(settled.error?.code).not.toBe('drain.drift');
    expect(settled.error?.message).toMatch(/lb-1/);
    expect(settled.error?.message).not.toMatch(/again and again/);
    expect(settled.error?.hint).not.toMatch(/Find who/);
    expect([...new Set(driftsOf(events))]).toEqual(['lb-1: dispatcher.reload, or somebody set it']);
    expect(run.call.up()).toEqual(['1000']);
  },
);

test('another run took the node, and this one is stopped before it has seen that: nothing is enabled', async () => {
  const first = await startWaitingRun(cluster, { settings: { drain: { poll: '1m' } } });
  // From another host, as it were: a state directory of its own.
  const flags = ['--json', '--force', 'mark', '--then', 'activate'];
  const second = await startRun(cluster, { flags });
  await second.until('it waits', waits);
  const mark = await cluster.nodes[0].api('global_getvar fsha_run');
  for (const gate of cluster.gates) gate.forget();
  first.fsha.send('SIGINT');
  const gaveWay = await first.end();
  const what = 'another run took it by --force mark, Ctrl-C';
  const state = await table.add(what, 'left all to the other', gaveWay);
  expect(cluster.gates.flatMap((gate) => gate.requests().filter(enables))).toEqual([]);
  expect(state).toBe('lb-1 DX, lb-2 DX; open; no restart; marked');
  expect(await cluster.nodes[0].api('global_getvar fsha_run')).toBe(mark);
  expect(gaveWay.exitCode).toBe(4);
  expect(gaveWay.settled.nodes).not.toEqual({ 'node-1': 'in service' });
  await first.call.hangUp();
  const ended = await second.end();
  expect(driftsOf(ended.events)).toEqual([]);
  expect([ended.exitCode, await finalState(cluster)]).toEqual([0, BACK_IN]);
});

function enables({ method, params }: GateRequest): boolean {
  return method.startsWith('dispatcher.set_') && !String(params[0]).startsWith('d');
}
