/** Whether what a person asks of a run under way can be granted. What it then changes is folded in run.ts. */
import type { RunRequest } from './policy.ts';
import type { WindowEnds } from './rolling/window.ts';
import { policyFor, type RunState } from './run.ts';
import { printable } from './text.ts';
import { nodeAskedFor, refusalsFor } from './wishes.ts';

export interface Admission {
  readonly accepted: boolean;
  /** A clause; where it was not accepted. */
  readonly why?: string;
}

/**
 * Pure: the same request of the same state gets the same answer. One that names no node has to fit at least one.
 * @param window where the run has one: what is asked for at a moment
 */
export function admit(request: RunRequest, state: RunState, window: WindowEnds | null = null): Admission {
  if (state.settled !== null) return { accepted: false, why: 'the run is over' };
  const node = nodeAskedFor(request);
  if (node !== undefined && state.plan.nodes.every((planned) => planned.node !== node))
    return { accepted: false, why: `${printable(node)} is no node of this run` };
  const refusals = [...refusalsFor(request, state.nodes, state.plan, state.policy)].map(
    ([name, why]) => why ?? (request.kind === 'extend' ? whyNoLater(name, state, window) : null),
  );
  if (refusals.includes(null)) return { accepted: true };
  return { accepted: false, why: [...new Set(refusals)].join('; ') || 'the run has no nodes' };
}

/** Where the window ends before the deadline does, a later one would change nothing. */
function whyNoLater(name: string, state: RunState, window: WindowEnds | null): string | null {
  const end = window?.of(name) ?? null;
  if (window === null || end === null) return null;
  const began = state.nodes[name]?.steps[`${name}/wait_drained`]?.startedAt ?? window.now;
  const own = began + (policyFor(state, name).timeout ?? Number.POSITIVE_INFINITY);
  if (own < end) return null;
  return `the calls of ${name} are waited for until the window leaves just its restart and its way back in, and no longer`;
}
