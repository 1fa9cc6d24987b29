/** A proxy is restarted, a proxy is reloaded, the node is killed, each in every step of a drain. */
import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest';
import { until } from '../support/until.ts';
import { callElsewhere, faultTable, isBeforeZero, stepBegins, STEPS } from './harness/fault-cases.ts';
import { readFinalState } from './harness/final-state.ts';
import { FOR_FAULTS } from './harness/fault-quick.ts';
import { startFaultRun } from './harness/fault-run.ts';
import { startNodeCall } from './harness/fault-call.ts';
import { type RealCluster, startRealCluster } from './harness/real-cluster.ts';

let cluster: RealCluster;
const table = faultTable('Servers that are restarted in every step', () => cluster);

beforeAll(async () => {
  cluster = await startRealCluster(FOR_FAULTS);
});
beforeEach(() => cluster.reset());
afterAll(() => cluster.stop());

interface Trouble {
  readonly what: string;
  readonly hook: () => Promise<unknown>;
  /** Whether it takes the calls of node-1 with it, and starts it anew. */
  readonly endsNode: boolean;
}

const TROUBLES: readonly Trouble[] = [
  {
    what: 'lb-1 is reloaded',
    // Kamailio refuses a second one within a few seconds.
    hook: () => until('lb-1 is reloaded', () => cluster.proxies[0].reload().then(() => true)),
    endsNode: false,
  },
  { what: 'lb-2 is restarted', hook: () => cluster.proxies[1].restart(), endsNode: false },
  { what: 'node-1 is killed', hook: () => cluster.nodes[0].kill(), endsNode: true },
];

describe.each(STEPS)('in %s', (step) => {
  test.each(TROUBLES.map((trouble) => [trouble.what, trouble] as const))(
    '%s',
    async (what, { hook, endsNode }) => {
      const elsewhere = await callElsewhere(cluster);
      const call = isBeforeZero(step) && !endsNode ? await startNodeCall(cluster.nodes[0]) : null;
      const run = await startFaultRun(cluster, { moments: [{ when: 'after', key: stepBegins(step), hook }] });
      await run.met();
      await call?.hangUp();
      const ended = await run.end();
      // Its unit brings it back, where the run ended sooner.
      await until('node-1 is back', async () => /^(open|paused)$/.test((await readFinalState(cluster)).node));
      await table.judge(`${what} in ${step}`, {
        ended,
        stateDir: run.stateDir,
        elsewhere,
        startsByOthers: endsNode ? 1 : 0,
      });
    },
  );
});
