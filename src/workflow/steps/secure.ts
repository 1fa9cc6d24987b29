import { readOut } from '../../domain/drift.ts';
import { errorInfo, FshaError, isInterruption } from '../../domain/errors.ts';
import { hasFired, within } from '../deadline.ts';
import { recordDrift, setWhereIgnored } from '../out-guard.ts';
import {
  anothersMark,
  destinationsOf,
  disable,
  doEffect,
  isIgnored,
  needsOf,
  ownMark,
  setDestinations,
  type Step,
  type StepContext,
  warn,
} from '../step.ts';
import { nodePort } from '../world.ts';

/** Between two tries at a node whose ESL does not answer: ms. */
const RETRY_EVERY = 500;
/** How long the last look at the proxies may take, with what is to be set then: ms. */
const LAST_LOOK = 5_000;
/** How long a node that does not answer may hold up the proxies: ms. */
const FIRST_LOOK = 2_000;

/**
 * A node that failed behind the point of no return stays out: disabled on every proxy, and fenced as soon as ESL answers,
 * so that a reload on a proxy cannot send calls to it. What cannot be done is told, and changes nothing about how the run ended.
 */
export const secure: Step<'secure'> = async (context) => {
  if (await isAnothers(context)) return 'skipped';
  // Side by side: a proxy that is silent is the very reason to fence the node before time is over.
  const [out, fenced] = await Promise.allSettled([disableEverywhere(context), whenItAnswers(context)]);
  if (out.status === 'rejected') throw out.reason;
  if (fenced.status === 'rejected') throw fenced.reason;
  // The guard around this step looks every half second; this is the look on which the run ends.
  await lastLook(context);
  return fenced.value ? 'succeeded' : 'skipped';
};

async function disableEverywhere(context: StepContext): Promise<void> {
  const all = destinationsOf(context);
  await unlessItFails(context, 'is not disabled everywhere', () =>
    setDestinations(context, all.filter((one) => !isIgnored(context, one)).map(disable)),
  );
  await setWhereIgnored(
    context,
    all.filter((one) => isIgnored(context, one)),
  );
}

async function lastLook(context: StepContext): Promise<void> {
  const { watcher, world, leave, memory } = context;
  await within(world.clock, LAST_LOOK, leave, 'the last look', async (signal) => {
    const observation = await watcher.fresh({ ...needsOf(context), nodes: [] }, signal);
    // Those on proxies that are ignored are not read for this: the guard has them.
    const read = destinationsOf(context).filter((one) => !isIgnored(context, one));
    const { drift } = readOut(observation, read, memory.startedAs);
    await recordDrift(context, drift);
    const inner = { ...context, signal };
    await setDestinations(
      inner,
      drift.map(({ destination }) => disable(destination)),
    );
  }).catch((error: unknown) => {
    if (!(error instanceof FshaError) || error.code === 'journal') throw error;
  });
}

/** Whether another run took the node meanwhile: what it is to be is that one's to say. Unknown is no. */
async function isAnothers(context: StepContext): Promise<boolean> {
  const { world, node, signal } = context;
  const port = nodePort(world, node.name);
  const mark = await within(world.clock, FIRST_LOOK, signal, 'the mark', async (limit) => {
    const seen = await port.observe('pulse', limit);
    return seen.mark;
  }).catch((error: unknown) => {
    if (!(error instanceof FshaError)) throw error;
    return undefined;
  });
  return anothersMark(context, mark) !== null;
}

/** @returns whether it was fenced */
async function whenItAnswers(context: StepContext): Promise<boolean> {
  const { world, node, signal } = context;
  const target = { node: node.name };
  let why = 'it has not answered';
  while (!hasFired(signal)) {
    const seen = await nodePort(world, node.name)
      .observe('pulse', signal)
      .catch((error: unknown) => {
        if (!isInterruption(error)) throw error;
        return null;
      });
    if (seen?.trouble === null && seen.mark.known) {
      // Another run took it meanwhile: what it is to be is that one's to say.
      if (anothersMark(context, seen.mark) !== null) return false;
      return unlessItFails(context, 'could not be paused', async () => {
        await doEffect(context, { effect: 'node.pause', target, wanted: true });
        await doEffect(context, { effect: 'node.mark', target, wanted: ownMark(context, seen) });
      });
    }
    if (seen !== null) why = seen.trouble?.message ?? 'its mark cannot be read';
    await world.clock.sleep(RETRY_EVERY, signal).catch(() => undefined);
  }
  await warnUnsecured(context, `could not be paused: ${why}`);
  return false;
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
