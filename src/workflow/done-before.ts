/** What an earlier process of the run did of a playbook's step, and whether it may be done once more. */
import { errorInfo, FshaError } from '../domain/errors.ts';
import type { PlannedStep } from '../domain/plan.ts';
import { isInRescue, isOver, standingOf } from '../domain/playbook/step-history.ts';
import { wasDone } from '../domain/playbook/told-outcomes.ts';
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
      standing === 'unknown'
        ? `Look what became of it; then go on with --done ${planned.id}, or with --again ${planned.id} where it is to be done once more.`
        : 'It is done once more only where the playbook says rerun: safe.',
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
  for (const event of wasDone(planned, 'done before, as its check says')) await context.record(event);
  if (frame.register !== undefined) valuesOf(context).keep(frame.register, { ok: true });
  return true;
}
