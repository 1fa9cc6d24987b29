import type { RollingStanding, StandingNode } from '../../domain/rolling-standing.ts';
import { clip, type Line, line, spread, styled, widthOf } from '../line.ts';
import { rowWords } from '../rolling-row.ts';
import { innerWidth, labelled, type Panel } from './panel.ts';
import type { RunView } from './view.ts';
import { cell } from './wrap.ts';

/** Every node of a rolling run with its phase: where there are too many, those around the ones in hand. */
export const rollingNodes: Panel = {
  heights: (view) => {
    const standing = standingOf(view);
    if (standing === null) return [0, 0, 0, 0, 0];
    const all = standing.nodes.length;
    const least = Math.min(all, Math.max(1, Math.min(3, standing.counts['in hand'])));
    // As a whole it is all there is to be seen.
    const most = view.model.shown === null ? all : Math.min(all, WITH_DETAIL);
    return [least, Math.min(all, Math.max(3, least)), Math.min(all, 5), Math.min(all, 8), most];
  },
  draw: (view, columns, rows) => {
    const standing = standingOf(view);
    if (standing === null) return [];
    return labelled('', listed(standing.nodes, view, innerWidth(columns), rows), columns);
  },
  isGroup: false,
  inPieces: true,
};

/** Beside the details of one node no more than so many. */
const WITH_DETAIL = 14;

/** With fewer rows it is not told how many others there are: the bar does. */
const LEAST_WITH_HIDDEN = 3;

function standingOf({ model }: RunView): RollingStanding | null {
  return model.state === null ? null : model.rolling.standingOf(model.state);
}

function listed(nodes: readonly StandingNode[], view: RunView, width: number, rows: number): readonly Line[] {
  const { from, to } = windowOf(nodes, view, rows);
  const shown = nodes.slice(from, to);
  const name = Math.min(20, Math.max(...shown.map((one) => one.name.length), 1));
  const lines = shown.map((node) => row(node, view, name, width));
  if (rows < LEAST_WITH_HIDDEN) return lines;
  return [
    ...hidden(nodes.slice(0, from), 'above', width),
    ...lines,
    ...hidden(nodes.slice(to), 'below', width),
  ];
}

function row(node: StandingNode, view: RunView, name: number, width: number): Line {
  const { text, style, time } = rowWords(node, view);
  const isShown = node.name === view.model.shown;
  const left = line(
    styled('accent', isShown ? '> ' : '  '),
    styled(isShown ? 'strong' : 'plain', `${cell(node.name, name)}  `),
    styled(style, text),
  );
  const right = line(time);
  return spread(clip(left, width - widthOf(right) - 2), right, width);
}

interface Window {
  readonly from: number;
  readonly to: number;
}

/** The part that is shown: around the node that somebody looks at, else around those in hand, else what is next. */
function windowOf(nodes: readonly StandingNode[], view: RunView, rows: number): Window {
  if (nodes.length <= rows) return { from: 0, to: nodes.length };
  const inHand = nodes.findIndex(({ phase }) => phase === 'in hand');
  const next = nodes.findIndex(({ phase }) => phase === 'untouched');
  const shown = nodes.findIndex(({ name }) => name === view.model.shown);
  const anchor = [shown, inHand, next, nodes.length - 1].find((index) => index >= 0) ?? 0;
  // One of those that are through shows how it goes; more of those that follow.
  const isTold = rows >= LEAST_WITH_HIDDEN;
  const room = Math.max(1, isTold ? rows - 2 : rows);
  const before = room >= 4 ? Math.floor(room / 4) : room >= 3 ? 1 : 0;
  const from = Math.max(0, Math.min(anchor - before, nodes.length - room));
  // Where one end is reached its line is a node's.
  if (isTold && from <= 1) return { from: 0, to: rows - 1 };
  if (isTold && from + room >= nodes.length - 1) return { from: nodes.length - rows + 1, to: nodes.length };
  return { from, to: from + room };
}

const PHASES = ['failed', 'held', 'in hand', 'done', 'untouched', 'skipped'] as const;
const WORDS: Readonly<Record<StandingNode['phase'], string>> = {
  failed: 'failed',
  held: 'held',
  'in hand': 'in hand',
  done: 'done',
  untouched: 'not begun',
  skipped: 'left out',
};
/** So many of those that need somebody are named. */
const NAMED = 3;

/** How many there are that have no room, and who of them needs somebody. */
function hidden(nodes: readonly StandingNode[], where: 'above' | 'below', width: number): readonly Line[] {
  if (nodes.length === 0) return [];
  const parts = PHASES.flatMap((phase) => {
    const those = nodes.filter((node) => node.phase === phase);
    if (those.length === 0) return [];
    const isWrong = phase === 'failed' || phase === 'held';
    const names = those.slice(0, NAMED).map(({ name }) => name);
    const named = `${names.join(', ')}${those.length > NAMED ? `, … ${those.length} in all` : ''} ${WORDS[phase]}`;
    return [styled(isWrong ? 'error' : 'dim', isWrong ? named : `${those.length} ${WORDS[phase]}`)];
  });
  const spans = parts.flatMap((part, index) => (index === 0 ? [part] : [styled('dim', ', '), part]));
  return [clip(line(styled('dim', `  ${where}: `), ...spans), width)];
}
