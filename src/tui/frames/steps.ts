import stringWidth from 'string-width';
import type { PlannedStep } from '../../domain/plan.ts';
import type { StepRecord } from '../../domain/run.ts';
import { roughDuration } from '../../domain/duration.ts';
import { spanWords } from '../../output/live-words.ts';
import { stepStateWords } from '../../output/step-state-words.ts';
import { type Line, line, type Style, styled } from '../line.ts';
import { fitting, innerWidth, labelled, type Panel } from './panel.ts';
import { isOver, type RunView } from './view.ts';
import { cell, wrap } from './wrap.ts';

interface ShownStep {
  readonly id: string;
  readonly title: string;
  readonly record: StepRecord | undefined;
}

/** The steps of the plan, and those that came to it: state, duration, and what is going on. */
export const steps: Panel = {
  heights: (view, columns) => {
    const all = stepsOf(view).length;
    const sentence = sentenceOf(view, innerWidth(columns) - INDENT, 2).length;
    const least = Math.min(all, 1);
    // Of a rolling run all nodes go the same steps: the list of nodes needs the room first.
    const listed = view.model.state?.plan.rolling === undefined ? all : least;
    return [least, least + sentence, listed + sentence, listed + sentence, all + sentence];
  },
  draw: (view, columns, rows) => {
    const all = stepsOf(view);
    const width = innerWidth(columns);
    if (all.length === 0) return [];
    const sentence = (room: number): readonly Line[] => sentenceOf(view, width - INDENT, room);
    const lines =
      rows >= all.length
        ? wholeList(all, view, width, sentence(rows - all.length))
        : [currentLine(all, view, width), ...sentence(rows - 1)];
    return labelled('steps', lines, columns);
  },
  isGroup: true,
  inPieces: false,
};

const INDENT = 4;
/** The mark before a step's title, its state and its duration behind it. */
const BESIDE = 2 + 2 + 9 + 2 + 6;
const STYLES: Readonly<Record<string, Style>> = {
  done: 'plain',
  failed: 'error',
  cancelled: 'warning',
  unknown: 'error',
  'under way': 'strong',
};

function stepsOf({ model }: RunView): readonly ShownStep[] {
  const { state, shown } = model;
  if (state === null || shown === null) return [];
  const records = model.stateOf(shown)?.steps ?? {};
  const planned = state.plan.nodes.find(({ node }) => node === shown)?.steps ?? [];
  const whole = planned.flatMap((step) => withBegun(step, records, 0));
  // Those of an undo are in no plan that was known at the beginning.
  const added = Object.keys(records).filter((id) => !whole.some((one) => one.id === id));
  return [...whole, ...added.map((id) => ({ id, title: shortId(id), record: records[id] }))];
}

/** A step, and below it what was begun to rescue it or to give it back. */
function withBegun(
  step: PlannedStep,
  records: Readonly<Record<string, StepRecord>>,
  depth: number,
): readonly ShownStep[] {
  const { id, kind, frame } = step;
  // fsha's own are known by their names, whatever a playbook calls them.
  const title = `${'  '.repeat(depth)}${kind === 'action' ? (frame?.name ?? shortId(id)) : shortId(id)}`;
  const { rescue = [], undo = [], always = [], check } = frame ?? {};
  const within = [...(check === undefined ? [] : [check]), ...rescue, ...undo, ...always];
  const begun = within.flatMap((inner) => withBegun(inner, records, depth + 1));
  return [{ id, title, record: records[id] }, ...begun.filter(({ record }) => record !== undefined)];
}

function shortId(id: string): string {
  return id.slice(id.indexOf('/') + 1);
}

/** The step that is under way, else the last that was begun, else the first. */
function currentOf(all: readonly ShownStep[]): ShownStep | undefined {
  return (
    all.find(({ record }) => record?.outcome === null) ??
    all.findLast(({ record }) => record !== undefined) ??
    all[0]
  );
}

function wholeList(
  all: readonly ShownStep[],
  view: RunView,
  columns: number,
  sentence: readonly Line[],
): readonly Line[] {
  const current = currentOf(all);
  const longest = Math.max(...all.map(({ title }) => stringWidth(title)));
  const width = Math.min(longest, Math.max(1, columns - BESIDE));
  return all.flatMap((step) => {
    const state = stepStateWords(step.record);
    const style = STYLES[state] ?? 'dim';
    const isUnderWay = step.record?.outcome === null;
    const one = line(
      styled('accent', isUnderWay ? '> ' : '  '),
      styled(isUnderWay ? 'strong' : state === 'not begun' ? 'dim' : 'plain', cell(step.title, width)),
      styled(style, `  ${cell(state, 9)}`),
      styled('plain', `  ${cell(tookWords(step.record, view), 6, 'right')}`.trimEnd()),
    );
    return step === current ? [one, ...sentence] : [one];
  });
}

function currentLine(all: readonly ShownStep[], view: RunView, columns: number): Line {
  const current = currentOf(all);
  if (current === undefined) return [];
  const state = stepStateWords(current.record);
  const took = tookWords(current.record, view);
  const place = `${all.indexOf(current) + 1} of ${all.length}: `;
  const title = styled('strong', current.title.trim());
  const told = styled(STYLES[state] ?? 'dim', ` ${state}`);
  const after = took === '' ? '' : `, ${took}`;
  return fitting(
    columns - 'steps '.length,
    line(place, title, told, after),
    // What takes time is under way.
    line(place, title, ...(current.record?.outcome === null ? [] : [told]), after),
  );
}

function tookWords(record: StepRecord | undefined, view: RunView): string {
  if (record === undefined) return '';
  if (record.outcome === null) {
    return spanWords((isOver(view) ? (view.model.lastAt ?? view.now) : view.now) - record.startedAt);
  }
  return record.ms === null ? '' : record.ms < 60_000 ? roughDuration(record.ms) : spanWords(record.ms);
}

/** What is going on in the step that is under way, below it. */
function sentenceOf(view: RunView, width: number, room: number): readonly Line[] {
  const { model } = view;
  const doing = model.shown === null ? null : (model.node(model.shown)?.doing ?? null);
  if (doing === null || isOver(view) || room < 1) return [];
  // A playbook's own step has nothing more to say of itself than its name.
  if (currentOf(stepsOf(view))?.title.trim() === doing.text) return [];
  const style: Style = doing.level === 'warning' || doing.level === 'error' ? 'warning' : 'plain';
  return wrap(doing.text, width, Math.min(2, room)).map((text) =>
    line(' '.repeat(INDENT), styled(style, text)),
  );
}
