/** Drains, restarts and verifies node after node. */
import type { Cluster } from '../domain/cluster.ts';
import { FshaError } from '../domain/errors.ts';
import type { ExitCode } from '../domain/exit-codes.ts';
import type { Observation } from '../domain/observation.ts';
import { type Plan, planRolling } from '../domain/plan.ts';
import type { RollingPlan } from '../domain/rolling/rolling-plan.ts';
import type { Policy } from '../domain/policy.ts';
import { planBatches, type RollingWish } from '../domain/rolling/batches.ts';
import { foresee } from '../domain/rolling/foresee.ts';
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
  if (policy.foundDisabled === 'leave')
    throw new FshaError(
      'usage',
      '--then leave is not for rolling: a node that stays out takes the place of the next one',
      'Take --then activate, or drain that node by itself.',
    );
  await askForCuts(call, wish.nodes.join(', '), policy);
  const command = `rolling ${call.options['all'] === true ? '--all' : wish.nodes.join(' ')}`;
  return carryPlanned(call, cluster, { policy, command }, async (signal) => {
    const observation = await observe(call, cluster, signal);
    const wall = call.host.clock.wall();
    const plan = planned(cluster, observation, wish, window, policy);
    return {
      plan,
      foresee: (refused) => foresee({ cluster, observation, plan, policy, wall }, refused),
    };
  });
}

/** The order of the nodes, and how many may be out at a time, hang on how everything is now. */
export async function observe(call: Call, cluster: Cluster, signal: AbortSignal): Promise<Observation> {
  const { world, close } = compose(cluster, call);
  try {
    return await observeAll(world, 'pulse', signal);
  } finally {
    await close();
  }
}

function planned(
  cluster: Cluster,
  observation: Observation,
  wish: RollingWish,
  window: RollingPlan['window'],
  policy: Policy,
): Plan {
  const { batches, canary, skipped, maxUnavailable } = planBatches(cluster, observation, wish);
  const { pause, maxFailures, headroom, dispatch } = wish.settings;
  const limits = { maxUnavailable, headroom, dispatch };
  return planRolling({ batches, canary, limits, pause, maxFailures, window, done: [], skipped }, policy);
}
