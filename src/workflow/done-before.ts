/** What an earlier process of the run did of a playbook's step, and whether it may be done once more. */
import { errorInfo, FshaError } from '../domain/errors.ts';
import type { PlannedStep } from '../domain/plan.ts';
import { isInRescue, isOver, standingOf } from '../domain/playbook/step-history.ts';
import { type StepContext, valuesOf } from './step.ts';

/**
 * Whether nothing is left of the step to do.
 * @param ask carries out the step that looks whether it was done
 * @throws FshaError `step.unknown` where nobody knows whether it was done, and it may not be done once more;
 *   `action.failed` where it had failed, and its rescue was begun
 */
export async function doneBefore(
  context: StepContext,
  planned: PlannedStep,
  ask: (check: PlannedStep) => Promise<void>,
): Promise<boolean> {
  const { frame, node } = context;
  const recorded = context.soFar();
  if (isOver(planned, recorded)) return true;
  const name = frame?.name ?? planned.kind;
  if (isInRescue(planned, recorded))
    throw new FshaError('action.failed', `${name} on ${node.name} had failed before: its rescue goes on`);
  if (planned.kind !== 'action') return false;
  const standing = standingOf(planned, recorded);
  if (standing === 'to do' || frame?.rerun === 'safe') return false;
  const what = standing === 'unknown' ? `what ${name} did` : `what came of ${name}, a secret,`;
  const unknown = (why: string): FshaError =>
    new FshaError(
      'step.unknown',
      `${what} on ${node.name} is unknown: ${why}`,
      'Look what became of it; it is done once more by itself only where the playbook says rerun: safe, or has a check.',
    );
  if (standing !== 'unknown' || frame?.check === undefined)
    throw unknown('the process that began it has ended');
  try {
    await ask(frame.check);
  } catch (error) {
    const { code, message } = errorInfo(error);
    if (code === 'action.failed') return false;
    if (code === 'interrupted') throw error;
    throw unknown(`its check could not tell: ${message}`);
  }
  await keepDone(context);
  return true;
}

/** What the check says is written down as what became of the step, for this process and every later one. */
async function keepDone(context: StepContext): Promise<void> {
  const { node, step, frame, record } = context;
  const at = { node: node.name, step };
  await record({
    type: 'effect.settled',
    ...at,
    data: {
      effect: 'action.run',
      target: { node: node.name, step },
      outcome: 'done',
      read: { ok: true, said: 'done before, as its check says' },
    },
  });
  const register = frame?.register ?? null;
  const { value } = valuesOf(context).keep(register, { ok: true });
  await record({ type: 'step.result', ...at, data: { register, value } });
}
