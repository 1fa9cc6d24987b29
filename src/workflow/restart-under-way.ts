/** Whether a restart of a node is under way on its own host, by the lock under which every one runs there. */
import { type ErrorInfo, errorInfo, FshaError, isInterruption } from '../domain/errors.ts';
import { printable } from '../domain/text.ts';
import type { StepContext } from './step.ts';
import { hostPort, nodePort } from './world.ts';

/** Between two tries at its host: ms. */
const LOOK_EVERY = 500;
/** What a restart may take beyond its own timeout until everything of it has ended on the node: ms. */
export const RESTART_GRACE = 30_000;
/** How long a restart of this run waits for another one to end, before its last look: ms. */
const FREE_WITHIN = 5_000;

/** What speaks for a restart that may be under way. `nothing`: it is asked for all the same, as far as that can be asked. */
export type RestartClue = 'announced' | 'unknown run' | 'nothing';

/**
 * Waits until the lock of the node's own host says that no restart is under way there; and where one was, until the node answers
 * again, or that time is over: whoever waited for it is not to be refused by a node that comes up.
 * @param clue where there is one, it has to be known that none is under way
 * @throws FshaError `refused` where that is not seen within the time of a restart
 */
export async function untilNothingUnderWay(context: StepContext, clue: RestartClue): Promise<void> {
  const { world, node, record, step, signal } = context;
  const deadline = world.clock.now() + node.restart.timeout + RESTART_GRACE;
  let said = '';
  for (let attempt = 1; ; attempt += 1) {
    const error = await whetherUnderWay(context);
    const isOver = world.clock.now() >= deadline;
    if (error === null) {
      if (attempt === 1 || isOver || (await answers(context))) return;
      await world.clock.sleep(LOOK_EVERY, signal);
      continue;
    }
    const isTaken = error.code === 'locked';
    if (!isTaken && clue === 'nothing' && attempt === 1) return;
    if (isOver || !isTaken)
      throw new FshaError(
        'refused',
        `${WHY[clue](node.name)}: ${error.message}`,
        'Let it end, and see that the node can be reached over SSH.',
      );
    if (error.message !== said)
      await record({ type: 'step.retrying', node: node.name, step, data: { attempt, error } });
    said = error.message;
    await world.clock.sleep(LOOK_EVERY, signal);
  }
}

const WHY: Readonly<Record<RestartClue, (node: string) => string>> = {
  announced: (node) => `a restart of ${node} was announced, and may be under way still`,
  'unknown run': (node) =>
    `${node} is marked by a run of which nothing is known here, and a restart of it may be under way`,
  nothing: (node) => `a restart of ${node} by another hand does not end`,
};

async function answers({ world, node, signal }: StepContext): Promise<boolean> {
  const { trouble } = await nodePort(world, node.name).observe('pulse', signal);
  return trouble === null;
}

/**
 * Waits a moment for another restart of the node to end, so that this one has not to wait for it behind its last look. Where
 * that takes longer, or cannot be told, the restart finds it out.
 */
export async function untilFree(context: StepContext): Promise<void> {
  const { world, record, node, step, signal } = context;
  const deadline = world.clock.now() + FREE_WITHIN;
  for (let attempt = 1; ; attempt += 1) {
    const error = await whetherUnderWay(context);
    if (error?.code !== 'locked' || world.clock.now() >= deadline) return;
    if (attempt === 1)
      await record({ type: 'step.retrying', node: node.name, step, data: { attempt, error } });
    await world.clock.sleep(LOOK_EVERY, signal);
  }
}

/** Whether a restart is under way on the node's own host, by the lock under which it runs there; null: none is. */
export async function whetherUnderWay({ world, node, signal }: StepContext): Promise<ErrorInfo | null> {
  const limit = world.cluster.timeouts.request;
  try {
    const host = hostPort(world, node.name);
    await host.login(signal);
    const line = world.guard(node.name, 'true', limit);
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
