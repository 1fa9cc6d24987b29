import { atDeadlineWords, spanWords } from '../../output/live-words.ts';
import type { Plan } from '../../domain/plan.ts';
import { printable } from '../../domain/text.ts';
import { plannedNodes } from '../run-model.ts';
import { clip, type Line, line, type Span, spread, styled, widthOf } from '../line.ts';
import { fitting, innerWidth, labelled, type Panel } from './panel.ts';
import { isOver, type RunView, shownPolicy } from './view.ts';

/** What is done to which node, since when, and how much time is left. */
export const header: Panel = {
  heights: (view, columns) => {
    const least = essential(view, columns).length;
    const all = least + details(view, columns).length;
    // On a narrow screen who began it matters least.
    return [least, least, columns < 60 ? least : all, all, all];
  },
  draw: (view, columns, rows) => {
    const [title = [], ...more] = essential(view, columns);
    const room = Math.max(0, rows - 1 - more.length);
    return [title, ...details(view, columns).slice(0, room), ...more];
  },
  isGroup: false,
  inPieces: true,
};

function essential(view: RunView, columns: number): readonly Line[] {
  return [titleLine(view, columns), ...otherNodes(view, columns), ...deadline(view, columns)];
}

function titleLine(view: RunView, columns: number): Line {
  const { model, now, seen } = view;
  const { state } = model;
  if (state === null) return line(styled('dim', 'nothing is recorded yet'));
  const elapsed = spanWords((isOver(view) ? (model.lastAt ?? now) : now) - model.startedAt);
  const what = line(
    styled('strong', `${state.plan.kind} ${model.shown ?? ''}`),
    styled('dim', `  ${state.started.cluster}${state.started.dryRun === true ? ', dry run' : ''}`),
  );
  const right = line(
    styled('dim', seen === null ? 'followed, ' : ''),
    `${elapsed}${columns < 60 ? '' : ' elapsed'}`,
  );
  // The name is what may be cut: the time is looked at again and again.
  return spread(clip(what, columns - widthOf(right) - 2), right, columns);
}

function details({ model }: RunView, columns: number): readonly Line[] {
  if (model.state === null) return [];
  const { run, started } = model.state;
  const reason = started.reason === null ? '' : `, reason: ${printable(started.reason)}`;
  return labelled('run', [line(`${run} by ${started.who}${reason}`)], columns);
}

/** The others of a run of several nodes. */
function otherNodes({ model }: RunView, columns: number): readonly Line[] {
  const { state, shown } = model;
  if (state === null) return [];
  const others = plannedNodes(state.plan).filter((name) => name !== shown);
  if (others.length === 0) return [];
  const groups = new Map<string, string[]>();
  for (const name of others) {
    const word = nodeWord(model.stateOf(name), plannedSteps(state.plan, name));
    groups.set(word, [...(groups.get(word) ?? []), name]);
  }
  const order = ['failed', 'under way', 'not begun', 'done'];
  const sorted = [...groups].sort(([one], [two]) => order.indexOf(one) - order.indexOf(two));
  const named = sorted.map(([word, names]) => `${names.join(', ')} ${word}`).join('; ');
  const numbered = sorted
    .map(([word, names]) => `${names.length} ${word}${word === 'failed' ? ` (${names.join(', ')})` : ''}`)
    .join(', ');
  const inner = columns - 'others '.length;
  return labelled(
    'others',
    [fitting(Math.min(inner, innerWidth(columns)), line(named), line(numbered))],
    columns,
  );
}

function plannedSteps(plan: Plan, name: string): readonly string[] {
  return plan.nodes.find(({ node }) => node === name)?.steps.map(({ id }) => id) ?? [];
}

function nodeWord(node: ReturnType<RunView['model']['stateOf']>, planned: readonly string[]): string {
  if (node === undefined || Object.keys(node.steps).length === 0) return 'not begun';
  if (node.failure !== null) return 'failed';
  const isDone = planned.every((id) => ['succeeded', 'skipped'].includes(node.steps[id]?.outcome ?? ''));
  return isDone ? 'done' : 'under way';
}

/** How long its calls are waited for, and what comes then; nothing where that is over. */
function deadline(view: RunView, columns: number): readonly Line[] {
  const { model, now } = view;
  const { state, shown } = model;
  const policy = shownPolicy(view);
  const planned = state?.plan.nodes.find(({ node }) => node === shown);
  if (state === null || state.settled !== null || shown === null || policy === null) return [];
  const node = model.stateOf(shown);
  const wait = node?.steps[`${shown}/wait_drained`];
  const isAhead = planned?.steps.some(({ kind }) => kind === 'wait_drained') === true;
  const isEnded =
    (wait !== undefined && wait.outcome !== null) ||
    (node !== undefined && (node.failure !== null || node.undo !== null));
  if (!isAhead || isEnded) return [];
  const words = (long: Span | string, then: readonly [string, string]): readonly Line[] => {
    const of = (text: string): Line => line(long, text === '' ? '' : `, ${text}`);
    const inner = columns >= 72 ? innerWidth(columns) : columns - 'deadline '.length;
    return labelled('deadline', [fitting(inner, of(then[0]), of(then[1]), line(long))], columns);
  };
  if (policy.timeout === null)
    return words('none', policy.hold ? ['it stays out when drained (hold)', 'hold'] : ['', '']);
  const at = model.deadlineOf(shown);
  const then = atDeadlineWords(policy);
  if (at === null) return words(`${spanWords(policy.timeout)} from when it is out`, then);
  if (now < at)
    return words(styled(at - now < 300_000 ? 'warning' : 'strong', `in ${spanWords(at - now)}`), then);
  return words(styled('warning', `passed ${spanWords(now - at)} ago`), ['', '']);
}
