import type { ListedCall } from '../../domain/call-list.ts';
import { spanWords } from '../../output/live-words.ts';
import { type Line, line, styled } from '../line.ts';
import { cell } from './wrap.ts';

interface CallColumn {
  readonly title: string;
  readonly width: number;
  readonly align: 'left' | 'right';
  /** From so many columns of the terminal on. */
  readonly from: number;
  readonly text: (call: ListedCall, wall: Date) => string;
}

const COLUMNS: readonly CallColumn[] = [
  {
    title: 'AGE',
    width: 6,
    align: 'right',
    from: 0,
    // The node's clock says when it began, this machine's what time it is.
    text: ({ createdEpoch }, wall) => spanWords(wall.getTime() - createdEpoch * 1000),
  },
  { title: 'DIRECTION', width: 9, align: 'left', from: 60, text: ({ direction }) => direction },
  { title: 'APPLICATION', width: 12, align: 'left', from: 50, text: ({ application }) => application || '-' },
  { title: 'FROM', width: 13, align: 'left', from: 0, text: ({ from }) => from || 'unknown' },
  { title: 'TO', width: 13, align: 'left', from: 0, text: ({ to }) => to || 'unknown' },
  { title: 'LEGS', width: 4, align: 'right', from: 90, text: ({ legs }) => String(legs) },
];

const PROTECTED: Readonly<Record<ListedCall['kind'], string>> = {
  protected: 'protected',
  expendable: 'expendable',
  ordinary: '',
};
const KIND_WIDTH = 10;
/** With the UUID beside the rest, what `fsha calls --hangup` takes. */
const WITH_ID = 114;

/** One call in one line; see {@link callTitles}. */
export function callRow(call: ListedCall, wall: Date, columns: number): Line {
  const cells = shown(columns).map(({ width, align, text }) => cell(text(call, wall), width, align));
  return line(
    `${cells.join('  ')}  `,
    styled(call.kind === 'protected' ? 'warning' : 'dim', cell(PROTECTED[call.kind], KIND_WIDTH).trimEnd()),
    ...(columns >= WITH_ID ? [styled('dim', `${gapAfter(call)}${call.id}`)] : []),
  );
}

export function callTitles(columns: number): Line {
  const titles = shown(columns).map(({ title, width, align }) => cell(title, width, align));
  const id = columns >= WITH_ID ? `${' '.repeat(KIND_WIDTH)}  UUID` : '';
  return line(styled('dim', `${titles.join('  ')}  ${id}`.trimEnd()));
}

function gapAfter({ kind }: ListedCall): string {
  return ' '.repeat(KIND_WIDTH - PROTECTED[kind].length + 2);
}

function shown(columns: number): readonly CallColumn[] {
  return COLUMNS.filter(({ from }) => columns >= from);
}
