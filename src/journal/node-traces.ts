/** What one run did to the nodes of its plan: a fold of its events, as far as it was read. */
import type { NodeRun } from '../domain/came-after.ts';
import { readFlags } from '../domain/dispatcher-state.ts';
import { readMark } from '../domain/mark.ts';
import type { Plan } from '../domain/plan.ts';
import type { Baseline, BaselineDestination, RunEvent } from '../domain/run-events.ts';

export interface NodeTrace extends Pick<NodeRun, 'met' | 'holds' | 'inherited'> {
  /** Whether it meant to change the node's destinations. */
  readonly touched: boolean;
  /** What it took the node for before that, its own or one that it inherited. */
  readonly baseline: Baseline | undefined;
  /** Whether it announced a restart. */
  readonly restarted: boolean;
  /** Whether nobody knows what became of it: it may be under way on the node. */
  readonly restartOpen: boolean;
}

const NOTHING: NodeTrace = {
  touched: false,
  baseline: undefined,
  restarted: false,
  restartOpen: false,
  met: [],
  holds: false,
  inherited: false,
};

export class NodeTraces {
  readonly #traces = new Map<string, NodeTrace>();

  take(event: RunEvent): void {
    if (event.type === 'preflight.settled') {
      const { baseline, found } = event.data;
      if (baseline !== null)
        this.#change(baseline.node, (before) =>
          before.baseline === undefined ? { baseline, inherited: isInherited(baseline, found) } : {},
        );
    } else if (event.type === 'effect.intended') {
      const { data, run } = event;
      const node = nodeOf(event);
      if (node === undefined) return;
      if (data.effect === 'dispatcher.state') this.#change(node, () => ({ touched: true }));
      else if (data.effect === 'node.restart')
        this.#change(node, () => ({ restarted: true, restartOpen: true }));
      else if (data.effect === 'node.mark')
        this.#change(node, ({ met }) => ({
          met: withOther(met, data.found, run),
          holds: data.wanted !== null,
        }));
    } else if (event.type === 'effect.settled' && event.data.effect === 'node.restart') {
      const node = nodeOf(event);
      const { outcome } = event.data;
      if (node !== undefined && outcome !== 'unknown') this.#change(node, () => ({ restartOpen: false }));
    }
  }

  of(node: string): NodeTrace {
    return this.#traces.get(node) ?? NOTHING;
  }

  #change(node: string, change: (before: NodeTrace) => Partial<NodeTrace>): void {
    const before = this.of(node);
    this.#traces.set(node, { ...before, ...change(before) });
  }
}

/** With the run that a mark names, where that is another one. */
function withOther(met: readonly string[], mark: string | null, run: string): readonly string[] {
  const other = mark === null ? undefined : readMark(mark)?.run;
  return other === undefined || other === run || met.includes(other) ? met : [...met, other];
}

function isInherited({ destinations }: Baseline, found: readonly BaselineDestination[]): boolean {
  const isOut = ({ flags }: BaselineDestination): boolean => readFlags(flags)?.state === 'disabled';
  return found
    .filter(isOut)
    .some(({ proxy, set, uri }) =>
      destinations.some(
        (before) => before.proxy === proxy && before.set === set && before.uri === uri && !isOut(before),
      ),
    );
}

function nodeOf({ node, step }: RunEvent): string | undefined {
  return node ?? (step?.includes('/') === true ? step.slice(0, step.indexOf('/')) : undefined);
}

/** What the first event of a run says it is about. */
export interface Planned {
  readonly cluster: string | null;
  readonly kind: Plan['kind'] | null;
  readonly nodes: readonly string[];
}

/** Whether a run of this cluster may have changed the destinations of this node. */
export function mayHaveTouched(planned: Planned, cluster: string, node: string): boolean {
  if (planned.cluster !== cluster || planned.kind === 'hangup') return false;
  return planned.nodes.length === 0 || planned.nodes.includes(node);
}
