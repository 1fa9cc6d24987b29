import type { Level } from '../../output/sentences/sentence.ts';
import { truncate } from '../../output/table.ts';
import { localTime } from '../../output/local-time.ts';
import { type Line, line, type Style, styled } from '../line.ts';
import type { LogEntry } from '../run-log.ts';
import { innerWidth, labelled, type Panel } from './panel.ts';
import type { RunView } from './view.ts';
import { wrap } from './wrap.ts';

/** What happened, newest last. */
export const log: Panel = {
  heights: (view) => {
    const all = entriesOf(view).length;
    return [0, Math.min(all, 1), Math.min(all, 3), Math.min(all, 4), all === 0 ? 0 : Infinity];
  },
  draw: (view, columns, rows) => {
    const width = innerWidth(columns);
    const isNarrow = width === columns;
    const lines: Line[] = [];
    const entries = entriesOf(view);
    for (let index = entries.length - 1; index >= 0 && lines.length < rows; index -= 1) {
      const entry = entries[index];
      if (entry !== undefined) lines.unshift(...entryLines(entry, width, isNarrow, rows - lines.length));
    }
    return labelled(isNarrow ? '' : 'log', lines, columns);
  },
  isGroup: true,
  inPieces: true,
};

/** Of a node that somebody has chosen only what is about it. */
function entriesOf({ model: { log: all, chosen } }: RunView): readonly LogEntry[] {
  return chosen === null ? all.entries : all.entries.filter(({ node }) => node === null || node === chosen);
}

const STYLES: Readonly<Record<Level, Style>> = {
  detail: 'dim',
  info: 'plain',
  good: 'good',
  warning: 'warning',
  error: 'error',
  end: 'strong',
};

/** At most `room` lines; what is left away is marked. */
function entryLines(entry: LogEntry, width: number, isNarrow: boolean, room: number): readonly Line[] {
  const time = localTime(entry.at) ?? '--:--:--';
  const clock = isNarrow ? time.slice(0, 5) : time;
  const indent = clock.length + 2;
  const inner = Math.max(10, width - indent);
  const times = entry.times > 1 ? ` (${entry.times} times)` : '';
  const [head = '', ...more] = entry.lines;
  const words = [`${head}${times}`, ...more].flatMap((text) => wrap(text, inner, 3));
  const shown =
    words.length <= room
      ? words
      : [...words.slice(0, room - 1), truncate(`${words[room - 1] ?? ''} …`, inner)];
  return shown.map((text, index) =>
    line(styled('dim', index === 0 ? `${clock}  ` : ' '.repeat(indent)), styled(STYLES[entry.level], text)),
  );
}
