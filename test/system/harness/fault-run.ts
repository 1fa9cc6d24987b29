/** Runs of fsha in which something is done in a moment of theirs. */
import type { RealCluster } from './real-cluster.ts';
import { type Moment, startEventGate } from './fault-gate.ts';
import { type FaultOrder, ORDERS } from './fault-orders.ts';
import { type EndedRun, type RunOf, type RunOptions, startRun, whileItRuns } from './run-of.ts';

export interface FaultOptions extends RunOptions {
  readonly moments?: readonly Moment[];
  readonly orders?: readonly FaultOrder[];
}

export interface FaultRun extends RunOf {
  /** Resolves when what was to be done in its moments is done. @throws when fsha ends before that, or it could not be done */
  readonly met: () => Promise<void>;
  /** Where nobody waits for its end by `end`, since it has none. */
  readonly stop: () => Promise<void>;
}

/** `fsha drain node-1 --json` by the launcher and `fault-main.ts`, in a state directory of its own unless `config` is told. */
export async function startFaultRun(cluster: RealCluster, options: FaultOptions = {}): Promise<FaultRun> {
  const { moments = [], orders = [], env, ...rest } = options;
  const gate = await startEventGate(cluster.directory, moments);
  const run = await startRun(cluster, { ...rest, env: { ...env, ...faultEnv([...gate.orders, ...orders]) } });
  const end = async (): Promise<EndedRun> => {
    try {
      return await run.end();
    } finally {
      await gate.stop();
    }
  };
  return {
    ...run,
    end,
    stop: () => gate.stop(),
    async met() {
      await whileItRuns(run.fsha, 'its moment', () => gate.met());
    },
  };
}

/** @throws where the set-up of the project `faults` has not run */
export function faultEnv(orders: readonly FaultOrder[]): Readonly<Record<string, string>> {
  const dist = process.env['FSHA_FAULT_DIST'];
  if (dist === undefined) throw new Error('FSHA_FAULT_DIST is not set: fault-setup.ts sets it');
  return { FSHA_DIST: dist, [ORDERS]: JSON.stringify(orders) };
}
