/** Whether what a person asks of a run under way can be granted. What it then changes is folded in run.ts. */
import type { RunRequest } from './policy.ts';
import type { RunState } from './run.ts';
import { printable } from './text.ts';
import { refusalsFor } from './wishes.ts';

export interface Admission {
  readonly accepted: boolean;
  /** A clause; where it was not accepted. */
  readonly why?: string;
}

/** Pure: the same request of the same state gets the same answer. One that names no node has to fit at least one. */
export function admit(request: RunRequest, state: RunState): Admission {
  if (state.settled !== null) return { accepted: false, why: 'the run is over' };
  const { node } = request;
  if (node !== undefined && state.plan.nodes.every((planned) => planned.node !== node))
    return { accepted: false, why: `${printable(node)} is no node of this run` };
  const refusals = [...refusalsFor(request, state.nodes, state.plan, state.policy).values()];
  if (refusals.includes(null)) return { accepted: true };
  return { accepted: false, why: [...new Set(refusals)].join('; ') || 'the run has no nodes' };
}
