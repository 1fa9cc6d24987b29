import { type Line, line, styled } from '../line.ts';
import type { Key, Size } from '../scene.ts';
import { type Overlay, Scroll } from './overlay.ts';
import type { RunView } from './view.ts';
import { cell, wrap } from './wrap.ts';

/** A key as the help tells of it. */
export interface HelpKey {
  readonly key: string;
  readonly help: string;
  refusal(view: RunView): string | null;
}

const LEGEND: readonly string[] = [
  'Blocks: the highest number of sessions in each stretch of time, oldest first; _ is none, ? is unknown.',
  'The end: a range in which the last call ends if calls go on ending as they did; a guess, nothing hangs on it.',
  'Unknown is never zero, and never success. What was not read for three polls is marked stale.',
];

const LEGEND_OF_BAR = 'Nodes: █ done, ▓ in hand, ░ not begun, x failed, h held, - left out.';

/** Every key, also those that can do nothing now, with the reason. */
export function help(keys: readonly HelpKey[]): Overlay {
  const scroll = new Scroll();
  const pageOf = ({ rows }: Size): number => Math.max(1, rows - 1);
  const linesOf = (view: RunView, columns: number): readonly Line[] => [
    ...keys.flatMap((key) => keyLines(key, view, columns)),
    line(),
    ...legendOf(view).flatMap((text) => wrap(text, columns).map((one) => line(styled('dim', one)))),
  ];
  return {
    draw: (view, size) => {
      const all = linesOf(view, size.columns);
      const page = pageOf(size);
      const top = scroll.topOf(all.length, page);
      const shown = all.slice(top, top + page);
      const more = all.length > page ? `  lines ${top + 1} to ${top + shown.length} of ${all.length}` : '';
      return [
        ...shown,
        ...Array.from({ length: page - shown.length }, () => line()),
        line(styled('dim', `? or Esc: back${more}`)),
      ];
    },
    onKey: (key: Key, view, size) =>
      scroll.onKey(key, linesOf(view, size.columns).length, pageOf(size)) ||
      !(key.name === 'escape' || ['?', 'q'].includes(key.text)),
  };
}

function legendOf({ model: { state } }: RunView): readonly string[] {
  return state?.plan.rolling === undefined ? LEGEND : [LEGEND_OF_BAR, ...LEGEND];
}

const NAME = 8;

function keyLines(shown: HelpKey, view: RunView, columns: number): readonly Line[] {
  const { key, help: words } = shown;
  const why = shown.refusal(view);
  const lines = [
    ...wrap(words, columns - NAME).map((text) => line(text)),
    ...(why === null ? [] : wrap(`Not now: ${why}`, columns - NAME).map((text) => line(styled('dim', text)))),
  ];
  return lines.map((one, index) => line(styled('strong', cell(index === 0 ? key : '', NAME)), ...one));
}
