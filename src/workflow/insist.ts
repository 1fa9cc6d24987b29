/**
 * Effects on a node whose ESL, or a proxy whose RPC, is in trouble for a moment. A look that fails has changed nothing, and is made again; a
 * command is given again only where a look proved that it was not carried out.
 */
import type { Effect } from '../domain/effect.ts';
import { type ErrorCode, FshaError } from '../domain/errors.ts';
import { hasFired } from './deadline.ts';
import { Retries } from './retries.ts';
import { doEffect, setDestinations, type StepContext } from './step.ts';

/** Between two tries: ms. */
const RETRY_EVERY = 500;
/** A command that was given so often, each time without being seen to work, is not what is wanted there. */
const TRIES = 3;

/** What may pass: the way there is broken, or it does not answer, or not to this password. */
const PASSING: readonly ErrorCode[] = [
  'connect.refused',
  'connect.timeout',
  'connect.unreachable',
  'connect.name',
  'connection.lost',
  'timeout',
  'protocol',
  'esl.auth',
  'esl.acl',
  'effect.failed',
  'effect.unknown',
];

/** Whether an effect that failed like that may succeed when it is tried again. */
export function mayPass(error: unknown): error is FshaError {
  return error instanceof FshaError && PASSING.includes(error.code);
}

/**
 * Does an effect, and tries again while what is in the way may pass.
 * @param deadline monotonic ms, asked at each failure; null for none
 * @throws the last failure, once the deadline has passed or it cannot pass
 */
export async function insist(
  context: StepContext,
  effect: Effect,
  deadline: () => number | null,
): Promise<void> {
  const { world, signal } = context;
  const retries = new Retries(context);
  let given = 0;
  for (;;) {
    try {
      await doEffect(context, effect);
      return;
    } catch (error) {
      if (!mayPass(error) || hasFired(signal)) throw error;
      if (error.code === 'effect.failed' || error.code === 'effect.unknown') given += 1;
      const limit = deadline();
      if (given >= TRIES || (limit !== null && world.clock.now() >= limit)) throw error;
      await retries.tell(error);
    }
    await world.clock.sleep(RETRY_EVERY, signal);
  }
}

/**
 * Sets destinations as {@link setDestinations} does, each as {@link insist} does.
 * @throws the first failure, once all have ended
 */
export function insistOnDestinations(
  context: StepContext,
  wanted: readonly (Effect & { effect: 'dispatcher.state' })[],
  deadline: () => number | null,
): Promise<void> {
  return setDestinations(context, wanted, (effect) => insist(context, effect, deadline));
}
