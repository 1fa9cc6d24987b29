import { type Line, line, styled } from '../line.ts';
import { deadlineWords } from './deadline.ts';
import { fitting, innerWidth, labelled, type Panel } from './panel.ts';
import type { RunView } from './view.ts';

/** Of which node of a rolling run everything below is told, and until when its calls are waited for. */
export const rollingDetail: Panel = {
  heights: ({ model }) => {
    const all = model.state?.plan.rolling !== undefined && model.shown !== null ? 1 : 0;
    return [all, all, all, all, all];
  },
  draw: (view, columns) => labelled('node', [headLine(view, columns)], columns),
  isGroup: true,
  inPieces: true,
};

function headLine(view: RunView, columns: number): Line {
  const { model } = view;
  const inner = innerWidth(columns) === columns ? columns - 'node '.length : innerWidth(columns);
  const name = styled('strong', model.shown ?? '');
  const back = model.chosen === null ? '' : '  (chosen; Esc: whichever is in hand)';
  const words = deadlineWords(view);
  if (words.length === 0) return fitting(inner, line(name, styled('dim', back)), line(name));
  const of = (one: Line, after: string): Line => line(name, ': deadline ', ...one, styled('dim', after));
  return fitting(inner, ...words.map((one) => of(one, back)), ...words.map((one) => of(one, '')), line(name));
}
