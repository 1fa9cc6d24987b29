/** The view for people without a terminal of their own: lines with a time, as the run goes. */
import type { Writable } from 'node:stream';
import type { RunEvent } from '../domain/run-events.ts';
import { printable } from '../domain/text.ts';
import { boundedWriter } from './bounded-writer.ts';
import { counted } from './count-words.ts';
import { localTime } from './local-time.ts';
import type { EventView } from './ndjson.ts';
import { type Said, sayEvent } from './sentences/registry.ts';
import { type Level, SentenceMemory } from './sentences/sentence.ts';

export interface PlainLinesOptions {
  readonly out: Writable;
  /** Whether to use ANSI colours: the caller knows about NO_COLOR and terminals. */
  readonly colour: boolean;
  /** `quiet`: warnings, errors and the end. `verbose`: everything. */
  readonly amount: 'quiet' | 'normal' | 'verbose';
  /** Bytes that may wait in `out` before lines are dropped. */
  readonly cap?: number;
}

const CAP = 1024 * 1024;
/**
 * While something is awaited: other words are told no more often than this, other numbers in the same words (and the very
 * same line) no more often than that: ms. A drain of two hours then leaves some 240 lines in a log, not 1,440.
 */
const OTHER_WORDS = 2_000;
const OTHER_NUMBERS = 30_000;
/** Continuation lines stand below the words, not below the time. */
const INDENT = ' '.repeat('00:00:00  '.length);

// By hand: styleText of node:util looks at the stream from Node 22 on, and the caller has decided already.
const COLOURS: Readonly<Record<Level, string>> = {
  detail: '2',
  info: '',
  good: '32',
  warning: '33',
  error: '31',
  end: '1',
};
const QUIET: ReadonlySet<Level> = new Set<Level>(['warning', 'error', 'end']);

/** Writes what is worth knowing of a run to `out`, in the order of its events. */
export function plainLines(options: PlainLinesOptions): EventView {
  const { out, colour, amount } = options;
  const writer = boundedWriter(out, options.cap ?? CAP);
  const memory = new SentenceMemory(amount === 'verbose');
  const isDue = waitingThrottle();
  let admitted = 0;

  const write = (text: string, level: Level, at: string): void => {
    const lines = text.split('\n').map((line) => printable(line, Number.POSITIVE_INFINITY));
    const painted = lines.map((line, index) => {
      const code = level === 'end' && index > 0 ? '' : COLOURS[level];
      return colour && code !== '' ? `\u001b[${code}m${line}\u001b[0m` : line;
    });
    writer.write(`${localTime(at) ?? '--:--:--'}  ${painted.join(`\n${INDENT}`)}\n`);
  };

  const admitDropped = (at: string): void => {
    if (writer.dropped === admitted || !writer.open) return;
    const since = writer.dropped - admitted;
    admitted = writer.dropped;
    write(`${counted(since, 'line')} left out here: the output did not keep up`, 'warning', at);
  };

  return {
    onEvent: (event) => {
      const said = inWords(event, memory);
      if (said === null || !isWanted(said.level, amount)) return;
      if (amount !== 'verbose' && !isDue(event, said.text)) return;
      if (event.type === 'run.settled') admitDropped(event.at);
      write(said.text, said.level, event.at);
    },
    onPast: (event) => void inWords(event, memory),
    close: async (deadline) => {
      admitDropped(new Date().toISOString());
      return writer.flush(deadline);
    },
  };
}

function isWanted(level: Level, amount: PlainLinesOptions['amount']): boolean {
  return amount === 'verbose' || (amount === 'quiet' ? QUIET.has(level) : level !== 'detail');
}

/** A view that throws would be dropped, and with it the end of the run: better one event without words. */
function inWords(event: RunEvent, memory: SentenceMemory): Said | null {
  try {
    const said = sayEvent(event, memory);
    memory.note(event);
    return said;
  } catch {
    return {
      level: 'warning',
      text: `event ${event.seq} (${printable(event.type)}) cannot be put into words`,
    };
  }
}

/** Tells whether what comes again and again is worth a line now. */
function waitingThrottle(): (event: RunEvent, text: string) => boolean {
  const last = new Map<string, { words: string; mono: number }>();
  return (event, text) => {
    if (event.type === 'run.resumed') last.clear();
    if (event.type !== 'step.progress' && event.type !== 'step.retrying') return true;
    const key = `${event.type} ${event.node ?? ''} ${event.step ?? ''}`;
    const words = withoutNumbers(text);
    const before = last.get(key);
    if (before !== undefined) {
      const since = event.mono - before.mono;
      if (since >= 0 && since < (words === before.words ? OTHER_NUMBERS : OTHER_WORDS)) return false;
    }
    last.set(key, { words, mono: event.mono });
    return true;
  };
}

/** Counts and durations left out: `for 1m5s` and `for 59s` are the same words; `1 call` and `2 calls` are not. */
function withoutNumbers(text: string): string {
  return text.replace(/(?:\d+(?:\.\d+)?(?:ms|[smh]\b|[smh](?=\d))?)+/g, '#');
}
