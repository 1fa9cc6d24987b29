/** Drains, restarts and verifies node after node. */
import type { Cluster } from '../domain/cluster.ts';
import { FshaError } from '../domain/errors.ts';
import type { ExitCode } from '../domain/exit-codes.ts';
import type { Observation } from '../domain/observation.ts';
import { planRolling } from '../domain/plan.ts';
import type { RollingPlan } from '../domain/rolling/rolling-plan.ts';
import type { Policy } from '../domain/policy.ts';
import { planBatches, type RollingWish } from '../domain/rolling/batches.ts';
import { guardNow } from '../domain/rolling/guard-now.ts';
import { whyNotBegun } from '../domain/rolling/window.ts';
import { observeAll } from '../workflow/observe-all.ts';
import type { Call } from './command.ts';
import { compose } from './compose.ts';
import { inventoryOf } from './inventory-of.ts';
import { policyOf } from './node-policy.ts';
import { rollingWishOf, windowOf } from './rolling-wish.ts';
import { askForCuts, carryPlanned, type NewRun } from './run-command.ts';

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
    const { plan, guard } = planned(cluster, observation, wish, window, policy);
    const asked = [...guard].map(
      ([name, why]) => [name, whyNotBegun(window, cluster, name, wall) ?? why] as const,
    );
    return { plan, guard: new Map(asked) };
  });
}

/** The order of the nodes, and how many may be out at a time, hang on how everything is now. */
async function observe(call: Call, cluster: Cluster, signal: AbortSignal): Promise<Observation> {
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
): Required<Pick<NewRun, 'plan' | 'guard'>> {
  const { batches, canary, skipped, maxUnavailable } = planBatches(cluster, observation, wish);
  const { pause, maxFailures, headroom, dispatch } = wish.settings;
  const limits = { maxUnavailable, headroom, dispatch };
  const rolling = { batches, canary, limits, pause, maxFailures, window, done: [], skipped };
  return { plan: planRolling(rolling, policy), guard: guardNow(cluster, observation, rolling, policy) };
}
