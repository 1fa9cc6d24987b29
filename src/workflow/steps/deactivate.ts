import { readOut } from '../../domain/drift.ts';
import { FshaError } from '../../domain/errors.ts';
import { takenByAnother } from '../../domain/mark.ts';
import type { Observation } from '../../domain/observation.ts';
import type { BaselineDestination } from '../../domain/run-events.ts';
import {
  anothersMark,
  assertHeld,
  baselineOf,
  disable,
  isMarkFound,
  doEffect,
  isIgnored,
  needsOf,
  ownMark,
  setDestinations,
  type Step,
  type StepContext,
  whereAlone,
} from '../step.ts';
import { claimTurn } from '../claim-turn.ts';
import { freshAmongOthers } from '../fresh-look.ts';
import { noteFight, noteMend, noteStart, recordDrift, setWhereIgnored } from '../out-guard.ts';
import { nodePort } from '../world.ts';

/**
 * Marks the node and, where no other host is changing another one, disables every destination on every proxy; each is read back.
 * Only D holds.
 */
export const deactivate: Step<'deactivate'> = async (context) => {
  const { world, memory } = context;
  await takeMark(context);
  refuseIfAlone(context, await claimTurn(context));
  const { destinations } = baselineOf(context);
  const required = destinations.filter((one) => !isIgnored(context, one));
  await setDestinations(context, required.map(disable));
  await setWhereIgnored(
    context,
    destinations.filter((one) => !required.includes(one)),
  );
  memory.outSince = world.clock.now();
  const observation = await freshAmongOthers(context, needsOf(context));
  assertHeld(context, observation);
  refuseIfAlone(context, observation);
  await holdOut(context, required, observation);
  return 'succeeded';
};

/** Takes the node, where nobody else has taken it since preflight. */
async function takeMark(context: StepContext): Promise<void> {
  const { world, node, signal } = context;
  await world.lock.relieve(node.name, signal);
  const seen = await nodePort(world, node.name).observe('pulse', signal);
  const other = anothersMark(context, seen.mark);
  if (other !== null && !isMarkFound(context, other)) throw takenByAnother(node.name, other, context.run);
  await doEffect(context, {
    effect: 'node.mark',
    target: { node: node.name },
    wanted: ownMark(context, seen),
  });
}

/** Since preflight another run, which this host cannot see, may have taken out the last survivor. */
function refuseIfAlone(context: StepContext, observation: Observation): void {
  const { node } = context;
  const where = whereAlone(context, observation);
  if (where === null) return;
  throw new FshaError(
    'refused',
    `with ${node.name} out nobody is left in ${where}`,
    'It is given back. Try again when another node is in.',
  );
}

/**
 * Seen out everywhere. What somebody enabled meanwhile is disabled once more, until that is called a fight. A proxy that
 * fell silent since its destinations were read back as disabled is the wait's to look after.
 */
async function holdOut(
  context: StepContext,
  required: readonly BaselineDestination[],
  first: Observation,
): Promise<void> {
  const { watcher, memory, signal, world } = context;
  for (let observation = first; ; observation = await watcher.fresh(needsOf(context), signal)) {
    const { drift } = readOut(observation, required, memory.startedAs);
    if (drift.length === 0) return;
    await recordDrift(context, drift);
    for (const one of drift) {
      noteStart(context, observation, one.destination.proxy);
      noteFight(context, one);
    }
    await setDestinations(
      context,
      drift.map(({ destination }) => disable(destination)),
    );
    for (const { destination } of drift) noteMend(context, destination);
    memory.outSince = world.clock.now();
  }
}
