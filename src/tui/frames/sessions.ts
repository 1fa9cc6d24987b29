import type { Known } from '../../domain/observation.ts';
import { counted } from '../../output/count-words.ts';
import { agoWords, estimateWords, rateWords, spanWords } from '../../output/live-words.ts';
import { clip, type Line, line, type Span, spread, styled, widthOf } from '../line.ts';
import type { NodeModel } from '../node-model.ts';
import type { Columns } from '../session-history.ts';
import { fitting, innerWidth, labelled, type Panel } from './panel.ts';
import { ghostsAmong, unlistedOf } from './unlisted.ts';
import { ageLine, drainEnd, isStale, isWaiting, pollOf, type RunView } from './view.ts';

/** How many sessions there are and were, and when the last call may end. */
export const sessions: Panel = {
  heights: (view) => {
    const all = view.model.shown === null ? 0 : 1 + (hasHistory(view) ? 1 : 0) + (isWaiting(view) ? 1 : 0);
    return [Math.min(all, 1), all, all, all, all];
  },
  draw: (view, columns, rows) => {
    const width = innerWidth(columns);
    const count = countLine(view, width === columns ? columns - 'sessions '.length : width);
    const chart = rows >= 2 && hasHistory(view) ? [blocks(view, width)] : [];
    const end = rows >= 2 + chart.length && isWaiting(view) ? [estimate(view, columns)] : [];
    return [...labelled('sessions', [count, ...chart], columns), ...labelled('end', end, columns)];
  },
  isGroup: true,
  inPieces: true,
};

const BLOCKS = '▁▂▃▄▅▆▇█';
/** Columns of blocks beside which their scale stands. */
const LEAST_CHART = 10;
/** Less than that is narrow. */
const WIDE = 50;

interface Reading {
  readonly sessions: Known<number>;
  readonly calls: Known<number>;
  /** Monotonic ms; null: not read. */
  readonly at: number | null;
}

/** What was read last: of this process's own reading, else of the run's last look. */
function readingOf({ model, seen }: RunView): Reading {
  const name = model.shown ?? '';
  const none = { known: false, why: 'not read yet' } as const;
  if (seen !== null) {
    const node = seen.nodes[name];
    return node === undefined
      ? { sessions: none, calls: none, at: null }
      : { sessions: node.sessions, calls: node.calls, at: node.at };
  }
  const progress = model.node(name)?.progress ?? null;
  if (progress === null) return { sessions: none, calls: none, at: null };
  const { sessions, calls, why } = progress.reading;
  const said = why.find((one) => one.startsWith(UNKNOWN))?.slice(UNKNOWN.length) ?? 'it could not be read';
  const of = (count: number | null): Known<number> =>
    count === null ? { known: false, why: said } : { known: true, value: count };
  return { sessions: of(sessions), calls: of(calls), at: progress.at };
}

const UNKNOWN = 'sessions unknown: ';

function countLine(view: RunView, width: number): Line {
  const { sessions, calls, at } = readingOf(view);
  const history = historyOf(view);
  const age = at === null ? [] : ageLine(at, view, width < WIDE);
  if (!sessions.known) {
    const last = history?.lastKnown;
    const known = last === undefined ? '' : ` (was ${last.sessions}, ${agoWords(view.now - last.at)})`;
    const why = line(styled('warning', 'unknown'), known, `: ${sessions.why}`);
    const room = width - widthOf(age) - 2;
    return widthOf(why) <= room || room < 30 ? spread(why, age, width) : spread(clip(why, room), age, width);
  }
  const now = styled('strong', String(sessions.value));
  // Sessions without a row are in calls that nobody has counted.
  const isCounted = calls.known && (sessions.value === 0 || (calls.value > 0 && unlistedOf(view) === 0));
  const inCalls = isCounted ? ` (${counted(calls.value, 'call')})` : ' (calls unknown)';
  const most = history?.peak ?? null;
  const peak = most === null ? '' : `, peak ${most}`;
  const rate = history === undefined || !isWaiting(view) ? '' : `, ${rateWords(history.rate)}`;
  const short = rate.replace(/ over .*$/, '');
  const all = fitting(
    width - (widthOf(age) === 0 ? 0 : widthOf(age) + 2),
    line(now, inCalls, peak, rate),
    line(now, inCalls, peak, short),
    line(now, inCalls, short),
    line(now, short),
    line(now),
  );
  return spread(all, age, width);
}

