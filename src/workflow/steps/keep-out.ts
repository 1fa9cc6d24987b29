import { foundDestinations } from '../../domain/baseline.ts';
import { destinationKey } from '../../domain/drift.ts';
import { setWhereIgnored } from '../out-guard.ts';
import { destinationsOf, disable, isIgnored, needsOf, setDestinations, type Step } from '../step.ts';

/**
 * Out again, where an earlier process left it: whatever was enabled since is disabled, what is listed only since then too, and
 * from here on the guard keeps it so. The node itself is not asked: it may be down.
 */
export const keepOut: Step<'keep_out'> = async (context) => {
  const { world, watcher, memory, signal, node } = context;
  const observation = await watcher.fresh({ ...needsOf(context), nodes: [] }, signal);
  const before = destinationsOf(context);
  const known = new Set(before.map(destinationKey));
  const since = foundDestinations(world.cluster, node, observation).filter(
    (one) => !known.has(destinationKey(one)),
  );
  const all = [...before, ...since];
  await setDestinations(context, all.filter((one) => !isIgnored(context, one)).map(disable));
  await setWhereIgnored(
    context,
    all.filter((one) => isIgnored(context, one)),
  );
  await world.lock.relieve(node.name, signal);
  memory.outSince = world.clock.now();
  return 'succeeded';
};
