import { errorInfo, FshaError } from '../../domain/errors.ts';
import type { Observation } from '../../domain/observation.ts';
import { setsWithoutSurvivor } from '../../domain/preflight/survivors.ts';
import { doEffect, needsOf, type Step, type StepContext } from '../step.ts';
import { hostPort } from '../world.ts';
import { readDrain, waitUntilDrained } from './wait-drained.ts';

/** Last look, restart, proof. From the announced restart on there is no way back, only forward. */
export const restart: Step<'restart'> = async (context) => {
  const { world, node, signal } = context;
  await lastLook(context);
  // The connection was opened at preflight and kept: a login that fails now must fail before the point of no return.
  await hostPort(world, node.name).login(signal);
  context.watcher.setPace(node.name, 500, 'pulse');
  try {
    await doEffect(context, {
      effect: 'node.restart',
      target: { node: node.name },
      wanted: node.restart.command,
    });
  } finally {
    context.watcher.setPace(node.name, context.policy.poll, 'pulse');
  }
  return 'succeeded';
};

/** Count, destinations, database and survivors, once more: minutes or hours have passed since preflight. */
async function lastLook(context: StepContext): Promise<void> {
  const { world, watcher, policy, signal, record, node, step } = context;
  for (let attempt = 1; ; attempt += 1) {
    const observation = await watcher.fresh({ ...needsOf(context), nodes: [...world.nodes.keys()] }, signal);
    if (!isStillDrained(context, observation)) {
      await waitUntilDrained(context);
      continue;
    }
    const problem = problemOf(context, observation);
    if (problem === null) return;
    if (problem.code === 'refused' && attempt >= 3) throw problem;
    await record({
      type: 'step.retrying',
      node: node.name,
      step,
      data: { attempt, error: errorInfo(problem) },
    });
    await world.clock.sleep(policy.poll, signal);
  }
}

function isStillDrained(context: StepContext, observation: Observation): boolean {
  const reading = readDrain(context, observation);
  return (
    reading.sessions.known &&
    reading.sessions.value === 0 &&
    reading.drift.length === 0 &&
    reading.unknown.length === 0
  );
}

function problemOf(context: StepContext, observation: Observation): FshaError | null {
  const { world, node, policy } = context;
  const seen = observation.nodes[node.name];
  if (seen?.calls.known !== true && !policy.force.includes('database')) {
    const why = seen === undefined || seen.calls.known ? 'it was not read' : seen.calls.why;
    return new FshaError(
      'refused',
      `${node.name} is empty, but its core database does not answer (${why}): it would not come up again`,
      'Mend the database and try again, or --force database.',
    );
  }
  const empty = setsWithoutSurvivor({ cluster: world.cluster, node, observation });
  if (empty.length > 0 && !policy.force.includes('survivors')) {
    const where = empty
      .map(({ proxy, set, why }) => `set ${set} of ${proxy}${why === '' ? '' : ` (${why})`}`)
      .join(', ');
    return new FshaError(
      'refused',
      `${node.name} is empty, but nobody is left in ${where}`,
      'It was given back, since it is the only one now.',
    );
  }
  return null;
}