/** Blocks from the beginning of the wait until now, `?` where it was unknown, `_` where there was none. */
function blocks(view: RunView, width: number): Line {
  const history = historyOf(view);
  const [first] = history?.samples ?? [];
  if (history === undefined || first === undefined) return [];
  // It is of the wait: behind it nothing is counted any more.
  const until = isWaiting(view) ? view.now : (history.samples.at(-1)?.until ?? view.now);
  const cellsOf = (label: string): Columns['cells'] =>
    history.columns(width - label.length, until, pollOf(view)).cells;
  const peak = history.peak ?? 0;
  const scale = `  ${spanWords(until - first.at)}, 0 to ${peak}`;
  const legend = `${scale}, ? unknown`;
  if (width - legend.length < LEAST_CHART) return blockSpans(cellsOf(''), peak);
  const cells = cellsOf(scale);
  return cells.includes(null)
    ? [...blockSpans(cellsOf(legend), peak), styled('dim', legend)]
    : [...blockSpans(cells, peak), styled('dim', scale)];
}

function blockSpans(cells: Columns['cells'], peak: number): readonly Span[] {
  const spans: Span[] = [];
  for (const one of cells) {
    const style = one === null ? 'warning' : 'accent';
    const text = one === null ? '?' : block(one, peak);
    const last = spans.at(-1);
    if (last?.style === style) spans[spans.length - 1] = { style, text: last.text + text };
    else spans.push({ style, text });
  }
  return spans;
}

function block(count: number, peak: number): string {
  if (count <= 0 || peak <= 0) return '_';
  return BLOCKS[Math.min(BLOCKS.length - 1, Math.ceil((count / peak) * BLOCKS.length) - 1)] ?? '?';
}

function estimate(view: RunView, columns: number): Line {
  const { model, calls, now, wall } = view;
  const name = model.shown ?? '';
  const { at, sessions } = readingOf(view);
  const inner = columns === innerWidth(columns) ? columns - 'end '.length : innerWidth(columns);
  // From what is long ago nothing follows for now.
  if (at === null || isStale(at, view) || !sessions.known)
    return line(styled('warning', 'unknown'), ': sessions are not known now');
  const list = calls?.list ?? null;
  // Rows of calls that are gone have ages too; those of calls without a row nobody knows.
  const isWhole = ghostsAmong(view) === 0 && unlistedOf(view) === 0;
  const isFresh = list !== null && isWhole && now - list.at < FRESH_LIST;
  const found = model.estimateOf(name, isFresh ? list : null, now, wall);
  if (found.kind === 'unknown') {
    const [all, brief] = [found.why, SHORTER[found.why] ?? found.why].map((why) =>
      line(styled('dim', `unknown: ${why}`)),
    );
    return fitting(inner, all ?? [], brief ?? []);
  }
  const words = estimateWords(found);
  const short = words.replace(/^last call /, '').replace(/ from now$/, '');
  const deadline = drainEnd(view, name)?.at ?? null;
  if (deadline === null || found.to <= deadline - now) return fitting(inner, line(words), line(short));
  const late = found.from > deadline - now ? 'behind the deadline' : 'perhaps behind the deadline';
  const warned = (text: string): Line => line(text, ', ', styled('warning', late));
  return fitting(inner, warned(words), warned(short), line(short));
}

/** Reasons that are cut on the narrowest screen. */
const SHORTER: Readonly<Record<string, string>> = {
  'too few calls have ended yet': 'too few calls have ended',
  'how many calls are up is unknown': 'calls are not known now',
};

/** Ages of calls are taken from a list that is no older: ms. */
const FRESH_LIST = 60_000;

function historyOf({ model }: RunView): NodeModel['history'] | undefined {
  return model.shown === null ? undefined : model.node(model.shown)?.history;
}

function hasHistory(view: RunView): boolean {
  return (historyOf(view)?.samples.length ?? 0) > 0;
}
