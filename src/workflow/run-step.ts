/** One step of one node, with the events around it. */
import type { Node } from '../domain/cluster.ts';
import { type ErrorInfo, errorInfo, FshaError } from '../domain/errors.ts';
import type { PlannedStep } from '../domain/plan.ts';
import { type NodeRunState, policyFor } from '../domain/run.ts';
import type { StepOutcome } from '../domain/run-events.ts';
import { inFrame } from './framed-step.ts';
import type { PlaybookRun } from './playbook-run.ts';
import type { Recorder } from './recorder.ts';
import type { NodeMemory, Step, StepContext } from './step.ts';
import { STEPS } from './steps/registry.ts';
import type { Watcher } from './watcher.ts';
import type { World } from './world.ts';

export interface Carrier {
  readonly world: World;
  readonly watcher: Watcher;
  readonly recorder: Recorder;
  readonly run: string;
  readonly who: string;
  /** See NodeMemory. */
  readonly token: string;
  /** Fires when the run is to stop and undo. */
  readonly signal: AbortSignal;
  /** Fires when even the undo is to stop: the second Ctrl-C. */
  readonly leave: AbortSignal;
  /** Absent: the run is none of a playbook. */
  readonly playbook?: PlaybookRun;
}

/** One step, from its first event to its last. @throws whatever failed, after it was recorded */
export async function runStep(
  planned: PlannedStep,
  node: Node,
  memory: NodeMemory,
  carrier: Carrier,
  signal: AbortSignal,
): Promise<void> {
  const { recorder, world } = carrier;
  const at = { node: planned.node, step: planned.id };
  const began = world.clock.now();
  const settled = async (outcome: StepOutcome, error?: ErrorInfo): Promise<void> => {
    const ms = Math.round(world.clock.now() - began);
    await recorder.record({
      type: 'step.settled',
      ...at,
      data: { outcome, ms, ...(error === undefined ? {} : { error }) },
    });
  };
  const context: StepContext = {
    ...carrier,
    node,
    memory,
    step: planned.id,
    signal,
    policy: () => policyFor(recorder.state, planned.node),
    record: (event) => recorder.record(event),
    tolerateJournalLoss: (tell) => recorder.tolerateJournalLoss(tell),
    soFar: () => soFar(recorder, planned.node),
    ...(carrier.playbook === undefined ? {} : { playbook: carrier.playbook }),
    frame: planned.frame,
  };
  try {
    await recorder.record({ type: 'step.started', ...at, data: {} });
    // The registry pairs each kind with its params; TypeScript cannot follow that pairing through a union.
    const step: Step<never> = STEPS[planned.kind];
    // Nobody is asked about what is given back, or done in the end.
    if (signal === carrier.signal) await askFirst(carrier, planned);
    const outcome = await inFrame(context, {
      planned,
      work: (framed) => step(framed, planned.params as never),
      carryOut: (other) => runStep(other, node, memory, carrier, signal),
    });
    await settled(outcome);
  } catch (error) {
    const thrown = errorInfo(error);
    const info: ErrorInfo =
      thrown.code === 'interrupted'
        ? { ...thrown, message: `stopped during ${planned.frame?.name ?? planned.kind} on ${node.name}` }
        : thrown;
    if (info.code === 'journal') recorder.tolerateJournalLoss();
    const isUnknown = info.code === 'effect.unknown' || info.code === 'step.unknown';
    const outcome = info.code === 'interrupted' ? 'cancelled' : isUnknown ? 'unknown' : 'failed';
    await recordFailure(recorder, at, () => settled(outcome, info));
    throw error;
  }
}

async function askFirst({ playbook, signal }: Carrier, { node, kind, frame }: PlannedStep): Promise<void> {
  await playbook?.beforeStep?.(node, frame?.name ?? kind, signal);
}

/**
 * That a step failed has to be known to the run even where it cannot be written down any more: without it nothing would be
 * undone, and the run would take itself for done.
 */
async function recordFailure(
  recorder: Recorder,
  at: { readonly node: string; readonly step: string },
  record: () => Promise<void>,
): Promise<void> {
  try {
    await record();
  } catch (error) {
    const lost = errorInfo(error);
    if (lost.code !== 'journal') throw error;
    recorder.tolerateJournalLoss();
    await recorder.record({ type: 'warning', ...at, data: lost });
    await record();
  }
}

/** What the run has recorded of a node. */
export function soFar(recorder: Recorder, node: string): NodeRunState {
  const state = recorder.state.nodes[node];
  if (state === undefined) throw new FshaError('bug', `nothing is recorded of ${node}`);
  return state;
}
