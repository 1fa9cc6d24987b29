import { callNamed } from '../../domain/cutting.ts';
import { FshaError } from '../../domain/errors.ts';
import { type CutAttempt, cutCalls } from '../cut-calls.ts';
import type { Step, StepContext } from '../step.ts';

/** So many times in all it is looked for full sight: on a node that is in service a call may begin between two questions. */
const LOOKS = 5;
const LOOK_EVERY = 300;

/**
 * Cuts the calls that were named, and no others; one that has ended by itself is no error. Whether the node is in or out, or
 * held by another run, does not matter.
 * @throws FshaError `refused` where none was cut, `cut.refused` where some were
 */
export const hangUp: Step<'hang_up'> = async (context, { calls }) => {
  if (calls.length === 0) return 'skipped';
  const attempt = await cutNamed(context, calls);
  if (attempt.kind !== 'refused') return 'succeeded';
  const { node } = context;
  // One of which that is unknown may have been.
  const hasCut = context
    .soFar()
    .effects.some(({ settled }) => settled?.outcome !== 'already' && settled?.outcome !== 'failed');
  throw new FshaError(
    hasCut ? 'cut.refused' : 'refused',
    `${hasCut ? 'no more calls' : 'no call'} of ${node.name} ${hasCut ? 'were' : 'was'} cut: ${attempt.why}`,
    HINTS[attempt.by],
  );
};

const HINTS: Readonly<Record<(CutAttempt & { kind: 'refused' })['by'], string>> = {
  sight:
    'Nothing is cut unless every session is seen. Look again; out of service a node is quieter: fsha deactivate.',
  protected: 'Wait until it has ended.',
  count: '',
};

async function cutNamed(context: StepContext, uuids: readonly string[]): Promise<CutAttempt> {
  const { world, signal } = context;
  for (let look = 1; ; look += 1) {
    const attempt = await cutCalls(context, Number.POSITIVE_INFINITY, (call) =>
      uuids.some((uuid) => callNamed([call], uuid) !== undefined),
    );
    if (attempt.kind !== 'refused' || attempt.by !== 'sight' || look >= LOOKS) return attempt;
    // What FreeSWITCH did not do twice it does not do a third time.
    if (context.soFar().effects.some(({ settled }) => settled?.outcome === 'failed')) return attempt;
    await world.clock.sleep(LOOK_EVERY, signal);
  }
}
