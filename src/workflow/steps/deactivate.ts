import { readOut } from '../../domain/drift.ts';
import type { Effect } from '../../domain/effect.ts';
import { FshaError } from '../../domain/errors.ts';
import { writeMark } from '../../domain/mark.ts';
import { setsWithoutSurvivor } from '../../domain/preflight/survivors.ts';
import type { BaselineDestination } from '../../domain/run-events.ts';
import { baselineOf, doEffect, needsOf, setDestinations, type Step, type StepContext } from '../step.ts';

/** Marks the node and disables every destination on every proxy; each is read back. Only D holds. */
export const deactivate: Step<'deactivate'> = async (context) => {
  const { world, watcher, node, run, who, policy, memory, signal } = context;
  await doEffect(context, {
    effect: 'node.mark',
    target: { node: node.name },
    wanted: writeMark(run, who, world.clock.wall()),
  });
  const { destinations } = baselineOf(context);
  await setDestinations(
    context,
    destinations.filter((one) => !policy.ignoreProxies.includes(one.proxy)).map(disable),
  );
  await disableWhereIgnored(
    context,
    destinations.filter((one) => policy.ignoreProxies.includes(one.proxy)),
  );
  memory.outSince = world.clock.now();

  // Another run, which this host cannot see, may have taken out the last survivor in the same moment.
  const needs = { ...needsOf(context), nodes: [...world.nodes.keys()] };
  const observation = await watcher.fresh(needs, signal);
  const empty = setsWithoutSurvivor({ cluster: world.cluster, node, observation });
  if (empty.length > 0 && !policy.force.includes('survivors')) {
    const where = empty.map(({ proxy, set }) => `set ${set} of ${proxy}`).join(', ');
    throw new FshaError(
      'refused',
      `with ${node.name} out nobody is left in ${where}: another was taken out at the same time`,
      'It was given back. Try again when the other one is back in.',
    );
  }
  const out = readOut(
    observation,
    destinations.filter((one) => needs.proxies.includes(one.proxy)),
    memory.startedAs,
  );
  if (out.unknown.length > 0) {
    throw new FshaError(
      'effect.unknown',
      `whether ${node.name} is out everywhere is unknown: ${out.unknown.join('; ')}`,
      'Mend what cannot be read there.',
    );
  }
  return 'succeeded';
};

/** The effect that takes a destination out. */
export function disable({
  proxy,
  set,
  uri,
  duid,
}: BaselineDestination): Effect & { effect: 'dispatcher.state' } {
  return { effect: 'dispatcher.state', target: { proxy, set, uri, duid }, wanted: 'd' };
}

/** A proxy that may be ignored is tried all the same; what fails there is recorded, and does not stop the run. */
export async function disableWhereIgnored(
  context: StepContext,
  destinations: readonly BaselineDestination[],
): Promise<void> {
  for (const destination of destinations) {
    try {
      await doEffect(context, disable(destination));
    } catch (error) {
      if (context.signal.aborted || !(error instanceof FshaError)) throw error;
    }
  }
}
