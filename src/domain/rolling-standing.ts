/** Where a rolling run stands: every node it was asked for, and how far each is. */
import { type NodePhase, phaseOf } from './rolling/progress.ts';
import type { NodeRunState, RunState } from './run.ts';

/** `skipped`: asked for, and left out from the beginning. */
export type StandingPhase = NodePhase | 'skipped';

export interface StandingNode {
  readonly name: string;
  readonly phase: StandingPhase;
  /** Why it is left out, or has failed: a sentence; null for any other. */
  readonly why: string | null;
  /** Whether an earlier process has brought it through. */
  readonly earlier: boolean;
}

export interface RollingStanding {
  /** Those that an earlier process has brought through, those of the plan in its order, those that were left out. */
  readonly nodes: readonly StandingNode[];
  readonly counts: Readonly<Record<StandingPhase, number>>;
}

/** null for a run of another kind. */
export function rollingStanding(state: RunState): RollingStanding | null {
  const { rolling } = state.plan;
  if (rolling === undefined) return null;
  const planned = state.plan.nodes.map(({ node }) => node);
  // A node that has to be brought through once more counts once.
  const earlier = rolling.done.filter((name) => !planned.includes(name));
  const nodes: readonly StandingNode[] = [
    ...earlier.map((name) => ({ name, phase: 'done' as const, why: null, earlier: true })),
    ...planned.map((name) => {
      const phase = phaseOf(state, name);
      const isEnded = phase === 'failed' || phase === 'held';
      const why = isEnded ? (state.nodes[name]?.failure?.error.message ?? null) : null;
      return { name, phase, why, earlier: false };
    }),
    ...rolling.skipped.map(({ node, why }) => ({
      name: node,
      phase: 'skipped' as const,
      why,
      earlier: false,
    })),
  ];
  const counts = { untouched: 0, 'in hand': 0, done: 0, held: 0, failed: 0, skipped: 0 };
  for (const { phase } of nodes) counts[phase] += 1;
  return { nodes, counts };
}

/** Whether something is being done on the node at this moment: an undo behind a failure is, too. */
export function isUnderWay(node: NodeRunState | undefined): boolean {
  return Object.values(node?.steps ?? {}).some(({ outcome }) => outcome === null);
}
