import { printable } from '../../domain/text.ts';
import { counted } from '../../output/count-words.ts';
import { agoWords } from '../../output/live-words.ts';
import { clip, type Line, line, type Span, styled } from '../line.ts';
import type { CallsReading } from '../run-calls.ts';
import { callRow } from './call-row.ts';
import { fitting, innerWidth, labelled, type Panel } from './panel.ts';
import { ghostsAmong, sessionsOf, unlistedOf } from './unlisted.ts';
import { isWaiting, type RunView } from './view.ts';
import { wrap } from './wrap.ts';

/** The oldest calls that are still on, while they are waited for. */
export const calls: Panel = {
  heights: (view, columns) => {
    if (!isWaiting(view)) return [0, 0, 0, 0, 0];
    const head = headLines(view, columns).length;
    const listed = view.calls?.list?.calls.length ?? 0;
    return [0, 0, head, head + Math.min(listed, 3), head + Math.min(listed, 15)];
  },
  draw: (view, columns, rows) => {
    const width = innerWidth(columns);
    const head = headLines(view, columns);
    const listed = view.calls?.list?.calls ?? [];
    return labelled(
      'calls',
      [
        ...head,
        ...listed.slice(0, Math.max(0, rows - head.length)).map((call) => callRow(call, view.wall, width)),
      ],
      columns,
    );
  },
  isGroup: true,
  inPieces: true,
};

function headLines(view: RunView, columns: number): readonly Line[] {
  const width = innerWidth(columns);
  const room = width - (width === columns ? 'calls '.length : 0);
  // A command has to be whole.
  if (view.seen === null) return wrap(elsewhere(view), room).map((one) => line(one));
  return [clip(callsHead(view, room), room)];
}

/** Of another process's run nothing is asked here. */
function elsewhere({ model }: RunView): string {
  const fsha = printable(model.state?.started.call ?? 'fsha', Number.POSITIVE_INFINITY);
  return `list them with: ${fsha} calls ${printable(model.shown ?? '')}`;
}

/** How many calls are listed, how old that list is, and what is wrong with it; or why there is none. */
export function callsHead(view: RunView, width: number): Line {
  const { calls: reading, now } = view;
  const { list, failure } = reading ?? { list: null, failure: null };
  if (list !== null) return failure === null ? listHead(list, view, width) : staleHead(list, failure, now);
  if (failure === null) return line(styled('dim', 'asking'));
  return line(styled('warning', 'unknown'), `: ${failure.why} (asked ${agoWords(now - failure.at)})`);
}

type List = NonNullable<CallsReading['list']>;

/** Its age comes first: the reason is what may be cut. */
function staleHead(list: List, failure: NonNullable<CallsReading['failure']>, now: number): Line {
  const stale = isOld(list, now) ? 'stale list, ' : 'list ';
  return line(
    styled('warning', `${stale}read ${agoWords(now - list.at)}`),
    '; ',
    styled('warning', 'unknown'),
    `: ${failure.why} (asked ${agoWords(now - failure.at)})`,
  );
}

function listHead(list: List, view: RunView, width: number): Line {
  const { now } = view;
  const isStale = isOld(list, now);
  const unlisted = unlistedOf(view);
  const legs = list.rows === list.calls.length ? '' : ` (${counted(list.rows, 'leg')})`;
  const count = counted(list.calls.length, 'call');
  // None is listed, some are up: how many is not known.
  const up = list.calls.length === 0 ? (sessionsOf(view) ?? 0) : 0;
  const isNone = up > 0 || (list.calls.length === 0 && unlisted > 0);
  const counts = isNone ? [''] : [`${count}${legs}, oldest first`, count];
  const notes = [
    ...(up > 0 && unlisted === 0 ? noneNotes(up) : missingNotes(unlisted)),
    ...ghostNotes(list, ghostsAmong(view)),
  ];
  const ages = [`read ${agoWords(now - list.at)}`, agoWords(now - list.at)].map((words) =>
    styled(isStale ? 'warning' : 'dim', isStale ? `stale: ${words}` : words),
  );
  const of = (noted: 'long' | 'short'): readonly Line[] =>
    ages.flatMap((age) =>
      counts.map((one) => spaced([styled('plain', one), ...notes.map((note) => note[noted]), age])),
    );
  return fitting(width, ...of('long'), ...of('short'));
}

interface Note {
  readonly long: Span;
  readonly short: Span;
}

function missingNotes(unlisted: number): readonly Note[] {
  if (unlisted === 0) return [];
  const words = `unknown: ${counted(unlisted, 'session')} ${unlisted === 1 ? 'has' : 'have'} no row`;
  return [{ long: styled('warning', `${words} in the core database`), short: styled('warning', words) }];
}

/** The two were not read in one moment: that none is up does not follow, nor that rows are missing. */
function noneNotes(up: number): readonly Note[] {
  const words = `${counted(up, 'session')} up`;
  return [
    {
      long: styled('warning', `unknown: no call is listed, ${words}`),
      short: styled('warning', `unknown, ${words}`),
    },
  ];
}

function ghostNotes({ looked }: List, among: number): readonly Note[] {
  const left = looked?.ghosts ?? 0;
  if (left > 0) {
    const long = `${counted(left, 'row')} of calls that are gone left out`;
    return [{ long: styled('dim', long), short: styled('dim', `${counted(left, 'gone row')} left out`) }];
  }
  if (among === 0) return [];
  const long =
    among === 1 ? '1 of these rows is a call that is gone' : `${among} of these rows are calls that are gone`;
  return [{ long: styled('warning', long), short: styled('warning', `${among} of them gone`) }];
}

function spaced(parts: readonly Span[]): Line {
  const said = parts.filter(({ text }) => text !== '');
  return line(...said.flatMap((part, index) => (index === 0 ? [part] : ['  ', part])));
}

function isOld(list: List, now: number): boolean {
  return now - list.at > OLD_LIST;
}

/** A list that is older is marked: ms. */
const OLD_LIST = 60_000;
