import type { Level } from '../../output/sentences/sentence.ts';
import { localTime } from '../../output/local-time.ts';
import { type Line, line, type Style, styled } from '../line.ts';
import type { LogEntry } from '../run-log.ts';
import { innerWidth, labelled, type Panel } from './panel.ts';
import type { RunView } from './view.ts';
import { wrap } from './wrap.ts';

/** What happened, newest last. */
export const log: Panel = {
  heights: ({ model }) => {
    const all = model.log.entries.length;
    return [0, Math.min(all, 1), Math.min(all, 2), Math.min(all, 4), all === 0 ? 0 : Infinity];
  },
  draw: ({ model }: RunView, columns, rows) => {
    const width = innerWidth(columns);
    const isNarrow = width === columns;
    const lines: Line[] = [];
    const { entries } = model.log;
    for (let index = entries.length - 1; index >= 0 && lines.length < rows; index -= 1) {
      const entry = entries[index];
      if (entry === undefined) break;
      // The newest may take several lines, but not so that nothing stands beside it.
      const room = rows - lines.length;
      lines.unshift(...entryLines(entry, width, isNarrow).slice(0, room));
    }
    return labelled(isNarrow ? '' : 'log', lines, columns);
  },
  isGroup: true,
};

const STYLES: Readonly<Record<Level, Style>> = {
  detail: 'dim',
  info: 'plain',
  good: 'good',
  warning: 'warning',
  error: 'error',
  end: 'strong',
};

function entryLines(entry: LogEntry, width: number, isNarrow: boolean): readonly Line[] {
  const time = localTime(entry.at) ?? '--:--:--';
  const clock = isNarrow ? time.slice(0, 5) : time;
  const indent = clock.length + 2;
  const times = entry.times > 1 ? ` (${entry.times} times)` : '';
  const [head = '', ...more] = entry.lines;
  const words = [`${head}${times}`, ...more].flatMap((text) => wrap(text, Math.max(10, width - indent), 3));
  return words.map((text, index) =>
    line(
      styled('dim', index === 0 ? `${clock}  ` : ' '.repeat(indent)),
      styled(index === 0 || entry.level !== 'end' ? STYLES[entry.level] : 'plain', text),
    ),
  );
}
