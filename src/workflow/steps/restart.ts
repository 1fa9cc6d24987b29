import { errorInfo, FshaError } from '../../domain/errors.ts';
import type { Observation } from '../../domain/observation.ts';
import { assertHeld, doEffect, needsOf, type Step, type StepContext, whereAlone } from '../step.ts';
import { assertLoggedIn } from '../login-keeper.ts';
import { deadlineOf, readDrain, waitUntilDrained } from './wait-drained.ts';

/** Last look, restart, proof. From the announced restart on there is no way back, only forward. */
export const restart: Step<'restart'> = async (context) => {
  const { node } = context;
  if (context.policy().hold) return 'skipped';
  // The connection was opened at preflight and kept: a login that fails now must fail before the point of no return; and
  // it may take its time, so that what counts is looked at after it.
  await assertLoggedIn(context);
  await lastLook(context);
  if (context.policy().hold) return 'skipped';
  context.watcher.setPace(node.name, 500, 'pulse');
  try {
    await doEffect(context, {
      effect: 'node.restart',
      target: { node: node.name },
      wanted: node.restart.command,
    });
  } finally {
    context.watcher.setPace(node.name, context.policy().poll, 'pulse');
  }
  // What this restart gave it is the one that has to be verified and brought back in, and no later one.
  const proof = context.soFar().effects.findLast(({ intent }) => intent.effect === 'node.restart')?.settled;
  context.memory.coreUuid = proof?.effect === 'node.restart' ? proof.read : null;
  return 'succeeded';
};

/**
 * Count, destinations, survivors and database, once more: minutes or hours have passed since preflight. A database that
 * does not answer holds the restart back until it does, or until the deadline.
 */
async function lastLook(context: StepContext): Promise<void> {
  const { world, watcher, signal, record, node, step } = context;
  let said = '';
  for (let attempt = 1; ; attempt += 1) {
    const observation = await watcher.fresh({ ...needsOf(context), nodes: [...world.nodes.keys()] }, signal);
    assertHeld(context, observation);
    if (!isStillDrained(context, observation)) {
      await waitUntilDrained(context);
      await assertLoggedIn(context);
      continue;
    }
    const alone = aloneNow(context, observation);
    if (alone !== null) throw alone;
    const why = whyDatabaseIsDown(context, observation);
    if (why === null) return;
    const held = `${node.name} is drained, but its core database does not answer (${why}): FreeSWITCH would not come up again`;
    const hint = 'Mend the database, or --force database.';
    const deadline = deadlineOf(context);
    if (deadline !== null && world.clock.now() >= deadline) throw new FshaError('drain.expired', held, hint);
    if (why !== said) {
      const error = errorInfo(new FshaError('refused', held, hint));
      await record({ type: 'step.retrying', node: node.name, step, data: { attempt, error } });
    }
    said = why;
    await world.clock.sleep(context.policy().poll, signal);
  }
}

function isStillDrained(context: StepContext, observation: Observation): boolean {
  const reading = readDrain(context, observation);
  const { outSince, drainedOut } = context.memory;
  return (
    // Not out all the time since it was drained: an INVITE that came in meanwhile may still be on its way.
    outSince === drainedOut &&
    reading.sessions.known &&
    reading.sessions.value === 0 &&
    reading.drift.length === 0 &&
    reading.unknown.length === 0
  );
}

function whyDatabaseIsDown(context: StepContext, observation: Observation): string | null {
  if (context.policy().force.includes('database')) return null;
  const calls = observation.nodes[context.node.name]?.calls;
  if (calls === undefined) return 'it was not read';
  return calls.known ? null : calls.why;
}

/** A node that has become the only one is given back at once: it is well, and nobody else takes the calls. */
function aloneNow(context: StepContext, observation: Observation): FshaError | null {
  const { node } = context;
  const where = whereAlone(context, observation);
  if (where === null) return null;
  return new FshaError(
    'refused',
    `${node.name} is drained, but nobody else is left in ${where}`,
    'It was given back, since it is the only one now. Bring another node in first.',
  );
}
