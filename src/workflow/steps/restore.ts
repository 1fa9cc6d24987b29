import { FshaError } from '../../domain/errors.ts';
import { doEffect, isOwn, setDestinations, type Step } from '../step.ts';
import { nodePort } from '../world.ts';

/** Between two tries at a proxy that does not answer: ms. */
const RETRY_EVERY = 1_000;

/** Gives back what was found: destinations first, on all proxies side by side, then the rest in its order. */
export const restore: Step<'restore'> = async (context, params) => {
  const destinations = params.effects.filter((effect) => effect.effect === 'dispatcher.state');
  await untilDone(() => setDestinations(context, destinations));
  for (const effect of params.effects) {
    if (effect.effect === 'dispatcher.state') continue;
    // A mark that is no longer this run's is another run's, and stays.
    if (effect.effect === 'node.mark' && !(await holdsNode())) continue;
    await untilDone(() => doEffect(context, effect));
  }
  return 'succeeded';

  async function holdsNode(): Promise<boolean> {
    const { mark } = await nodePort(context.world, context.node.name).observe('pulse', context.signal);
    return !mark.known || mark.value === null || isOwn(mark.value, context);
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
