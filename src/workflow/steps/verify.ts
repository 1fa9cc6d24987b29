import { markHolder, readMark } from '../../domain/mark.ts';
import { FshaError } from '../../domain/errors.ts';
import { judgeHealth } from '../../domain/health.ts';
import { printable } from '../../domain/text.ts';
import { insist } from '../insist.ts';
import { Retries } from '../retries.ts';
import {
  assertHeld,
  assertSameStart,
  baselineOf,
  isForwardOnly,
  isMarkFound,
  ownMark,
  type Step,
  type StepContext,
  warn,
} from '../step.ts';
import { probeOptions } from '../survey.ts';
import { nodePort } from '../world.ts';

/** Within which a guard elsewhere sees that somebody else has marked its node: ms. */
const GUARD_SEES = 4_000;
/** Between two looks at a node that is coming up: ms. */
const LOOK_EVERY = 500;

/**
 * Ready, with the profiles and gateways it had, answering SIP, and one and the same FreeSWITCH from the first good look
 * to the last: a node that starts twice is not well.
 */
export const verify: Step<'verify'> = async (context) => {
  const { world, node, signal, watcher, memory } = context;
  // Held before the restart: it is as it was, and its fence stays.
  if (context.policy().hold && !isForwardOnly(context)) return 'skipped';
  const { verify: settings } = world.cluster;
  const deadline = world.clock.now() + settings.timeout;
  watcher.setPace(node.name, LOOK_EVERY, 'full');
  try {
    await untilHealthy(context, deadline);
    // The mark died with the restart; a fence that still stands (a node that was not restarted) refuses OPTIONS too.
    const target = { node: node.name };
    const until = (): number => deadline;
    assertUntaken(context);
    // Not before it is well: until then somebody keeps it out.
    await world.lock.relieve(node.name, signal);
    await insist(
      context,
      { effect: 'node.mark', target, wanted: ownMark(context, watcher.latest().nodes[node.name]) },
      until,
    );
    if (memory.markFound !== null) await letGuardSee(context, memory.markFound);
    await insist(context, { effect: 'node.pause', target, wanted: false }, until);
    if (settings.options && baselineOf(context).options !== null) await untilOptions(context, deadline);
    if (settings.call !== null)
      await nodePort(world, node.name).testCall(
        settings.call,
        Math.max(1_000, deadline - world.clock.now()),
        signal,
      );
    await untilHealthy(context, deadline);
  } catch (error) {
    throw asVerifyFailure(error, node.name);
  } finally {
    watcher.setPace(node.name, context.policy().poll, 'pulse');
  }
  return 'succeeded';
};

/**
 * A guard on another host looks at the mark every second, and before it disables anything: what it has begun to disable before that is
 * over by then. Nobody sees from here whether it has: one that is stopped or cut off ends when it comes back, but one that reaches
 * the proxies and not the node goes on.
 */
async function letGuardSee(context: StepContext, found: string): Promise<void> {
  const { world, signal, node } = context;
  const mark = readMark(found);
  if (mark?.guard !== true) return;
  await world.clock.sleep(GUARD_SEES, signal);
  if ((await world.whereabouts(mark.run)) !== 'elsewhere') return;
  await warn(
    context,
    'locked',
    `${node.name} was kept out by ${markHolder(found)} on another host: whether that guard has ended is not seen from here`,
    `Look there, and end it where it goes on: fsha show ${printable(mark.run)}`,
  );
}

/**
 * The mark died with the restart; who has set one since has taken the node. One that preflight allowed is no news, nor is a guard
 * that has marked its node again since: it gives way to whoever brings that back in.
 */
function assertUntaken(context: StepContext): void {
  const { watcher, node, memory } = context;
  const observation = watcher.latest();
  const mark = observation.nodes[node.name]?.mark;
  if (mark?.known !== true || mark.value === null || isMarkFound(context, mark.value)) return;
  // A run that has marked the node itself had it taken from it.
  const isGuards = memory.markWanted === null && readMark(mark.value)?.guard === true;
  if (isGuards) memory.markFound = mark.value;
  else assertHeld(context, observation);
}

async function untilHealthy(context: StepContext, deadline: number): Promise<void> {
  const { world, watcher, node, signal } = context;
  const baseline = baselineOf(context);
  const retries = new Retries(context);
  for (;;) {
    const observation = await watcher.fresh({ nodes: [node.name], proxies: [] }, signal);
    const seen = observation.nodes[node.name];
    assertSameStart(context, seen);
    const verdict = judgeHealth(baseline, seen, world.cluster.verify);
    if (seen !== undefined && verdict.missing.length === 0) {
      for (const warning of verdict.warnings) {
        await warn(context, 'verify.failed', `${node.name}: ${warning}`);
      }
      return;
    }
    const why = verdict.missing.join('; ');
    if (world.clock.now() >= deadline) {
      throw new FshaError(
        'verify.failed',
        `${node.name} did not get well within its time: ${why}`,
        'Look at it with fs_cli and at its log; it stays out of service.',
      );
    }
    await retries.tell({ code: 'verify.failed', message: why, hint: '' });
    await world.clock.sleep(LOOK_EVERY, signal);
  }
}

/** A node that answered OPTIONS from here before has to do so again. */
async function untilOptions(context: StepContext, deadline: number): Promise<void> {
  const { world, node, signal } = context;
  for (;;) {
    const status = await probeOptions(world, node, signal);
    // What it answered before (a profile may forbid OPTIONS) is good enough, unless that was the fence itself.
    const asBefore = status.known && status.value === baselineOf(context).options && status.value !== 503;
    if (asBefore || (status.known && status.value >= 200 && status.value < 300)) return;
    if (world.clock.now() >= deadline) {
      const what = status.known ? `with ${status.value}` : `not at all (${status.why})`;
      throw new FshaError(
        'verify.failed',
        `${node.name} answers SIP OPTIONS ${what}`,
        'Look at its profile with `sofia status`.',
      );
    }
    await world.clock.sleep(LOOK_EVERY, signal);
  }
}

function asVerifyFailure(error: unknown, node: string): unknown {
  if (
    !(error instanceof FshaError) ||
    ['verify.failed', 'locked', 'interrupted', 'journal', 'bug', 'effect.unknown'].includes(error.code)
  )
    return error;
  return new FshaError('verify.failed', `${node} could not be verified: ${error.message}`, error.hint, error);
}
