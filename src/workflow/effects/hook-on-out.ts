import type { HookResult } from '../../domain/effect.ts';
import { errorInfo, FshaError } from '../../domain/errors.ts';
import { printable } from '../../domain/text.ts';
import type { EffectHandler, ReadBack } from '../effect-handler.ts';
import type { CommandResult } from '../ports.ts';

/** What is kept of the command's output: characters, from its end. */
const KEPT = 2_000;

/**
 * The user's command when the node is out. Nothing in the world can be looked at to tell what it did: its exit status is
 * all there is, so it is its own proof, and one that ran out of time or was ended is unknown.
 */
export const hookOnOut: EffectHandler<'hook.on_out'> = {
  look: () => Promise.resolve(null),
  isSo: () => false,
  isConfirmed: () => false,
  act: () => Promise.reject(new FshaError('bug', 'drain.onOut is done by actAsProof')),
  actAsProof: async (target, command, world, signal): Promise<ReadBack<'hook.on_out'>> => {
    const { onOut } = world.cluster.drain;
    const env = { FSHA_NODE: target.node, FSHA_CLUSTER: world.cluster.name };
    try {
      const result = await world.local.run(command, env, onOut?.timeout ?? 30_000, signal);
      return resultOf(result);
    } catch (error) {
      const { code, message } = errorInfo(error);
      if (!(error instanceof FshaError)) throw error;
      if (code === 'interrupted') return { outcome: 'unknown', read: null, error };
      return {
        outcome: code === 'hook.failed' ? 'failed' : 'unknown',
        read: null,
        error: failed(`drain.onOut did not come to its end: ${message}`),
      };
    }
  },
};

function resultOf({ exitCode, signal, stdout, stderr }: CommandResult): ReadBack<'hook.on_out'> {
  const lines = `${stdout}\n${stderr}`.split('\n').map((line) => line.trim());
  const output = printable(
    lines
      .filter((line) => line !== '')
      .join(' / ')
      .slice(-KEPT),
    KEPT,
  );
  const read: HookResult = { exitCode, signal, output };
  if (exitCode === 0) return { outcome: 'done', read };
  const end = exitCode === null ? `was ended by ${signal ?? 'a signal'}` : `failed (exit status ${exitCode})`;
  return {
    outcome: 'failed',
    read,
    error: failed(`drain.onOut ${end}${output === '' ? '' : `: ${printable(output, 300)}`}`),
  };
}

function failed(message: string): FshaError {
  return new FshaError('hook.failed', message, 'The drain goes on; do by hand what it was to do.');
}
