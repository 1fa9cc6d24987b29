import { roughDuration } from '../../domain/duration.ts';
import { type ErrorInfo, FshaError } from '../../domain/errors.ts';
import { RESTART_GRACE, whetherUnderWay } from '../restart-under-way.ts';
import type { Step, StepContext } from '../step.ts';
import { nodePort } from '../world.ts';

/** Between two looks at a node that may be coming up: ms. */
const LOOK_EVERY = 500;
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
  const deadline = began + node.restart.timeout + RESTART_GRACE;
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

async function look({ world, node, signal }: StepContext): Promise<Seen> {
  const { trouble, coreUuid } = await nodePort(world, node.name).observe('pulse', signal);
  return { uuid: trouble === null && coreUuid.known ? coreUuid.value : null, trouble };
}
