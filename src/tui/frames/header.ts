import { spanWords } from '../../output/live-words.ts';
import type { Plan } from '../../domain/plan.ts';
import { printable } from '../../domain/text.ts';
import { plannedNodes } from '../run-model.ts';
import { clip, type Line, line, spread, styled, widthOf } from '../line.ts';
import { deadlineWords } from './deadline.ts';
import { fitting, innerWidth, labelled, type Panel } from './panel.ts';
import { isOver, type RunView } from './view.ts';

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
    // Which nodes it is about stands below.
    styled(
      'strong',
      state.plan.rolling === undefined
        ? `${printable(state.started.playbook?.name ?? state.plan.kind)} ${model.shown ?? ''}`
        : printable(state.started.command, columns),
    ),
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
  if (state === null || state.plan.rolling !== undefined) return [];
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

/** Of the only node; those of a rolling run have a line of their own. */
function deadline(view: RunView, columns: number): readonly Line[] {
  const words = view.model.state?.plan.rolling === undefined ? deadlineWords(view) : [];
  if (words.length === 0) return [];
  const inner = columns >= 72 ? innerWidth(columns) : columns - 'deadline '.length;
  return labelled('deadline', [fitting(inner, ...words)], columns);
}
