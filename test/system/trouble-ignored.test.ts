/** A proxy named by --ignore-proxy that answers: what somebody set there before is not fsha's to change. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { troubleTable } from './harness/case-table.ts';
import { finalState, flagsOf } from './harness/final-state.ts';
import { SLOW_ANSWERS } from './harness/quick.ts';
import { type RealCluster, startRealCluster } from './harness/real-cluster.ts';
import { startWaitingRun, WITH_GATES } from './harness/run-of.ts';

let cluster: RealCluster;
const table = troubleTable('an ignored proxy that answers', () => cluster);

beforeAll(async () => {
  // Mode 2 leaves IX alone.
  cluster = await startRealCluster({
    ...WITH_GATES,
    settings: SLOW_ANSWERS,
    kamailio: [{ probingMode: 1 }, { probingMode: 2 }],
  });
});
beforeEach(() => cluster.reset());
afterAll(() => cluster.stop());

const FOUND = 'lb-1 AP, lb-2 IX';

async function disableOnSecond(): Promise<void> {
  await cluster.proxies[1].setState('i', 1, cluster.nodes[0].destination);
  expect(await finalState(cluster)).toBe(`${FOUND}; open; no restart; no mark`);
}

test.each([
  { how: 'not restarted', flags: ['--no-restart'], restarts: 'no restart' },
  { how: 'restarted', flags: [], restarts: '1 restart' },
])('found IX on it, $how: IX at the end', async ({ how, flags, restarts }) => {
  await disableOnSecond();
  const run = await startWaitingRun(cluster, { flags: ['--json', '--ignore-proxy', 'lb-2', ...flags] });
  expect(await flagsOf(cluster)).toEqual({ 'lb-1': 'DX', 'lb-2': 'DX' });
  await run.call.hangUp();
  const ended = await run.end();
  expect(await table.add(`found IX on an ignored proxy, ${how}`, 'gave it back as IX', ended)).toBe(
    `${FOUND}; open; ${restarts}; no mark`,
  );
  expect(ended.exitCode).toBe(0);
});

test('found IX on it, Ctrl-C: IX at the end', async () => {
  await disableOnSecond();
  const run = await startWaitingRun(cluster, { flags: ['--json', '--ignore-proxy', 'lb-2'] });
  run.fsha.send('SIGINT');
  const ended = await run.end();
  expect(await table.add('found IX on an ignored proxy, Ctrl-C', 'gave it back as IX', ended)).toBe(
    `${FOUND}; open; no restart; no mark`,
  );
  expect(ended.exitCode).toBe(130);
});
