/** A rolling run as Listr tasks: batch after batch, the nodes of one side by side. */
import type { ListrTask } from 'listr2';
import { isInterruption } from '../domain/errors.ts';
import { isCanary, type RollingPlan } from '../domain/rolling/rolling-plan.ts';
import { whyStopped } from '../domain/rolling/progress.ts';
import { whyNotBegun } from '../domain/rolling/window.ts';
import type { Recorder } from './recorder.ts';
import type { Rolling } from './step.ts';
import type { World } from './world.ts';

interface Around {
  readonly world: Pick<World, 'clock' | 'cluster'>;
  readonly recorder: Recorder;
  readonly signal: AbortSignal;
}

/** What the nodes of a run have in common, made once for each process of it. */
export function newRolling(plan: RollingPlan, { recorder }: Pick<Around, 'recorder'>): Rolling {
  const rolling: Rolling = {
    plan,
    admitted: new Set(),
    emptied: new Set(),
    surges: new Map(),
    closed: null,
    whyStopped: () => rolling.closed ?? whyStopped(recorder.state, plan),
  };
  return rolling;
}

/**
 * One task for each batch. A batch is a barrier: what follows it begins when each of its nodes has come to its end, as its own
 * step says. Nothing is begun once the run is to stop.
 * @param taskOf the task of one node
 */
export function batchTasks(
  rolling: Rolling,
  around: Around,
  taskOf: (node: string) => ListrTask,
): readonly ListrTask[] {
  const { batches } = rolling.plan;
  return batches.map((nodes, index) => ({
    title: `batch ${index + 1}`,
    skip: () => around.signal.aborted || rolling.whyStopped() !== null,
    task: (_, task) =>
      task.newListr(
        [
          {
            title: 'begin',
            task: () =>
              around.recorder.record({
                type: 'batch.started',
                data: {
                  batch: index + 1,
                  of: batches.length,
                  nodes,
                  ...(isCanary(rolling.plan, nodes) && { canary: true }),
                },
              }),
          },
          {
            title: 'nodes',
            task: (_nodes, inner) =>
              inner.newListr(
                nodes.map((node) => ({ ...taskOf(node), skip: () => around.signal.aborted })),
                { exitOnError: false, concurrent: true },
              ),
          },
          { title: 'end', task: () => endBatch(rolling, index, around) },
        ],
        { exitOnError: true, concurrent: false },
      ),
  }));
}

async function endBatch(rolling: Rolling, index: number, around: Around): Promise<void> {
  const { world, recorder, signal } = around;
  const { batches, pause } = rolling.plan;
  rolling.closed = whyClosed(rolling.plan, index + 1, around);
  const isEnd = index + 1 === batches.length;
  const stopped = isEnd ? null : 'the run was stopped';
  const why = signal.aborted ? stopped : rolling.whyStopped();
  const isLast = isEnd || signal.aborted || why !== null;
  const pauseMs = isLast ? 0 : pause;
  await recorder.record({
    type: 'batch.settled',
    data: { batch: index + 1, of: batches.length, pauseMs, ...(why === null ? {} : { stopped: why }) },
  });
  try {
    if (pauseMs > 0) await world.clock.sleep(pauseMs, signal);
  } catch (error) {
    // The next batch is not begun: there is nothing to give back here.
    if (!isInterruption(error)) throw error;
  }
}

/** A pause behind which the window lets nobody be begun is waited for in vain. @param next the batch behind it */
function whyClosed(
  { batches, pause, window }: RollingPlan,
  next: number,
  { world, recorder }: Around,
): string | null {
  const behind = new Date(world.clock.wall().getTime() + pause);
  const whys = batches
    .slice(next)
    .flat()
    .map((name) => whyNotBegun(window, world.cluster, name, recorder.state.policy, behind));
  return whys.includes(null) ? null : (whys[0] ?? null);
}
