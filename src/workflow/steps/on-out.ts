import { FshaError } from '../../domain/errors.ts';
import { doEffect, type Step, warn } from '../step.ts';

/** Runs the user's command, once in the life of the run. What fails there is told, and stops nothing: the node is out. */
export const onOut: Step<'on_out'> = async (context, { command }) => {
  const { node } = context;
  const before = context.soFar().effects.findLast(({ intent }) => intent.effect === 'hook.on_out');
  if (before !== undefined) {
    if (before.settled === null) {
      const what = `whether drain.onOut was run for ${node.name} is unknown: the process that announced it has ended`;
      await warn(
        context,
        'effect.unknown',
        what,
        'It is not run again; look, and do by hand what it was to do.',
      );
    }
    return 'skipped';
  }
  try {
    await doEffect(context, { effect: 'hook.on_out', target: { node: node.name }, wanted: command });
  } catch (error) {
    if (!(error instanceof FshaError) || error.code !== 'hook.failed') throw error;
    await warn(context, error.code, error.message, error.hint);
  }
  return 'succeeded';
};
