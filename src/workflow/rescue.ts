/** The steps of a playbook within others: what is done where one fails, and in the end. */
import type { Node } from '../domain/cluster.ts';
import { errorInfo, FshaError } from '../domain/errors.ts';
import type { PlannedStep } from '../domain/plan.ts';
import { BEYOND_RESCUE } from '../domain/playbook/beyond-rescue.ts';
import { isOver } from '../domain/playbook/step-history.ts';
import { type Carrier, runStep, soFar } from './run-step.ts';
import type { NodeMemory } from './step.ts';

export interface On {
  readonly node: Node;
  readonly memory: NodeMemory;
  readonly carrier: Carrier;
}

/** One step with what belongs to it: its rescue where it fails, and what is done in the end once it has succeeded. */
export async function carryOutStep(step: PlannedStep, on: On, signal: AbortSignal): Promise<void> {
  const { node, memory, carrier } = on;
  const isOverBefore = isOver(step, soFar(carrier.recorder, node.name));
  try {
    await runStep(step, node, memory, carrier, signal);
  } catch (error) {
    if (!(await rescued(step, error, on, signal))) throw error;
  }
  const isSkipped = soFar(carrier.recorder, node.name).steps[step.id]?.outcome === 'skipped';
  if (isSkipped && !isOverBefore) return;
  await carryOutAll(step.frame?.always ?? [], on, signal);
}

/** One after the other. @throws what the first failure was */
export async function carryOutAll(steps: readonly PlannedStep[], on: On, signal: AbortSignal): Promise<void> {
  for (const step of steps) await carryOutStep(step, on, signal);
}

async function rescued(step: PlannedStep, failure: unknown, on: On, signal: AbortSignal): Promise<boolean> {
  const { rescue } = step.frame ?? {};
  if (rescue === undefined || rescue.length === 0 || BEYOND_RESCUE.has(errorInfo(failure).code)) return false;
  const { recorder } = on.carrier;
  const settled = (outcome: 'rescued' | 'failed'): Promise<void> =>
    recorder.record({ type: 'rescue.settled', node: step.node, step: step.id, data: { outcome } });
  try {
    await carryOutAll(rescue, on, signal);
  } catch (error) {
    if (!(error instanceof FshaError)) throw error;
    await settled('failed');
    return false;
  }
  await settled('rescued');
  return true;
}
