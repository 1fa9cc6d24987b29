import { errorInfo, FshaError, isInterruption } from '../../domain/errors.ts';
import { hasFired } from '../deadline.ts';
import {
  destinationsOf,
  disable,
  doEffect,
  isOwn,
  ownMark,
  setDestinations,
  type Step,
  type StepContext,
  warn,
} from '../step.ts';
import { nodePort } from '../world.ts';

/** Between two tries at a node whose ESL does not answer: ms. */
const RETRY_EVERY = 500;

/**
 * A node that failed behind the point of no return stays out: disabled on every proxy, and fenced as soon as ESL answers,
 * so that a reload on a proxy cannot send calls to it. What cannot be done is told, and changes nothing about how the run ended.
 */
export const secure: Step<'secure'> = async (context) => {
  await unlessItFails(context, 'is not disabled everywhere', () =>
    setDestinations(
      context,
      destinationsOf(context)
        .filter((one) => !context.policy().ignoreProxies.includes(one.proxy))
        .map(disable),
    ),
  );
  return (await whenItAnswers(context)) ? 'succeeded' : 'skipped';
};

/** @returns whether it was fenced */
async function whenItAnswers(context: StepContext): Promise<boolean> {
  const { world, node, signal } = context;
  const target = { node: node.name };
  let why = 'it has not answered';
  for (;;) {
    const seen = await nodePort(world, node.name)
      .observe('pulse', signal)
      .catch((error: unknown) => {
        if (!isInterruption(error)) throw error;
        return null;
      });
    if (seen?.trouble === null && seen.mark.known) {
      // Another run took it meanwhile: what it is to be is that one's to say.
      if (seen.mark.value !== null && !isOwn(seen.mark.value, context)) return false;
      return unlessItFails(context, 'could not be paused', async () => {
        await doEffect(context, { effect: 'node.pause', target, wanted: true });
        await doEffect(context, { effect: 'node.mark', target, wanted: ownMark(context) });
      });
    }
    if (seen !== null) why = seen.trouble?.message ?? 'its mark cannot be read';
    await world.clock.sleep(RETRY_EVERY, signal).catch(() => undefined);
    if (!hasFired(signal)) continue;
    await warnUnsecured(context, `could not be paused: ${why}`);
    return false;
  }
}

async function unlessItFails(
  context: StepContext,
  what: string,
  work: () => Promise<unknown>,
): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (!(error instanceof FshaError) || error.code === 'journal' || hasFired(context.leave)) throw error;
    await warnUnsecured(context, `${what}: ${errorInfo(error).message}`);
    return false;
  }
}

async function warnUnsecured(context: StepContext, what: string): Promise<void> {
  const { node } = context;
  const hint = `Keep calls away from it until it is well; on the node: fs_cli -x 'fsctl pause inbound'.`;
  await warn(context, 'verify.failed', `${node.name} ${what}`, hint);
}
