/** A proxy is restarted, a proxy is reloaded, the node is killed, each in every step of every kind of run. */
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { until } from '../support/until.ts';
import { callElsewhere, faultTable } from './harness/fault-cases.ts';
import { serverExit } from './harness/fault-kinds.ts';
import { readFinalState } from './harness/final-state.ts';
import { FOR_FAULTS } from './harness/fault-quick.ts';
import { startNodeCall } from './harness/fault-call.ts';
import {
  begins,
  cleanRestarts,
  finishStage,
  healStage,
  mayHaveCalls,
  placeName,
  placesOf,
  startStage,
} from './harness/fault-stages.ts';
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

const places = placesOf(inject('recorded')).map((place) => [placeName(place), place] as const);

describe.each(places)('in %s', (name, place) => {
  test.each(TROUBLES.map((trouble) => [trouble.what, trouble] as const))(
    '%s',
    async (what, { hook, endsNode }) => {
      const { stage } = place;
      const elsewhere = await callElsewhere(cluster);
      const call = mayHaveCalls(place) && !endsNode ? await startNodeCall(cluster.nodes[0]) : null;
      const run = await startStage(cluster, stage, {
        moments: [{ when: 'after', key: begins(place), hook }],
      });
      await run.met();
      await call?.hangUp();
      await finishStage(cluster, stage, run);
      await run.fsha.done;
      // Its unit brings it back, where the run ended sooner.
      await until('node-1 is back', async () => /^(open|paused)$/.test((await readFinalState(cluster)).node));
      await healStage(cluster, stage);
      const ended = await run.end();
      // A node that was killed before it was known whether it was restarted has been: it is not done a second time.
      const standsForRestart = endsNode && stage === 'resume';
      await table.judge(`${what} in ${name}`, {
        ended,
        stateDir: run.stateDir,
        elsewhere,
        startsByOthers: endsNode && !standsForRestart ? 1 : 0,
        restartsWhenDone: cleanRestarts(stage),
      });
      expect(ended.exitCode, ended.stderr).toBe(serverExit(place, endsNode));
    },
  );
});
