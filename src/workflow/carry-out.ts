/**
 * Plan → Listr tasks, the only place that does so. Listr orders, nests and limits; it decides nothing: no retry, no
 * rollback, no signal handler of its own, and the outcome is read from the run's state, never from Listr.
 */
import { Listr, type ListrTask } from 'listr2';
import { findNode, type Node } from '../domain/cluster.ts';
import { errorInfo, FshaError } from '../domain/errors.ts';
import type { NodeObservation } from '../domain/observation.ts';
import {
  type NodePlan,
  planLeave,
  planSecure,
  planUndo,
  type Plan,
  type PlannedStep,
} from '../domain/plan.ts';
import { isLeftOut } from '../domain/left-out.ts';
import { intentsOf, type NodeRunState, policyFor, restartIntended, stepOutcome } from '../domain/run.ts';
import { batchTasks, newRolling } from './batches.ts';
import { within } from './deadline.ts';
import { hurriedBy } from './hurry.ts';
import { doAlways, giveBack, undoSteps } from './in-the-end.ts';
import { carryOutStep, type On } from './rescue.ts';
import { type Carrier, runStep, soFar } from './run-step.ts';
import { newMemory, type NodeMemory, type Rolling } from './step.ts';
import { LOOKS_AT_A_TIME } from './survey.ts';

/** How long an undo may take: ms. Proxies that do not answer are tried again until then. */
const UNDO_TIME = 60_000;
/** How long a lock that was lost is tried to be had again, to give back what is half done: ms. */
const RETAKE_TIME = 15_000;
/** How long a node that failed after its restart is waited for, to be fenced: ms; and from a first Ctrl-C on. */
const SECURE_TIME = 30_000;
const SECURE_TIME_INTERRUPTED = 3_000;
/** How long a node that is left out may take to be told that the run has ended: ms. */
const LEAVE_TIME = 3_000;

const QUIETLY = { renderer: 'silent', registerSignalListeners: false } as const;

/** Carries the plan out, node after node. What went wrong is in the recorder's state; this throws only for a bug. */
export async function carryOut(plan: Plan, carrier: Carrier): Promise<void> {
  const rolling = plan.rolling === undefined ? null : newRolling(plan.rolling, carrier);
  const memories = new Map(plan.nodes.map(({ node }) => [node, newMemory(carrier.token, rolling)]));
  const memoryOf = (name: string): NodeMemory => memories.get(name) ?? nothingPlanned(name);
  const tasks = new Map(
    plan.nodes.map((planned) => [planned.node, nodeTask(planned, memoryOf(planned.node), carrier, rolling)]),
  );
  const taskOf = (name: string): ListrTask => tasks.get(name) ?? nothingPlanned(name);
  const root = new Listr(rolling === null ? [...tasks.values()] : [...batchTasks(rolling, carrier, taskOf)], {
    ...QUIETLY,
    exitOnError: false,
    concurrent: isLookOnly(plan) ? LOOKS_AT_A_TIME : false,
  });
  await root.run();
  await leaveOut(plan, memoryOf, carrier);
}

/** Once all of it is over, and not before: while a rolling run goes on, its marks have to say so. */
async function leaveOut(
  { nodes }: Plan,
  memoryOf: (name: string) => NodeMemory,
  carrier: Carrier,
): Promise<void> {
  const { recorder, world, leave } = carrier;
  const left = nodes.filter(({ node }) => isLeftOut(recorder.state, node));
  if (left.length === 0 || leave.aborted) return;
  // All that was wished has been done, and stands.
  recorder.tolerateJournalLoss();
  await Promise.all(
    left.map(async ({ node: name }) => {
      const node = findNode(world.cluster, name) ?? nothingPlanned(name);
      const [step] = planLeave(name).nodes.flatMap(({ steps }) => steps);
      if (step === undefined) return;
      await within(world.clock, LEAVE_TIME, leave, `the mark on ${name}`, (signal) =>
        runStep(step, node, memoryOf(name), carrier, signal),
      ).catch((error: unknown) => {
        if (!(error instanceof FshaError)) throw error;
      });
    }),
  );
}

