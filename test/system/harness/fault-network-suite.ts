/** The way to one server in trouble, in every step of a drain. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  callElsewhere,
  faultTable,
  isBeforeZero,
  stepBegins,
  stepBehind,
  STEPS,
  type StepOfDrain,
} from './fault-cases.ts';
import { startNodeCall } from './fault-call.ts';
import type { Moment } from './fault-gate.ts';
import { eventKey } from './fault-orders.ts';
import { type FaultNetwork, startFaultNetwork, type Way } from './fault-network.ts';
import { FOR_FAULTS } from './fault-quick.ts';
import { startFaultRun } from './fault-run.ts';
import { type RealCluster, startRealCluster } from './real-cluster.ts';
import type { TcpFault } from './tcp-faults.ts';

type KindName = 'cut' | 'half-open' | 'corrupt' | 'delay' | 'split' | 'slow';

interface Kind {
  readonly name: KindName;
  readonly fault: TcpFault;
  /** Everything gets there, whole: the drain has to end well. It lasts as long as the step. */
  readonly isHarmless: boolean;
}

const KINDS: readonly Kind[] = [
  { name: 'cut', fault: 'cut', isHarmless: false },
  { name: 'half-open', fault: 'half-open', isHarmless: false },
  { name: 'corrupt', fault: { corrupt: 5 }, isHarmless: false },
  // A look at a node asks some ten questions, one after the other, and has the request timeout for all of them.
  { name: 'delay', fault: { delay: 30 }, isHarmless: true },
  { name: 'split', fault: { split: 'bytes' }, isHarmless: true },
  { name: 'slow', fault: { slow: 8_000 }, isHarmless: true },
];
/** How long what is not harmless lasts: ms. */
const LASTS = 2_000;

export interface NetworkFaults {
  /** As people would call that way: `lb-1’s RPC`. */
  readonly what: string;
  readonly ways: readonly Way[];
  /** How fsha reaches ESL and RPC; default `direct`. */
  readonly via?: 'direct' | 'ssh';
  /** Default all. */
  readonly kinds?: readonly KindName[];
}

export function testNetworkFaults({ what, ways, via = 'direct', kinds }: NetworkFaults): void {
  const wanted = KINDS.filter(({ name }) => kinds?.includes(name) ?? true);
  let cluster: RealCluster;
  let network: FaultNetwork;
  const table = faultTable(`${what} in trouble`, () => cluster);

  beforeAll(async () => {
    cluster = await startRealCluster({ ...FOR_FAULTS, via });
    network = await startFaultNetwork(cluster, via);
  });
  beforeEach(async () => {
    network.end();
    await cluster.reset();
  });
  afterAll(async () => {
    await network.stop();
    await cluster.stop();
  });

  describe.each(STEPS)('%s', (step) => {
    test.each(wanted.map((kind) => [kind.name, kind] as const))('%s', async (name, kind) => {
      const elsewhere = await callElsewhere(cluster);
      const call = isBeforeZero(step) ? await startNodeCall(cluster.nodes[0]) : null;
      const moments = [begin(step, () => network.begin(ways, kind.fault))];
      const behind = stepBehind(step);
      const run = await startFaultRun(cluster, { settings: network.settings, moments });
      await run.met();
      if (kind.isHarmless) {
        await call?.hangUp();
        if (behind !== undefined) {
          await run.until('the next step', (event) => eventKey(event) === stepBegins(behind));
          network.end();
        }
      } else {
        await Promise.race([delay(LASTS), run.fsha.done]);
        network.end();
        await call?.hangUp();
      }
      const ended = await run.end();
      const unmet = network.met() ? '' : ' (nothing went that way)';
      await table.judge(`${name}, from ${step} on${unmet}`, {
        ended,
        stateDir: run.stateDir,
        elsewhere,
      });
      if (kind.isHarmless) expect(ended.exitCode).toBe(0);
    });
  });
}

function begin(step: StepOfDrain, hook: Moment['hook']): Moment {
  return { when: 'after', key: stepBegins(step), hook };
}
