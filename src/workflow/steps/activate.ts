import { setByHand, unmark } from '../../domain/by-hand.ts';
import { FshaError, isInterruption } from '../../domain/errors.ts';
import { restartIntended } from '../../domain/run.ts';
import type { BaselineDestination } from '../../domain/run-events.ts';
import {
  foundArgument,
  isSetInactive,
  setPatiently,
  setTo,
  type Sight,
  sorted,
  type Sorted,
} from '../back-in.ts';
import { within } from '../deadline.ts';
import { hurriedBy } from '../hurry.ts';
import { insist, insistOnDestinations, mayPass } from '../insist.ts';
import { setWhereIgnored } from '../out-guard.ts';
import { soak, type Soaked } from '../soak.ts';
import { baselineOf, disable, doEffect, isForwardOnly, type Step, type StepContext, warn } from '../step.ts';
import { throughProbing } from '../through-probing.ts';

/** How long the node's ESL may be in trouble before that is a failure: ms. */
const ESL_PATIENCE = 30_000;
/** How long taking it out again may last: ms. */
const OUT_AGAIN = 30_000;
/** How long, once a run is to stop, what is left to do on a node that is in may still last: ms. */
const LAST_THINGS = 5_000;

/**
 * Back in. A node that was restarted goes through `ip`, so that Kamailio's own next good OPTIONS makes it active: `a`
 * makes even a dead node selectable at once. One that was never restarted gets the flags it had. Then it is watched as
 * active on every proxy for minSoak.
 */
export const activate: Step<'activate'> = async (context, params) => {
  // Somebody asked for it to stay out while it was drained, restarted or verified.
  if (context.policy().hold) return 'skipped';
  const baseline = baselineOf(context);
  const wanted = sorted(context, params.explicit);
  try {
    await pause(context, false);
    const soaked = await soak(context, wanted.back, await putIn(context, wanted, params.explicit));
    if (context.memory.rolling !== null) await recordBack(context, soaked);
    if (baseline.pause.inbound && !params.explicit) await toItsEnd(context, (inner) => pause(inner, true));
  } catch (error) {
    // In on some proxies and not on others is no state to leave a restarted node in. One that was not restarted is given
    // back by the undo exactly as it was found: it may have been in all the time, and the only one.
    if (isForwardOnly(context)) await outAgain(context, wanted, error);
    throw asActivateFailure(error);
  }
  await toItsEnd(context, unmarkNode);
  return 'succeeded';
};

/** What the next node of a rolling run hangs on. */
function recordBack({ record, node, step }: StepContext, { activeMs, sessions }: Soaked): Promise<void> {
  const proof = sessions !== null && sessions > 0 ? 'calls' : 'soak';
  return record({ type: 'node.back', node: node.name, step, data: { proof, activeMs, sessions } });
}

async function putIn(
  context: StepContext,
  { back, asFound, ignored }: Sorted,
  explicit: boolean,
): Promise<Sight> {
  const isRestarted = await wasRestarted(context);
  let sight: Sight = { careful: false, activeSince: null };
  if (isRestarted) sight = await throughProbing(context, back);
  else
    await setPatiently(
      context,
      back.map((one) => setTo(one, foundArgument(one))),
    );
  await setPatiently(
    context,
    asFound.map((one) => setTo(one, 'i')),
  );
  await whereIgnored(context, ignored, { isRestarted, explicit });
  return sight;
}

function pause(context: StepContext, wanted: boolean): Promise<void> {
  const limit = context.world.clock.now() + ESL_PATIENCE;
  return insist(context, { effect: 'node.pause', target: { node: context.node.name }, wanted }, () => limit);
}

/** What is left to do on a node that is in, well and watched: a wish to stop that comes now gives it a few seconds. */
function toItsEnd(context: StepContext, work: (inner: StepContext) => Promise<void>): Promise<void> {
  const { world, signal, leave } = context;
  return hurriedBy(world.clock, LAST_THINGS, signal, leave, (limit) => work({ ...context, signal: limit }));
}

/** A node that is back in is not taken out again for a mark that could not be taken away: that is told. */
async function unmarkNode(context: StepContext): Promise<void> {
  const { node, world } = context;
  const limit = world.clock.now() + ESL_PATIENCE;
  try {
    await insist(context, { effect: 'node.mark', target: { node: node.name }, wanted: null }, () => limit);
  } catch (error) {
    const isStopped = isInterruption(error);
    if (!(error instanceof FshaError) || !(isStopped || mayPass(error))) throw error;
    const why = isStopped ? 'stopped before it was taken away' : error.message;
    const what = `${node.name} is back in, but the mark of this run stays on it: ${why}`;
    await warn(context, error.code, what, `By hand: ${unmark(node.name)}`);
  }
}

/** A proxy that may be ignored is tried all the same: what fails there is told, and does not stop the run. */
async function whereIgnored(
  context: StepContext,
  destinations: readonly BaselineDestination[],
  { isRestarted, explicit }: { readonly isRestarted: boolean; readonly explicit: boolean },
): Promise<void> {
  for (const destination of destinations) {
    const staysInactive = !explicit && isSetInactive(destination);
    const wanted = staysInactive ? 'i' : isRestarted ? 'ip' : foundArgument(destination);
    try {
      await doEffect(context, setTo(destination, wanted));
    } catch (error) {
      if (context.signal.aborted || !(error instanceof FshaError)) throw error;
      // Looking may be what failed, and nothing is recorded then: it would go unseen that the node is not back there.
      const { proxy } = destination;
      const message = `${context.node.name} was not set on ${proxy}, which is ignored: ${error.message}`;
      await warn(context, error.code, message, `When it answers: ${setByHand(destination, wanted)}`);
    }
  }
}

/** Whether FreeSWITCH is another one than at the baseline; where that cannot be told, it is taken to be. */
async function wasRestarted(context: StepContext): Promise<boolean> {
  const { watcher, node, signal } = context;
  if (restartIntended(context.soFar())) return true;
  const observation = await watcher.fresh({ nodes: [node.name], proxies: [] }, signal);
  const uuid = observation.nodes[node.name]?.coreUuid;
  return uuid?.known !== true || uuid.value !== baselineOf(context).coreUuid;
}

/** Out again everywhere, under a signal of its own, since it may be a signal that ended this. What fails shows in the records. */
async function outAgain(context: StepContext, wanted: Sorted, error: unknown): Promise<void> {
  const { world, leave, node } = context;
  // Whose node it is now, or what cannot be written down, is for others to deal with.
  if (!(error instanceof FshaError) || ['journal', 'bug', 'locked'].includes(error.code)) return;
  const limit = world.clock.now() + OUT_AGAIN;
  await within(world.clock, OUT_AGAIN, leave, `taking ${node.name} out again`, async (signal) => {
    const inner = { ...context, signal };
    const out = [...wanted.back, ...wanted.asFound].map(disable);
    const [required] = await Promise.allSettled([
      insistOnDestinations(inner, out, () => limit),
      setWhereIgnored(inner, wanted.ignored),
    ]);
    if (required.status === 'rejected') throw required.reason;
  }).catch((second: unknown) => {
    // What ended it is the first failure; whether it is out is read from what was recorded.
    if (!(second instanceof FshaError)) throw second;
  });
}

/** Whatever kept it from being active, with the code that says so. */
function asActivateFailure(error: unknown): unknown {
  if (!(error instanceof FshaError) || ['journal', 'bug', 'locked', 'interrupted'].includes(error.code))
    return error;
  return new FshaError('activate.failed', error.message, error.hint, error);
}