/** Where nothing is taken out, nobody has to wait for anybody. */
function isLookOnly({ nodes }: Plan): boolean {
  return nodes.every(({ steps }) => steps.every(({ kind }) => kind === 'preflight'));
}

function nothingPlanned(name: string): never {
  throw new FshaError('bug', `nothing is planned for ${name}`);
}

/** One node: its steps, and then what becomes of it where one of them failed. */
function nodeTask(
  { node: name, steps }: NodePlan,
  memory: NodeMemory,
  carrier: Carrier,
  rolling: Rolling | null,
): ListrTask {
  const node = findNode(carrier.world.cluster, name);
  if (node === undefined) throw notInInventory(name);
  return {
    title: name,
    task: (_: unknown, task) =>
      task.newListr(
        [
          {
            title: 'forward',
            task: (_forward: unknown, forward) => {
              // One that was let out by an earlier process is not asked about: it counts.
              if (!steps.some(({ kind }) => kind === 'admit')) rolling?.admitted.add(name);
              return forward.newListr(
                steps.map((step) => ({
                  title: step.id,
                  task: () => carryOutStep(step, { node, memory, carrier }, carrier.signal),
                })),
                { exitOnError: true, concurrent: false },
              );
            },
          },
          {
            title: 'settle',
            task: () =>
              settle(steps, node, memory, carrier).finally(async () => {
                carrier.watcher.outdate({ nodes: [name], proxies: [...carrier.world.proxies.keys()] });
                rolling?.admitted.delete(name);
                rolling?.emptied.delete(name);
                await leaveHost(node, carrier);
              }),
          },
        ],
        { exitOnError: false, concurrent: false },
      ),
  };
}

/** A run over hundreds of nodes is not logged in to all of them at its end; where ESL goes over SSH, the node is still read. */
async function leaveHost({ name, esl }: Node, { world }: Carrier): Promise<void> {
  if (esl.via !== 'ssh') await world.hosts.get(name)?.release();
}

/** Gives back what an earlier process did, node after node. What went wrong is in the recorder's state. */
export async function undoAll(plan: Plan, carrier: Carrier): Promise<void> {
  const { recorder, world } = carrier;
  for (const { node: name, steps } of plan.nodes) {
    const node = findNode(world.cluster, name);
    if (node === undefined) throw notInInventory(name);
    const state = soFar(recorder, name);
    const seen = await carrier.watcher.fresh({ nodes: [name], proxies: [] }, carrier.signal);
    const on = { node, memory: newMemory(carrier.token), carrier };
    await undo(on, state, undoSteps(steps, state), !isSameStart(state, seen.nodes[name]));
  }
}

/** Whether it is, as far as can be seen, the FreeSWITCH that was there before. */
function isSameStart({ baseline }: NodeRunState, seen: NodeObservation | undefined): boolean {
  return seen?.trouble === null && seen.coreUuid.known && seen.coreUuid.value === baseline?.coreUuid;
}

function notInInventory(name: string): FshaError {
  return new FshaError('bug', `the plan names ${name}, which is not in the inventory`);
}

/** What a node gets behind its steps: what a failure asks for, and what its playbook wants done in any case. */
async function settle(
  steps: readonly PlannedStep[],
  node: Node,
  memory: NodeMemory,
  carrier: Carrier,
): Promise<void> {
  const failure = soFar(carrier.recorder, node.name).failure;
  if (failure === null) return;
  const isOurs = await settleFailure(steps, node, memory, carrier);
  if (isOurs) await doAlways(steps, { node, memory, carrier });
}

/**
 * Given back where that may be, kept out for certain where it may not.
 * @returns whether the node is still this run's to do something on
 */
