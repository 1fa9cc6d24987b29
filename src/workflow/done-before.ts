/** What an earlier process of the run did of a playbook's step, and whether it may be done once more. */
import { FshaError } from '../domain/errors.ts';
import { isUnknown } from '../domain/effect-records.ts';
import { type StepContext, valuesOf } from './step.ts';

/**
 * Whether the step was carried out already, so that nothing is left of it to do.
 * @throws FshaError `effect.unknown` where nobody knows whether it was, and it may not be done once more
 */
export function settledBefore(context: StepContext): Promise<boolean> {
  const { step, frame, soFar } = context;
  const { effects, results } = soFar();
  const last = effects.findLast(
    ({ intent }) => intent.effect === 'action.run' && intent.target.step === step,
  );
  if (last === undefined) return Promise.resolve(false);
  if (last.settled?.outcome === 'done') {
    const result = results[step];
    const isWhole = result !== undefined && result.masked !== true;
    if (isWhole) valuesOf(context).keep(result.register, result.value);
    // What it found was secret, and is nowhere: only doing it again would tell.
    if (isWhole || frame?.register === undefined) return Promise.resolve(true);
  } else if (!isUnknown(last.settled)) return Promise.resolve(false);
  if (frame?.rerun === 'safe') return Promise.resolve(false);
  throw new FshaError(
    'effect.unknown',
    `what ${frame?.name ?? step} did on ${context.node.name} is unknown: the process that began it has ended`,
    'Look what became of it; it is done once more by itself only where the playbook says rerun: safe.',
  );
}
