import { FshaError } from '../../domain/errors.ts';
import type { Observation } from '../../domain/observation.ts';
import { whyCrowded } from '../crowded.ts';
import { freshAmongOthers } from '../fresh-look.ts';
import { mayPass } from '../insist.ts';
import { assertLoggedIn } from '../login-keeper.ts';
import { untilFree } from '../restart-under-way.ts';
import { Retries } from '../retries.ts';
import { assertHeld, doEffect, needsOf, type Step, type StepContext, whereAlone } from '../step.ts';
import { deadlineOf, readDrain, waitUntilDrained } from './wait-drained.ts';

/** Last look, restart, proof. From the announced restart on there is no way back, only forward. */
export const restart: Step<'restart'> = async (context) => {
  if (context.memory.isRestarted) return 'skipped';
  const retry = new Retries(context);
  do {
    if (context.policy().hold) return 'skipped';
    // The connection was opened at preflight and kept: a login that fails now must fail before the point of no return;
    // and it may take its time, so that what counts is looked at after it.
    await assertLoggedIn(context);
    await untilFree(context);
    await lastLook(context, retry);
    if (context.policy().hold) return 'skipped';
  } while (!(await restartIfEmpty(context, retry)));
  // What this restart gave it is the one that has to be verified and brought back in, and no later one.
  const proof = context.soFar().effects.findLast(({ intent }) => intent.effect === 'node.restart')?.settled;
  context.memory.coreUuid = proof?.effect === 'node.restart' ? proof.read : null;
  return 'succeeded';
};

/**
 * The effect looks at the node itself, last of all. Where it is not seen empty there, nothing was done, announced or not, and
 * its calls are waited for as before.
 * @returns whether it was restarted
 */
async function restartIfEmpty(context: StepContext, retry: Retries): Promise<boolean> {
  const { node, watcher, policy, memory } = context;
  watcher.setPace(node.name, 500, 'pulse');
  memory.rolling?.emptied.add(node.name);
  try {
    const wanted = node.restart.command;
    await doEffect(context, { effect: 'node.restart', target: { node: node.name }, wanted });
    return true;
  } catch (error) {
    // Only one that was sent can be unknown, or `restart.failed`; all else was in the way before.
    if (!mayPass(error) || error.code === 'effect.unknown') throw error;
    memory.rolling?.emptied.delete(node.name);
    await retry.tell(error);
  } finally {
    watcher.setPace(node.name, policy().poll, 'pulse');
  }
  await waitUntilDrained(context);
  return false;
}

/**
 * Count, destinations, survivors and database, once more: minutes or hours have passed since preflight. A database that
 * does not answer holds the restart back until it does, until the deadline, or until a person holds the node.
 */
async function lastLook(context: StepContext, retry: Retries): Promise<void> {
  const { world, watcher, signal, node } = context;
  for (;;) {
    const observation = await seenDrained(context);
    if (observation === null) {
      await waitUntilDrained(context);
      if (context.policy().hold) return;
      await assertLoggedIn(context);
      continue;
    }
    if (context.policy().hold) return;
    const alone = aloneNow(context, observation);
    if (alone !== null) throw alone;
    const held = whyHeldBack(context, observation);
    if (held === null) return;
    const deadline = deadlineOf(context);
    if (deadline !== null && world.clock.now() >= deadline)
      throw new FshaError('drain.expired', held.message, held.hint);
    await retry.tell(held);
    // The next poll, which a person's wish brings forward.
    const read = observation.nodes[node.name]?.at ?? world.clock.now();
    await watcher.since(read + 0.001, { nodes: [node.name], proxies: [] }, signal);
  }
}

/**
 * Two looks. The first is at every node, since the others have to take the calls; one that is silent makes it long, and
 * what was read of this one at its beginning is old by then. So this one and its proxies are looked at once more.
 * @returns what was seen last; null where it is not drained any more
 */
async function seenDrained(context: StepContext): Promise<Observation | null> {
  const { watcher, signal } = context;
  const own = needsOf(context);
  const first = await freshAmongOthers(context, own);
  assertHeld(context, first);
  if (!isStillDrained(context, first)) return null;
  const last = await watcher.fresh(own, signal);
  assertHeld(context, last);
  return isStillDrained(context, last) ? last : null;
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

/** What a restart waits for, although the node is drained; null: nothing. */
function whyHeldBack(context: StepContext, observation: Observation): FshaError | null {
  const { node } = context;
  const why = whyDatabaseIsDown(context, observation);
  if (why !== null)
    return new FshaError(
      'refused',
      `${node.name} is drained, but its core database does not answer (${why}): FreeSWITCH would not come up again`,
      'Mend the database, or --force database.',
    );
  const crowded = whyCrowded(context, observation);
  if (crowded === null) return null;
  return new FshaError(
    'refused',
    `${node.name} is drained, but it may be needed: ${crowded}`,
    'It is restarted when the others have room again.',
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
    'drain.needed',
    `${node.name} is drained, but nobody else is left in ${where}`,
    'It was given back, since it is the only one now. Bring another node in first.',
  );
}
