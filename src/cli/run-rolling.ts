/** Drains, restarts and verifies node after node. */
import type { Cluster } from '../domain/cluster.ts';
import type { ExitCode } from '../domain/exit-codes.ts';
import type { Observation } from '../domain/observation.ts';
import { type Plan, planRolling } from '../domain/plan.ts';
import { planBatches } from '../domain/rolling/batches.ts';
import { observeAll } from '../workflow/observe-all.ts';
import type { Call } from './command.ts';
import { compose } from './compose.ts';
import { inventoryOf } from './inventory-of.ts';
import { policyOf } from './node-policy.ts';
import { rollingWishOf, windowOf } from './rolling-wish.ts';
import { askForCuts, carryPlanned } from './run-command.ts';

export async function runRolling(call: Call): Promise<ExitCode> {
  const cluster = await inventoryOf(call);
  const wish = rollingWishOf(call, cluster);
  const window = await windowOf(call);
  const policy = policyOf(cluster, call);
  await askForCuts(call, wish.nodes.join(', '), policy);
  const plan = (observation: Observation): Plan => {
    const { batches, skipped, maxUnavailable } = planBatches(cluster, observation, wish);
    const { pause, maxFailures, headroom, dispatch } = wish.settings;
    const limits = { maxUnavailable, headroom, dispatch };
    return planRolling({ batches, limits, pause, maxFailures, window, done: [], skipped }, policy);
  };
  const command = `rolling ${call.options['all'] === true ? '--all' : wish.nodes.join(' ')}`;
  return carryPlanned(call, cluster, { policy, command }, (signal) =>
    lookAndPlan(call, cluster, plan, signal),
  );
}

/** The order of the nodes, and how many at a time, hang on how they are now. */
async function lookAndPlan(
  call: Call,
  cluster: Cluster,
  plan: (observation: Observation) => Plan,
  signal: AbortSignal,
): Promise<Plan> {
  const { world, close } = compose(cluster, call.host);
  try {
    return plan(await observeAll(world, 'pulse', signal));
  } finally {
    await close();
  }
}
