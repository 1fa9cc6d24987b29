/** How a run ended that was to cut calls which a person named, and nothing else. */
import { callsCutOn, isUnknown, laterKnown } from './effect-records.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { NodeRunState, RunState } from './run.ts';
import type { RunSettled } from './run-events.ts';

type End = Pick<RunSettled, 'outcome'> & { readonly exit: ExitCode };

const UNKNOWN: End = { outcome: 'unknown', exit: EXIT.unknown };

/**
 * `nodes` is empty: where the node is was neither asked nor changed.
 * @param signalExit of the signal that stopped it; null where none did
 * @param command how fsha was called
 */
export function concludeHangUp(state: RunState, signalExit: ExitCode | null, command: string): RunSettled {
  const names = state.plan.nodes.map(({ node }) => node);
  const [name = ''] = names;
  const node = state.nodes[name];
  const { outcome, exit } =
    state.started.dryRun === true
      ? { outcome: 'dry-run' as const, exit: EXIT.done }
      : node === undefined
        ? UNKNOWN
        : endOf(node, signalExit);
  const error = node?.failure?.error;
  const show = exit === EXIT.unknown ? [`${command} show ${state.run}`] : [];
  return {
    outcome,
    exit,
    nodes: {},
    callsCut: node === undefined ? 0 : callsCutOn(node),
    next: exit === EXIT.done ? [] : [`${command} calls ${name}`, ...show],
    ...(error === undefined ? {} : { error }),
  };
}

function endOf(node: NodeRunState, signalExit: ExitCode | null): End {
  const { effects, failure } = node;
  // That the step succeeded says that all are gone, in full sight; what was unknown of one on the way is so no more.
  if (failure === null) {
    const byThemselves = effects.every(({ settled }) => settled?.outcome === 'already');
    return { outcome: byThemselves ? 'already' : 'done', exit: EXIT.done };
  }
  if (effects.some(({ settled }, index) => isUnknown(settled) && !laterKnown(node, index))) return UNKNOWN;
  const { code } = failure.error;
  if (code === 'interrupted' && signalExit !== null) return { outcome: 'interrupted', exit: signalExit };
  if (code === 'bug') return { outcome: 'failed', exit: EXIT.bug };
  // Some were cut and others were not: no exit code says that, and whoever goes on has to look first.
  if (effects.some(({ settled }) => settled?.outcome === 'done'))
    return { outcome: 'failed', exit: EXIT.unknown };
  return { outcome: effects.length === 0 ? 'refused' : 'failed', exit: EXIT.refused };
}
