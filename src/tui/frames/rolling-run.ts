import type { RollingStanding } from '../../domain/rolling-standing.ts';
import type { RollingPlan } from '../../domain/rolling/rolling-plan.ts';
import { whyStopped } from '../../domain/rolling/progress.ts';
import type { RunState } from '../../domain/run.ts';
import { overWords, spanWords } from '../../output/live-words.ts';
import { type Line, line, type Span, styled, type Style, widthOf } from '../line.ts';
import { bar } from './bar.ts';
import { fitting, innerWidth, labelled, type Panel } from './panel.ts';
import { isOver, type RunView } from './view.ts';

/** A rolling run as a whole: a bar over its nodes, the batch, what comes next, and when it may be over. */
export const rollingRun: Panel = {
  heights: (view) => {
    if (standingOf(view) === null) return [0, 0, 0, 0, 0];
    const all = 1 + nextLines(view, 80).length;
    return [all, all, all, all, all];
  },
  draw: (view, columns, rows) => {
    const standing = standingOf(view);
    if (standing === null) return [];
    const lines = [barLine(standing, view, innerWidth(columns)), ...nextLines(view, columns)];
    const isWide = innerWidth(columns) < columns;
    return labelled(isWide ? 'nodes' : '', lines.slice(0, rows), columns);
  },
  isGroup: true,
  inPieces: true,
};

const LEAST_BAR = 6;

function standingOf({ model }: RunView): RollingStanding | null {
  return model.state === null ? null : model.rolling.standingOf(model.state);
}

/** `████▓▓░░░░  3 of 10 done, 1 in hand, 6 not begun  batch 2 of 5`. */
function barLine(standing: RollingStanding, { model }: RunView, width: number): Line {
  const { counts, nodes } = standing;
  const parts = [
    { count: counts.done, block: '█', style: 'good', word: 'done' },
    { count: counts.failed, block: 'x', style: 'error', word: 'failed' },
    { count: counts.held, block: 'h', style: 'warning', word: 'held' },
    { count: counts['in hand'], block: '▓', style: 'accent', word: 'in hand' },
    { count: counts.untouched, block: '░', style: 'dim', word: 'not begun' },
    { count: counts.skipped, block: '-', style: 'warning', word: 'left out' },
  ] as const satisfies readonly { count: number; block: string; style: Style; word: string }[];
  const told = parts.filter(({ count, word }) => count > 0 && word !== 'done');
  const counted = (of: typeof told, short: boolean): readonly Span[] => [
    styled('strong', short ? `${counts.done}/${nodes.length}` : `${counts.done} of ${nodes.length} done`),
    ...of.flatMap(({ count, word, style }) => [
      styled('plain', ', '),
      styled(style === 'error' || style === 'warning' ? style : 'plain', `${count} ${word}`),
    ]),
  ];
  const { batch } = model.rolling;
  const place =
    batch === null || isEnded(model)
      ? ''
      : `batch ${batch.batch} of ${batch.of}${batch.isOver ? ' over' : ''}`;
  // On a narrow screen what went wrong matters more than what is to come.
  const wrong = told.filter(({ style }) => style === 'error' || style === 'warning');
  const words = fitting(
    width - LEAST_BAR - 2,
    line(...counted(told, false), place === '' ? '' : `  ${place}`),
    line(...counted(told, true), place === '' ? '' : `  ${place}`),
    line(...counted(wrong, true), place === '' ? '' : `  ${place}`),
    line(...counted(wrong, true)),
  );
  return line(...bar(parts, Math.min(30, width - widthOf(words) - 2)), '  ', ...words);
}

function isEnded(model: RunView['model']): boolean {
  return model.state !== null && model.state.settled !== null;
}

/** What is waited for, or why nothing is; and when it may be over. */
function nextLines(view: RunView, columns: number): readonly Line[] {
  const { state } = view.model;
  if (state === null || isOver(view)) return [];
  const { rolling } = state.plan;
  if (rolling === undefined) return [];
  const width = innerWidth(columns);
  const window = windowLine(view, rolling.window, width);
  const isAborted = view.interrupts > 0 || Object.values(state.nodes).some(({ wishes }) => wishes.abort);
  const why = isAborted ? 'the run is being stopped' : whyStopped(state, rolling);
  if (why !== null) return [line(styled('warning', 'no further node is begun'), `: ${why}`), ...window];
  const [over, times] = overWords(view.model.rolling.estimateOf(state, view.now), view.wall);
  const pauses = pauseWords(view, state);
  const soon = over.replace(/^over: not known yet, .*$/, 'end not known yet');
  return [
    fitting(
      width,
      ...pauses.flatMap((pause) =>
        [...(times === '' ? [] : [`${over} (${times})`]), over, soon].map((words) =>
          line(...(pause === '' ? [] : [styled('accent', pause), '; ']), words),
        ),
      ),
    ),
    ...window,
  ];
}

/** Until when nodes may be out, as it was asked for. */
function windowLine({ wall }: RunView, window: RollingPlan['window'], width: number): readonly Line[] {
  if (window === null) return [];
  const left = window.until - wall.getTime();
  const words = left > 0 ? `${spanWords(left)} left` : `over ${spanWords(-left)} ago`;
  const long =
    left > window.minDrain ? `, none is begun with less than ${spanWords(window.minDrain)} to drain` : '';
  const short = line(`window until ${window.asked}: `, styled(left > 0 ? 'strong' : 'warning', words));
  return [fitting(width, line(...short, long), short)];
}

/** Long, and short; '' where none is on. */
function pauseWords({ model, now }: RunView, state: RunState): readonly string[] {
  const { batch } = model.rolling;
  if (batch === null || batch.pauseUntil === null || model.rolling.inHandOf(state).length > 0) return [''];
  const next = state.plan.rolling?.batches[batch.batch] ?? [];
  const then =
    next.length === 0 ? '' : `, then ${next.length === 1 ? (next[0] ?? '') : `${next.length} nodes`}`;
  const left = batch.pauseUntil - now;
  // Up to the next second, so that nothing is begun at a time at which some is left.
  const words = left > 0 ? `, ${spanWords(Math.ceil(left / 1_000) * 1_000)} left` : '';
  return [`pause${words}${then}`, `pause${words}`];
}