async function settleFailure(
  steps: readonly PlannedStep[],
  node: Node,
  memory: NodeMemory,
  carrier: Carrier,
): Promise<boolean> {
  const { recorder } = carrier;
  const state = soFar(recorder, node.name);
  if (state.failure === null) return true;
  const { code } = state.failure.error;
  // Another run took the node: what it is to be is that one's to say.
  if (code === 'locked') return false;
  // Whoever knows what became of it decides: the run stands as it was.
  if (code === 'step.unknown') return false;
  if (state.effects.length === 0) return true;
  // A process that goes on, and was refused before it did anything, has nothing of its own to give back.
  if (recorder.state.resumed !== null && state.failure.step.endsWith('/preflight')) return false;
  // It is out, and that is what was wanted: what ended is the watch over it.
  if (state.failure.step.endsWith('/guard')) return true;
  recorder.tolerateJournalLoss();
  if (code === 'lock.lost' && !(await retakeLock(node, carrier))) return false;
  if (restartIntended(state)) {
    // Well and in service again: what a playbook does behind that, and fails, is no reason to take it out.
    const isBack = stepOutcome(state, node.name, 'activate') === 'succeeded';
    if (isBack && carrier.playbook !== undefined) return true;
    await secure(node, memory, carrier);
    return true;
  }
  const staysOut =
    code === 'drain.held' ||
    (code === 'drain.expired' && policyFor(recorder.state, node.name).onTimeout !== 'restore');
  if (!staysOut) await undo({ node, memory, carrier }, state, undoSteps(steps, state));
  return true;
}

/** Nothing is given back without the lock: another run may have begun. @returns whether it is held again */
async function retakeLock(node: Node, { world, leave, recorder }: Carrier): Promise<boolean> {
  try {
    await within(world.clock, RETAKE_TIME, leave, 'taking the lock again', (signal) =>
      world.lock.retake(signal),
    );
    return true;
  } catch (error) {
    if (!(error instanceof FshaError)) throw error;
    await recorder.record({ type: 'warning', node: node.name, data: error.toJSON() });
    return false;
  }
}

async function undo(
  on: On,
  state: NodeRunState,
  own: readonly PlannedStep[],
  carefully = false,
): Promise<void> {
  const { node, memory, carrier } = on;
  const { recorder, world } = carrier;
  const [plan] = planUndo(node.name, intentsOf(state), carefully)?.nodes ?? [];
  const [step] = plan?.steps ?? [];
  const effects = step?.kind === 'restore' ? step.params.effects : [];
  if (effects.length === 0 && own.length === 0) return;
  const at = { node: node.name, step: step?.id ?? `${node.name}/restore` };
  const steps = own.length === 0 ? {} : { steps: own.map(({ id }) => id) };
  await recorder.record({ type: 'undo.started', ...at, data: { effects, ...steps } });
  let outcome: 'done' | 'failed' | 'unknown';
  try {
    // A fresh signal: the one that stopped the run has fired already.
    outcome = await within(world.clock, UNDO_TIME, carrier.leave, `the undo of ${node.name}`, (signal) =>
      giveBack(own, on, signal),
    );
    if (step !== undefined)
      await within(world.clock, UNDO_TIME, carrier.leave, `the undo of ${node.name}`, (signal) =>
        runStep(step, node, memory, carrier, signal),
      );
  } catch (error) {
    outcome = errorInfo(error).code === 'effect.failed' ? 'failed' : 'unknown';
  }
  await recorder.record({ type: 'undo.settled', ...at, data: { outcome } });
}

/** Bounded, and without a say in how the run ended: the failure that led here has it. */
async function secure(node: Node, memory: NodeMemory, carrier: Carrier): Promise<void> {
  const [step] = planSecure(node.name).nodes.flatMap(({ steps }) => steps);
  if (step === undefined || carrier.leave.aborted) return;
  const { clock } = carrier.world;
  await within(clock, SECURE_TIME, carrier.leave, `keeping ${node.name} out`, (limit) =>
    hurriedBy(clock, SECURE_TIME_INTERRUPTED, carrier.signal, limit, (signal) =>
      runStep(step, node, memory, carrier, signal),
    ),
  ).catch((error: unknown) => {
    if (!(error instanceof FshaError)) throw error;
  });
}
