/** The plan of a rolling run as --dry-run prints it: the nodes in their order, and the steps of one of them. */
import type { NodePlan, Plan, PlannedStep } from '../domain/plan.ts';
import { isCanary, type RollingPlan, type Turn } from '../domain/rolling/rolling-plan.ts';
import { printable } from '../domain/text.ts';
import { counted } from './count-words.ts';
import { guardWords, rollingWords } from './rolling-words.ts';
import { type PlanDetails, stepPlan, stepTitle } from './step-words.ts';

/** Of more batches than that, those in the middle are left out, unless everything is asked for. */
const BATCHES = 30;

const WOULD: Readonly<Record<Turn, string>> = {
  goes: 'could go now',
  waits: 'would not go now',
  refused: 'would be refused',
  'not begun': 'would not be begun',
};
/** Each of them is worth its line; of those that are not begun any more the first are enough. */
const ASIDE: ReadonlySet<Turn> = new Set(['waits', 'refused']);

/** How they follow each other, what the guard asks, the batches, who is left out, then the steps of a node once. */
export function rollingPlanLines(plan: Plan, rolling: RollingPlan, details: PlanDetails): readonly string[] {
  return [
    `rolling: ${rollingWords(rolling)}`,
    ...guardWords(rolling).map((line) => `  ${line}`),
    ...batchLines(rolling, details),
    ...(rolling.done.length === 0
      ? []
      : [`  through already: ${rolling.done.map((name) => printable(name)).join(', ')}`]),
    ...rolling.skipped.map(({ node, why }) => `  left out: ${printable(node)}: ${printable(why, 1000)}`),
    ...kinds(plan.nodes).flatMap((nodes) => kindLines(nodes, plan.nodes.length, details)),
  ];
}

function batchLines(rolling: RollingPlan, details: PlanDetails): readonly string[] {
  const { batches } = rolling;
  const lines = batches.map((nodes, index) => batchLine(nodes, index, rolling, details));
  // Whoever would wait is worth its line, wherever it stands.
  const isKept = (index: number): boolean =>
    details.verbose === true ||
    lines.length <= BATCHES ||
    index < BATCHES - 3 ||
    index >= lines.length - 2 ||
    (batches[index] ?? []).some((name) => ASIDE.has(details.foreseen?.get(name)?.turn ?? 'goes'));
  const kept = lines.filter((_, index) => isKept(index));
  const left = lines.length - kept.length;
  const last = kept.slice(-2);
  return left === 0
    ? kept.flat()
    : [
        ...kept.slice(0, -2).flat(),
        `  … ${counted(left, 'batch', 'batches')} more: --verbose`,
        ...last.flat(),
      ];
}

function batchLine(
  nodes: readonly string[],
  index: number,
  rolling: RollingPlan,
  { foreseen }: PlanDetails,
): readonly string[] {
  const names = nodes.map((name) => {
    const one = foreseen?.get(name);
    if (one === undefined) return printable(name);
    const { turn, sessions } = one;
    const up = sessions === null ? 'sessions unknown' : counted(sessions, 'session');
    return `${printable(name)} (${up}${turn === 'goes' ? ', could go now' : ''})`;
  });
  const aside = nodes.flatMap((name) => {
    const one = foreseen?.get(name);
    if (one === undefined || one.turn === 'goes') return [];
    return [`       ${printable(name)} ${WOULD[one.turn]}: ${printable(one.why ?? '', 1000)}`];
  });
  return [`  ${index + 1}. ${names.join(', ')}${isCanary(rolling, nodes) ? '  [canary]' : ''}`, ...aside];
}

/** Nodes whose steps are of the same kinds, in groups: after a resume not all have the same before them. */
function kinds(nodes: readonly NodePlan[]): readonly (readonly NodePlan[])[] {
  const groups = new Map<string, NodePlan[]>();
  for (const node of nodes) {
    const key = node.steps.map(({ kind }) => kind).join(' ');
    groups.set(key, [...(groups.get(key) ?? []), node]);
  }
  return [...groups.values()];
}

function kindLines(nodes: readonly NodePlan[], all: number, details: PlanDetails): readonly string[] {
  const [first] = nodes;
  if (first === undefined) return [];
  const who =
    nodes.length === all
      ? all === 1
        ? 'the node'
        : 'each node'
      : nodes.map(({ node }) => printable(node)).join(', ');
  return [
    `${who}: ${counted(first.steps.length, 'step')}`,
    ...first.steps.flatMap((step, index) => stepLines(step, index, nodes, details)),
  ];
}

function stepLines(
  step: PlannedStep,
  index: number,
  nodes: readonly NodePlan[],
  details: PlanDetails,
): readonly string[] {
  const { policy } = details;
  // Of one node everything is told; of several what they have in common, and where it is asked for each by itself.
  const common = nodes.length === 1 ? details : policy === undefined ? {} : { policy };
  const [text = '', ...more] = stepPlan(step, common).split('\n');
  const each =
    details.verbose === true && nodes.length > 1
      ? nodes.flatMap(({ node, steps }) => {
          const own = steps[index];
          const [words = ''] = own === undefined ? [] : stepPlan(own, details).split('\n');
          return words === '' || words === text ? [] : [`${printable(node)}: ${words}`];
        })
      : [];
  return [
    `  ${index + 1}. ${stepTitle(step)}: ${text}`,
    ...[...more, ...each].map((line) => `       ${line}`),
  ];
}
