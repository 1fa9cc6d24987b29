import { destinationKey, type Drift, readOut } from '../../domain/drift.ts';
import type { Effect } from '../../domain/effect.ts';
import { FshaError } from '../../domain/errors.ts';
import { takenByAnother } from '../../domain/mark.ts';
import type { Observation } from '../../domain/observation.ts';
import { setsWithoutSurvivor } from '../../domain/preflight/survivors.ts';
import type { BaselineDestination } from '../../domain/run-events.ts';
import {
  assertHeld,
  baselineOf,
  doEffect,
  isOwn,
  needsOf,
  ownMark,
  setDestinations,
  type Step,
  type StepContext,
} from '../step.ts';
import { nodePort } from '../world.ts';

/** Marks the node and disables every destination on every proxy; each is read back. Only D holds. */
export const deactivate: Step<'deactivate'> = async (context) => {
  const { world, watcher, policy, memory, signal } = context;
  await takeMark(context);
  const { destinations } = baselineOf(context);
  const required = destinations.filter((one) => !policy.ignoreProxies.includes(one.proxy));
  await setDestinations(context, required.map(disable));
  await disableWhereIgnored(
    context,
    destinations.filter((one) => !required.includes(one)),
  );
  memory.outSince = world.clock.now();
  const needs = { ...needsOf(context), nodes: [...world.nodes.keys()] };
  const observation = await watcher.fresh(needs, signal);
  assertHeld(context, observation);
  refuseIfAlone(context, observation);
  await holdOut(context, required, observation);
  return 'succeeded';
};

/** Takes the node, where nobody else has taken it since preflight. */
async function takeMark(context: StepContext): Promise<void> {
  const { world, node, memory, signal } = context;
  const mark = (await nodePort(world, node.name).observe('pulse', signal)).mark;
  if (mark.known && mark.value !== null && mark.value !== memory.markFound && !isOwn(mark.value, context)) {
    throw takenByAnother(node.name, mark.value);
  }
  await doEffect(context, { effect: 'node.mark', target: { node: node.name }, wanted: ownMark(context) });
}

/** Since preflight another run, which this host cannot see, may have taken out the last survivor. */
function refuseIfAlone(context: StepContext, observation: Observation): void {
  const { world, node, policy } = context;
  const empty = setsWithoutSurvivor({ cluster: world.cluster, node, observation });
  if (empty.length === 0 || policy.force.includes('survivors')) return;
  const where = empty
    .map(({ proxy, set, why }) => `set ${set} of ${proxy}${why === '' ? '' : ` (${why})`}`)
    .join(', ');
  throw new FshaError(
    'refused',
    `with ${node.name} out nobody is left in ${where}`,
    'It is given back. Try again when another node is in.',
  );
}

/** Seen out everywhere; what somebody enabled in the meantime is disabled once more before that is called a fight. */
async function holdOut(
  context: StepContext,
  required: readonly BaselineDestination[],
  observation: Observation,
): Promise<void> {
  const { node, watcher, memory, signal } = context;
  const out = readOut(observation, required, memory.startedAs);
  if (out.unknown.length > 0) {
    throw new FshaError(
      'effect.unknown',
      `whether ${node.name} is out everywhere is unknown: ${out.unknown.join('; ')}`,
      'Mend what cannot be read there.',
    );
  }
  if (out.drift.length === 0) return;
  await recordDrift(context, out.drift);
  await setDestinations(
    context,
    out.drift.map(({ destination }) => disable(destination)),
  );
  const again = readOut(await watcher.fresh(needsOf(context), signal), required, memory.startedAs);
  const [first] = again.drift;
  if (first === undefined) return;
  throw new FshaError(
    'drain.drift',
    `${node.name} was enabled again at once: ${destinationKey(first.destination)} shows ${first.now} (${first.cause})`,
    'Find who sets it (a script, a timer, another tool) and stop that first.',
  );
}

/** Says what somebody changed. */
export async function recordDrift(context: StepContext, drift: readonly Drift[]): Promise<void> {
  const { node, step, record } = context;
  for (const { destination, now, cause } of drift) {
    const data = { target: destinationKey(destination), before: 'DX', now, cause };
    await record({ type: 'drift.detected', node: node.name, step, data });
  }
}

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
