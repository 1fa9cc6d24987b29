import { ageOf, type ListedCall } from '../../domain/call-list.ts';
import { directionWord } from '../../output/calls-table.ts';
import { spanWords } from '../../output/live-words.ts';
import { type Line, line, styled } from '../line.ts';
import { cell } from './wrap.ts';

interface CallColumn {
  readonly title: string;
  readonly width: (columns: number) => number;
  readonly align: 'left' | 'right';
  /** From so many columns of the terminal on. */
  readonly from: number;
  readonly text: (call: ListedCall, wall: Date) => string;
}

/** Masked, ten characters are all of a number. */
const number = (columns: number): number => (columns >= 130 ? 16 : 12);

const COLUMNS: readonly CallColumn[] = [
  {
    title: 'AGE',
    width: () => 6,
    align: 'right',
    from: 0,
    // The node's clock says when it began, this machine's what time it is.
    text: (call, wall) => {
      const age = ageOf(call, wall);
      return age === null ? '?' : spanWords(age);
    },
  },
  {
    title: 'DIR',
    width: () => 3,
    align: 'left',
    from: 60,
    text: ({ direction }) => directionWord(direction),
  },
  {
    title: 'APP',
    width: (columns) => (columns >= 130 ? 16 : columns >= 100 ? 12 : 10),
    align: 'left',
    from: 56,
    text: ({ application }) => (application === '' ? '-' : application),
  },
  {
    title: 'FROM',
    width: number,
    align: 'left',
    from: 48,
    text: ({ from }) => (from === '' ? 'unknown' : from),
  },
  { title: 'TO', width: number, align: 'left', from: 0, text: ({ to }) => (to === '' ? 'unknown' : to) },
  { title: 'LEGS', width: () => 4, align: 'right', from: 90, text: ({ legs }) => String(legs) },
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
  const cells = shown(columns).map(({ width, align, text }) => cell(text(call, wall), width(columns), align));
  return line(
    `${cells.join('  ')}  `,
    styled(call.kind === 'protected' ? 'warning' : 'dim', cell(PROTECTED[call.kind], KIND_WIDTH).trimEnd()),
    ...(columns >= WITH_ID ? [styled('dim', `${gapAfter(call)}${call.id}`)] : []),
  );
}

export function callTitles(columns: number): Line {
  const titles = shown(columns).map(({ title, width, align }) => cell(title, width(columns), align));
  const id = columns >= WITH_ID ? `${' '.repeat(KIND_WIDTH)}  UUID` : '';
  return line(styled('dim', `${titles.join('  ')}  ${id}`.trimEnd()));
}

function gapAfter({ kind }: ListedCall): string {
  return ' '.repeat(KIND_WIDTH - PROTECTED[kind].length + 2);
}

function shown(columns: number): readonly CallColumn[] {
  return COLUMNS.filter(({ from }) => columns >= from);
}
