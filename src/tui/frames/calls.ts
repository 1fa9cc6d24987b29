import { counted } from '../../output/count-words.ts';
import { agoWords } from '../../output/live-words.ts';
import { clip, type Line, line, styled } from '../line.ts';
import { callRow } from './call-row.ts';
import { innerWidth, labelled, type Panel } from './panel.ts';
import { isWaiting, type RunView } from './view.ts';

/** The oldest calls that are still on, while they are waited for. */
export const calls: Panel = {
  heights: (view) => {
    if (!isWaiting(view)) return [0, 0, 0, 0, 0];
    const listed = view.calls?.list?.calls.length ?? 0;
    return [0, 0, 1, 1 + Math.min(listed, 3), 1 + Math.min(listed, 15)];
  },
  draw: (view, columns, rows) => {
    const width = innerWidth(columns);
    const listed = view.calls?.list?.calls ?? [];
    const head = callsState(view);
    const label = width === columns ? 'calls '.length : 0;
    return labelled(
      'calls',
      [
        clip(head, width - label),
        ...listed.slice(0, Math.max(0, rows - 1)).map((call) => callRow(call, view.wall, width)),
      ],
      columns,
    );
  },
  isGroup: true,
  inPieces: true,
};

/** How many calls are listed, and how old that list is; or why there is none. */
export function callsState({ calls: reading, seen, now }: RunView): Line {
  if (seen === null) return line(styled('dim', 'only in the process that runs it'));
  if (reading === null) return line(styled('dim', 'asking'));
  const { list, failure } = reading;
  const failed =
    failure === null
      ? []
      : [styled('warning', 'unknown'), `: ${failure.why} (asked ${agoWords(now - failure.at)})`];
  if (list === null) return failure === null ? line(styled('dim', 'asking')) : line(...failed);
  const isOld = now - list.at > OLD_LIST;
  const age = `${isOld ? 'stale: ' : ''}read ${agoWords(now - list.at)}`;
  if (failure !== null) return line(...failed, `; the list was ${age}`);
  const rows = list.rows === list.calls.length ? '' : ` (${counted(list.rows, 'leg')})`;
  return line(
    `${counted(list.calls.length, 'call')}${rows}, oldest first  `,
    styled(isOld ? 'warning' : 'dim', age),
  );
}

/** A list that is older is marked: ms. */
const OLD_LIST = 60_000;
