import { roughDuration } from '../../domain/duration.ts';
import { type ErrorInfo, errorInfo, FshaError, isInterruption } from '../../domain/errors.ts';
import { printable } from '../../domain/text.ts';
import type { Step, StepContext } from '../step.ts';
import { hostPort, nodePort } from '../world.ts';

/** Between two looks at a node that may be coming up, and two tries at its host: ms. */
const LOOK_EVERY = 500;
/** What a restart may take beyond its own timeout until everything of it has ended on the node: ms. */
const GRACE = 30_000;
/** How long nothing must be under way before an unchanged core_uuid is believed: a command may still be on its way there: ms. */
const SURE_AFTER = 3_000;

interface Seen {
  /** core_uuid; null where it was not read. */
  readonly uuid: string | null;
  readonly trouble: ErrorInfo | null;
}

/**
 * What became of a restart that a process announced which then ended. It may be under way on the node still: that is known to
 * be over only once the node's own lock is free, and until then an unchanged core_uuid proves nothing. A new one is proof
 * whatever else is unknown.
 * @throws FshaError `effect.unknown` where neither the one nor the other is seen in its time, `restart.failed` where nothing
 *   is under way any more and the node does not answer
 */
export const settleRestart: Step<'settle_restart'> = async (context) => {
  const { memory, world, node, record, step, signal } = context;
  const last = context.soFar().effects.findLast(({ intent }) => intent.effect === 'node.restart');
  if (last?.intent.effect !== 'node.restart') return 'skipped';
  if (last.settled?.outcome === 'done') {
    memory.isRestarted = true;
    return 'skipped';
  }
  const { target, found } = last.intent;
  const settle = (outcome: 'done' | 'failed', read: string): Promise<void> =>
    record({
      type: 'effect.settled',
      node: node.name,
      step,
      data: { effect: 'node.restart', target, outcome, read },
    });
  const began = world.clock.now();
  const deadline = began + node.restart.timeout + GRACE;
  let overSince: number | null = null;
  let said = '';
  for (let attempt = 1; ; attempt += 1) {
    // Before the look: what is read while nothing is under way stays so.
    const underWay = await whetherUnderWay(context);
    overSince = underWay === null ? (overSince ?? world.clock.now()) : null;
    const seen = await look(context);
    if (seen.uuid !== null && seen.uuid !== found) {
      memory.isRestarted = true;
      await settle('done', seen.uuid);
      return 'succeeded';
    }
    const now = world.clock.now();
    if (seen.uuid === found && overSince !== null && now - overSince >= SURE_AFTER) {
      await settle('failed', found);
      // Its calls have their time from here on.
      if (memory.outSince !== null) memory.outSince = now;
      return 'succeeded';
    }
    const why = seen.trouble ??
      underWay ?? { code: 'protocol', message: 'it does not say its core_uuid', hint: '' };
    if (now >= deadline) throw expired(node.name, why, overSince !== null, now - began);
    if (why.message !== said && (seen.trouble !== null || underWay !== null))
      await record({ type: 'step.retrying', node: node.name, step, data: { attempt, error: why } });
    said = why.message;
    await world.clock.sleep(LOOK_EVERY, signal);
  }
};

function expired(node: string, { message }: ErrorInfo, isOver: boolean, took: number): FshaError {
  const after = `after ${roughDuration(took)}: ${message}`;
  return isOver
    ? new FshaError(
        'restart.failed',
        `no restart of ${node} is under way any more, and it does not answer ${after}`,
        'Look at its log and its unit on the node.',
      )
    : new FshaError(
        'effect.unknown',
        `whether ${node} was restarted is unknown ${after}`,
        'Look at `global_getvar core_uuid` and `status` on the node.',
      );
}

/**
 * Waits until the lock of the node's own host says that no restart is under way there.
 * @throws FshaError `refused` where that is not seen within the time of a restart
 */
export async function untilNothingUnderWay(context: StepContext): Promise<void> {
  const { world, node, record, step, signal } = context;
  const deadline = world.clock.now() + node.restart.timeout + GRACE;
  let said = '';
  for (let attempt = 1; ; attempt += 1) {
    const error = await whetherUnderWay(context);
    if (error === null) return;
    if (world.clock.now() >= deadline || error.code !== 'locked')
      throw new FshaError(
        'refused',
        `a restart of ${node.name} was announced, and may be under way still: ${error.message}`,
        'Let it end, and see that the node can be reached over SSH.',
      );
    if (error.message !== said)
      await record({ type: 'step.retrying', node: node.name, step, data: { attempt, error } });
    said = error.message;
    await world.clock.sleep(LOOK_EVERY, signal);
  }
}

async function look({ world, node, signal }: StepContext): Promise<Seen> {
  const { trouble, coreUuid } = await nodePort(world, node.name).observe('pulse', signal);
  return { uuid: trouble === null && coreUuid.known ? coreUuid.value : null, trouble };
}

/** Whether a restart is under way on the node's own host, by the lock under which it runs there; null: none is. */
async function whetherUnderWay({ world, node, signal }: StepContext): Promise<ErrorInfo | null> {
  const limit = world.cluster.timeouts.request;
  try {
    const host = hostPort(world, node.name);
    await host.login(signal);
    const line = world.guard(node.name, 'true', limit, 0);
    const { exitCode, stderr } = await host.run(line, limit, signal);
    if (exitCode === 0) return null;
    if (exitCode === 75)
      return { code: 'locked', message: `a restart of ${node.name} is still under way`, hint: '' };
    const said = printable(stderr.trim().replace(/\s+/g, ' '), 500);
    const message = `whether a restart of ${node.name} is under way cannot be told: ${said}`;
    return { code: 'ssh.exec', message, hint: 'flock and timeout have to be there.' };
  } catch (error) {
    if (!(error instanceof FshaError) || isInterruption(error)) throw error;
    return errorInfo(error);
  }
}
