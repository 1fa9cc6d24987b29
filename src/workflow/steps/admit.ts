import { FshaError } from '../../domain/errors.ts';
import { mayBegin } from '../../domain/rolling/window.ts';
import { askGuard, letOut } from '../crowded.ts';
import { freshAmongOthers, ownNeeds } from '../fresh-look.ts';
import { Retries } from '../retries.ts';
import type { Step, StepContext } from '../step.ts';

/**
 * One node more is taken out only where those that are left can carry it: asked at every poll until it is so. Two that ask at
 * once are answered one after the other: who is admitted counts at once.
 * @throws FshaError `rolling.stopped` where the run begins no further node, `drain.expired` at the deadline
 */
export const admit: Step<'admit'> = async (context) => {
  const { world, node, memory, signal, step } = context;
  const { rolling } = memory;
  if (rolling === null) throw new FshaError('bug', `${step} belongs to a rolling run`);
  const { whyStopped } = rolling;
  const began = world.clock.now();
  const retries = new Retries(context);
  for (;;) {
    const observation = await freshAmongOthers(context, ownNeeds(context));
    mustGoOn(context, whyStopped());
    const answer = askGuard(context, rolling, observation);
    if (answer.admitted) {
      letOut(context, rolling, observation);
      return 'succeeded';
    }
    const { timeout, poll } = context.policy();
    const held = new FshaError(
      'drain.expired',
      `${node.name} was not taken out: ${answer.why}`,
      'Wait for a quieter hour, or bring another node in first.',
    );
    if (timeout !== null && world.clock.now() - began >= timeout) throw held;
    await retries.tell({ code: 'refused', message: `${node.name} waits: ${answer.why}`, hint: held.hint });
    await world.clock.sleep(poll, signal);
  }
};

/** @throws FshaError `rolling.stopped` */
function mustGoOn({ world, node, memory, policy }: StepContext, why: string | null): void {
  if (why !== null) throw stopped(node.name, why);
  const window = memory.rolling?.plan.window ?? null;
  if (window !== null && !mayBegin(window, node, world.cluster, policy(), world.clock.wall().getTime()))
    throw stopped(node.name, 'too little time is left until the window closes');
}

function stopped(node: string, why: string): FshaError {
  return new FshaError('rolling.stopped', `${node} is not begun: ${why}`, '');
}
