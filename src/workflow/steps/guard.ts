import { FshaError } from '../../domain/errors.ts';
import { markHolder } from '../../domain/mark.ts';
import { keepMarked } from '../keep-marked.ts';
import { keepingState } from '../keeping.ts';
import { type Step, tell, warn } from '../step.ts';

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
  const pace = Math.min(policy().poll, LOOK_EVERY);
  watcher.setPace(node.name, pace, 'pulse');
  let blindSince: number | null = null;
  for (;;) {
    const wanted = await world.lock.whoWants(node.name);
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

  async function handOver(to: string): Promise<'succeeded'> {
    await tell(context, 'guard.over', `${node.name} is kept out no longer: it is handed over to ${to}`);
    return 'succeeded';
  }
};
