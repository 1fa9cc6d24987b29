import type { Effect } from '../../domain/effect.ts';
import { FshaError } from '../../domain/errors.ts';
import type { NodeObservation } from '../../domain/observation.ts';
import { hasFired, within } from '../deadline.ts';
import { lookAtNode } from '../effects/look-at-node.ts';
import { anothersMark, doEffect, setDestinations, type Step, warn } from '../step.ts';
import { nodePort } from '../world.ts';

/** Between two tries at a proxy that does not answer: ms. */
const RETRY_EVERY = 1_000;
/** How long a node that does not answer may hold up the proxies: ms. */
const FIRST_TRY = 2_000;

/**
 * Gives back what was found. A fence is lifted first: a proxy that pinged a node through it would at once take it for
 * ill. What does not answer holds up nothing else: destinations go on all proxies side by side, whether or not the node
 * answers, and the other way round. The mark goes last: until then the node is this run's.
 */
export const restore: Step<'restore'> = async (context, params) => {
  const { effects } = params;
  const destinations = effects.filter((effect) => effect.effect === 'dispatcher.state');
  const lifted = effects.filter((effect) => effect.effect === 'node.pause' && !effect.wanted);
  const marks = effects.filter((effect) => effect.effect === 'node.mark');
  const others = effects.filter(
    (effect) =>
      effect.effect !== 'dispatcher.state' && effect.effect !== 'node.mark' && !lifted.includes(effect),
  );
  // Enabling a node under another run that has taken it would send calls to what that one is about to restart.
  if (await isAnothers()) {
    const message = `${context.node.name} was taken by another run: nothing is given back`;
    await warn(context, 'locked', message, 'What it is to be is for that run to say.');
    return 'skipped';
  }
  const open = await tryOnce('lifting the fence', (signal) => inTurn(lifted, signal));
  await allOf([
    untilDone(() => setDestinations(context, destinations)).then(() => untilDone(() => inTurn(others))),
    ...(open ? [] : [untilDone(() => inTurn(lifted))]),
  ]);
  for (const mark of marks) await untilDone(() => takeAway(mark));
  return 'succeeded';

  async function inTurn(wanted: readonly Effect[], signal = context.signal): Promise<void> {
    for (const effect of wanted) await doEffect({ ...context, signal }, effect);
  }

  /** @returns whether it is done; what went wrong is heard of at the next try */
  async function tryOnce(what: string, work: (signal: AbortSignal) => Promise<unknown>): Promise<boolean> {
    try {
      await within(context.world.clock, FIRST_TRY, context.signal, what, work);
      return true;
    } catch (error) {
      if (!(error instanceof FshaError) || error.code === 'journal' || hasFired(context.signal)) throw error;
      return false;
    }
  }

  /** Whether another run took the node meanwhile. Unknown is no: a node that is silent must not keep the proxies out. */
  async function isAnothers(): Promise<boolean> {
    const seen: { mark?: NodeObservation['mark'] } = {};
    await tryOnce('the mark', async (signal) => {
      ({ mark: seen.mark } = await nodePort(context.world, context.node.name).observe('pulse', signal));
    });
    return anothersMark(context, seen.mark) !== null;
  }

  /** A mark that is no longer this run's is another run's, and stays; one that cannot be read is not touched. */
  async function takeAway(mark: Effect): Promise<void> {
    const seen = await lookAtNode(context.world, context.node.name, context.signal);
    if (!seen.mark.known)
      throw new FshaError('protocol', `the mark of ${context.node.name} is unknown: ${seen.mark.why}`);
    if (anothersMark(context, seen.mark) === null) await doEffect(context, mark);
  }

  /** What is done is seen as done at the next try; what fails is tried again until the undo's own time is over. */
  async function untilDone(work: () => Promise<unknown>): Promise<void> {
    let last: FshaError | undefined;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await work();
        return;
      } catch (error) {
        if (!(error instanceof FshaError) || error.code === 'journal') throw error;
        if (context.signal.aborted) throw last ?? error;
        last = error;
        await context.record({
          type: 'step.retrying',
          node: context.node.name,
          step: context.step,
          data: { attempt, error: error.toJSON() },
        });
      }
      // When the time is over, what was in the way is what is told, not that time was over.
      const failure = last;
      await context.world.clock.sleep(RETRY_EVERY, context.signal).catch(() => {
        throw failure;
      });
    }
  }
};

/** Waits for all of it. @throws the first failure, once all have ended */
async function allOf(work: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((one) => one.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
