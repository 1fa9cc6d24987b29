import { afterEach, expect, test } from 'vitest';
import { readEvents, runFsha } from './harness/fsha.ts';
import { type RealCluster, startRealCluster } from './harness/real-cluster.ts';

let cluster: RealCluster | undefined;

afterEach(async () => {
  await cluster?.stop();
  cluster = undefined;
});

test('the same URI twice in a set: both are taken out and brought back, each by its duid', async () => {
  cluster = await startRealCluster({ via: 'direct', jump: false, twins: 'by duid' });
  const run = await runFsha(['drain', 'node-1', '--json', '--config', cluster.configFile], 120_000);
  expect(run.stderr).toBe('');
  expect(run.exitCode).toBe(0);
  const changes = readEvents(run.stdout).flatMap((event) =>
    event.type === 'effect.settled' && event.data.effect === 'dispatcher.state'
      ? [
          `${event.data.target.proxy} ${event.data.target.duid ?? 'no duid'} ${event.data.outcome} ${event.step ?? ''}`,
        ]
      : [],
  );
  const each = ['lb-1', 'lb-2'].flatMap((proxy) => ['node-1', 'twin'].map((duid) => `${proxy} ${duid} done`));
  expect(changes.filter((one) => one.endsWith('/deactivate')).sort()).toEqual(
    each.map((one) => `${one} node-1/deactivate`),
  );
  // The one that Kamailio's pings do not reach takes two: `ip`, and later `a`.
  const brought = new Set(changes.filter((one) => one.endsWith('/activate')));
  expect([...brought].sort()).toEqual(each.map((one) => `${one} node-1/activate`));
  for (const list of await cluster.flags()) expect(Object.values(list).join()).toMatch(/^A.,A.$/);
});

test('the same URI twice in a set, named by its URI: refused, since set_state would change the first one only', async () => {
  cluster = await startRealCluster({ via: 'direct', jump: false, twins: 'by uri' });
  const run = await runFsha(['drain', 'node-1', '--config', cluster.configFile], 60_000);
  expect(run.exitCode).toBe(3);
  expect(run.stdout).toMatch(/destinations: .*2 times/);
  for (const list of await cluster.flags()) expect(Object.values(list).join()).not.toContain('D');
});
