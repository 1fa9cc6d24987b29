/** FLAGS that are not AP everywhere: each proxy gets its own back. On proxies that leave a state as it was set. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { caseTable } from './harness/case-table.ts';
import { waits } from './harness/events-of.ts';
import { finalState, readFinalState } from './harness/final-state.ts';
import { only } from './harness/fsha.ts';
import { oneCall } from './harness/hold-at-node.ts';
import { runFsha } from './harness/fsha.ts';
import { SLOW_ANSWERS } from './harness/quick.ts';
import { type RealCluster, startRealCluster } from './harness/real-cluster.ts';
import { startRun, startWaitingRun, WITH_GATES } from './harness/run-of.ts';

const table = caseTable('undo: flags that differ');

let cluster: RealCluster;

beforeAll(async () => {
  // Mode 2 leaves AP, AX, IX and DX alone; without pings all stay.
  cluster = await startRealCluster({
    ...WITH_GATES,
    settings: SLOW_ANSWERS,
    kamailio: [{ probingMode: 2 }, { pingInterval: 0 }],
  });
});
beforeEach(() => cluster.reset());
afterAll(() => cluster.stop());

/** By an operator's hand. */
async function setBoth(first: string, second: string): Promise<void> {
  const [node] = cluster.nodes;
  await cluster.proxies[0].setState(first, 1, node.destination);
  await cluster.proxies[1].setState(second, 1, node.destination);
}

test.each([
  ['ap', 'a', 'lb-1 AP, lb-2 AX', []],
  ['a', 'ap', 'lb-1 AX, lb-2 AP', []],
  ['ap', 'i', 'lb-1 AP, lb-2 IX', []],
  ['i', 'a', 'lb-1 IX, lb-2 AX', []],
  ['ap', 'tp', 'lb-1 AP, lb-2 TP', []],
  ['d', 'ap', 'lb-1 DX, lb-2 AP', ['--then', 'activate']],
  ['ap', 'd', 'lb-1 AP, lb-2 DX', ['--then', 'activate']],
] as const)('found as %s and %s: given back as %s', async (first, second, found, flags) => {
  await setBoth(first, second);
  expect(await finalState(cluster)).toBe(`${found}; open; no restart; no mark`);
  const run = await startWaitingRun(cluster, { flags: ['--json', ...flags] });
  expect((await readFinalState(cluster)).flags).toEqual({ 'lb-1': 'DX', 'lb-2': 'DX' });
  run.fsha.send('SIGINT');
  const ended = await run.end();
  const state = await finalState(cluster);
  table.add({ case: `found ${found}, Ctrl-C`, did: 'gave it back', state, exit: ended.exitCode });
  expect(ended.exitCode).toBe(130);
  expect(only(ended.events, 'undo.settled')[0]?.data.outcome).toBe('done');
  expect(state).toBe(`${found}; open; no restart; no mark`);
});

test('a node that was found paused stays paused', async () => {
  const [node] = cluster.nodes;
  await setBoth('ap', 'a');
  await oneCall(cluster);
  await node.api('fsctl pause inbound');
  const run = await startRun(cluster, { settings: { drain: { fence: 'early' } } });
  await run.until('it waits', waits);
  run.fsha.send('SIGTERM');
  const ended = await run.end();
  const state = await finalState(cluster);
  table.add({ case: 'found paused, SIGTERM', did: 'left it paused', state, exit: ended.exitCode });
  expect(ended.exitCode).toBe(143);
  expect(state).toBe('lb-1 AP, lb-2 AX; paused; no restart; no mark');
});

test('fsha is killed while it waits, the next drain goes on: at its end the flags are those that were found first', async () => {
  await setBoth('ap', 'a');
  const calls = await oneCall(cluster);
  const config = await cluster.configWith({});
  const first = await startRun(cluster, { config });
  await first.until('it waits', waits);
  first.fsha.send('SIGKILL');
  await first.fsha.done;
  await calls.hangUp();
  const again = await runFsha(['drain', 'node-1', '--no-restart', '--json', '--config', config], 90_000);
  const ended = await first.end();
  const state = await finalState(cluster);
  table.add({
    case: 'killed -9, drained again',
    did: 'flags of the first process',
    state,
    exit: again.exitCode,
  });
  expect(ended.settled.error).toBeUndefined();
  expect(again.exitCode).toBe(0);
  expect(state).toBe('lb-1 AP, lb-2 AX; open; no restart; no mark');
});
