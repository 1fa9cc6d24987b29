import { errorInfo, FshaError } from '../../domain/errors.ts';
import { markHolder } from '../../domain/mark.ts';
import type { NewEvent } from '../../domain/run-events.ts';
import { keepMarked } from '../keep-marked.ts';
import { keepingState } from '../keeping.ts';
import { type Step, type StepContext, tell, warn } from '../step.ts';

/** Between two looks at the node, and at whether somebody wants to have it: ms, at most. */
const LOOK_EVERY = 1_000;
/** How long the mark may be unknown before that is said: ms. A restart of the node takes less. */
const BLIND_FOR = 60_000;

/**
 * Stays. What somebody enables is disabled again by the guard around this step, whether or not the node answers; here its mark is
 * kept, and given up to whoever wants to have the node: a run of this host says so beside the lock, one of another host by its
 * mark.
 */
export const guard: Step<'guard'> = async (context) => {
  const { world, watcher, memory, node, signal, policy } = context;
  await world.lock.guardOnly(node.name, signal);
  memory.isGuarding = true;
  // Whatever it sets was announced before: it is out. A node that is not guarded any more costs more than what is not written down.
  context.tolerateJournalLoss((error) => lossTold(context, error));
  const pace = Math.min(policy().poll, LOOK_EVERY);
  watcher.setPace(node.name, pace, 'pulse');
  let blindSince: number | null = null;
  for (;;) {
    const wanted = await world.lock.whoWants(node.name).catch((error: unknown) => untold(error));
    if (wanted !== null) return handOver(wanted);
    const observation = watcher.latest();
    const seen = observation.nodes[node.name];
    const mark = seen?.mark;
    const state = keepingState(context, seen);
    if (state === 'taken')
      return handOver(
        mark?.known === true && mark.value !== null
          ? `${markHolder(mark.value)}, whose mark is on it`
          : 'whoever took its mark away, as a run of another host does once it has brought it back in',
      );
    if (state === 'unsure')
      throw new FshaError(
        'locked',
        `${node.name} was restarted while this guard saw nothing of the cluster, and its mark is gone: a run of another host may have brought it back in`,
        `It is kept out no longer. See with ${world.call} status what it is; to keep it out: ${world.call} deactivate ${node.name} --guard`,
      );
    blindSince = mark?.known === true ? null : (blindSince ?? world.clock.now());
    if (blindSince !== null && world.clock.now() - blindSince >= BLIND_FOR)
      await warn(
        context,
        'protocol',
        `the mark of ${node.name} cannot be read: it is kept out all the same, also from a run on another host that brings it back in`,
        'End this guard (Ctrl-C) before it is brought back in from there.',
      );
    await keepMarked(context, observation);
    await world.clock.sleep(pace, signal);
  }

  async function untold(error: unknown): Promise<null> {
    if (!(error instanceof FshaError) || error.code !== 'journal') throw error;
    await warn(
      context,
      'journal',
      `${node.name} is kept out, and whether a run of this host wants to have it cannot be told: ${error.message}`,
      'End this guard (Ctrl-C) before it is brought back in.',
    );
    return null;
  }

  async function handOver(to: string): Promise<'succeeded'> {
    await tell(context, 'guard.over', `${node.name} is kept out no longer: it is handed over to ${to}`);
    return 'succeeded';
  }
};

function lossTold({ node, step }: StepContext, error: unknown): NewEvent {
  const data = {
    code: 'journal',
    message: `${node.name} is kept out all the same, but nothing is written down from here on: ${errorInfo(error).message}`,
    hint: 'Free space on that disk, end this guard (Ctrl-C; the node stays out), and begin it again.',
  } as const;
  return { type: 'warning', node: node.name, step, data };
}
