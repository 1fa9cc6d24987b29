/** What a playbook wants done on a node behind its steps: giving back what they did, and what is to be done in any case. */
import { errorInfo, FshaError } from '../domain/errors.ts';
import type { PlannedStep } from '../domain/plan.ts';
import type { NodeRunState } from '../domain/run.ts';
import { within } from './deadline.ts';
import { carryOutStep, type On } from './rescue.ts';
import { soFar } from './run-step.ts';

/** How long what is done in the end may take on one node: ms. */
const END_TIME = 120_000;

/** The steps that give back what was done, the last one first. */
export function undoSteps(planned: readonly PlannedStep[], state: NodeRunState): readonly PlannedStep[] {
  return [...planned].reverse().flatMap((step) => (hasActed(step, state) ? (step.frame?.undo ?? []) : []));
}

/** Whether it did something, as far as it came. */
function hasActed({ id }: PlannedStep, { steps, effects, results }: NodeRunState): boolean {
  return (
    steps[id]?.outcome === 'succeeded' ||
    results[id]?.value.ok === true ||
    effects.some((record) => record.step === id && wasBegun(record))
  );
}

function wasBegun({ settled }: NodeRunState['effects'][number]): boolean {
  return settled === null || settled.outcome !== 'failed' || settled.read !== null;
}

/** Every one is tried. @returns how it went: the worst of them */
export async function giveBack(
  steps: readonly PlannedStep[],
  on: On,
  signal: AbortSignal,
): Promise<'done' | 'failed' | 'unknown'> {
  const outcomes = new Set<'failed' | 'unknown'>();
  for (const step of steps) {
    try {
      await carryOutStep(step, on, signal);
    } catch (error) {
      if (!(error instanceof FshaError)) throw error;
      const isUnknown = ['effect.unknown', 'step.unknown', 'interrupted', 'timeout'].includes(
        errorInfo(error).code,
      );
      outcomes.add(isUnknown ? 'unknown' : 'failed');
    }
  }
  return outcomes.has('unknown') ? 'unknown' : outcomes.has('failed') ? 'failed' : 'done';
}

/** What is done in any case, of the steps that were begun and have not seen to it themselves. It says nothing of how the run ended. */
export async function doAlways(planned: readonly PlannedStep[], on: On): Promise<void> {
  const { carrier, node } = on;
  const { steps } = soFar(carrier.recorder, node.name);
  const left = planned
    .filter(({ id }) => steps[id] !== undefined && steps[id].outcome !== 'skipped')
    .flatMap(({ frame }) => frame?.always ?? [])
    .filter(({ id }) => steps[id] === undefined);
  if (left.length === 0 || carrier.leave.aborted) return;
  await within(carrier.world.clock, END_TIME, carrier.leave, `the end of ${node.name}`, (signal) =>
    giveBack(left, on, signal),
  ).catch((error: unknown) => {
    if (!(error instanceof FshaError)) throw error;
  });
}
