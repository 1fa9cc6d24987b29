/** A watched status without a screen: what has changed, in lines, or whole documents. */
import type { Writable } from 'node:stream';
import type { Cluster } from '../domain/cluster.ts';
import { FshaError, isInterruption } from '../domain/errors.ts';
import type { Observation } from '../domain/observation.ts';
import type { RunNotes } from '../domain/run-notes.ts';
import { boundedWriter, type BoundedWriter } from '../output/bounded-writer.ts';
import { jsonText } from '../output/json-text.ts';
import { localTime } from '../output/local-time.ts';
import { statusDocument } from '../output/status-json.ts';
import { StatusNews } from '../output/status-news.ts';
import type { News } from '../output/status-news-node.ts';
import { within } from '../workflow/deadline.ts';
import type { Clock } from '../workflow/ports.ts';
import type { Watcher } from '../workflow/watcher.ts';
import type { RunsWatch } from './runs-watch.ts';

export interface StatusLinesOptions {
  readonly cluster: Cluster;
  readonly watcher: Pick<Watcher, 'latest' | 'since'>;
  readonly runs: Pick<RunsWatch, 'latest' | 'look'>;
  /** Ms between two readings of one thing. */
  readonly poll: number;
  readonly clock: Clock;
  readonly out: Writable;
  /** `quiet`: only what is to be looked after. */
  readonly form: 'lines' | 'quiet' | 'json';
  readonly signal: AbortSignal;
}

/** News come as soon as that, ms; documents once a poll. */
const NEWS_EVERY = 1_000;
/** Where nothing changes something is written all the same: a reader sees that it lives, and it sees that a reader does. */
const SILENCE = 300_000;
/** What may wait for a reader that does not read: bytes. */
const CAP = 16 * 1024 * 1024;
/** How long the first look waits for those that do not answer, at most, and the last words for their reader: ms. */
const FIRST_LOOK = 10_000;
const LAST_WORDS = 2_000;

/** Writes until the signal fires or nobody reads any more. @returns how many lines did not get through */
export async function writeStatusLines(options: StatusLinesOptions): Promise<number> {
  const { watcher, runs, clock, signal, form, poll } = options;
  const writer = boundedWriter(options.out, CAP);
  const say = form === 'json' ? documents(options, writer) : lines(options, writer);
  const every = form === 'json' ? poll : Math.min(NEWS_EVERY, poll);
  try {
    await firstLook(options);
    await runs.look(watcher.latest(), signal);
    for (let last = Number.NEGATIVE_INFINITY; writer.open;) {
      const isDue = clock.now() - last >= SILENCE;
      if (say(watcher.latest(), runs.latest(), isDue) || isDue) last = clock.now();
      await clock.sleep(every, signal);
    }
  } catch (error) {
    if (!isInterruption(error)) throw error;
  }
  return writer.flush(LAST_WORDS);
}

/** Until everything was read once; who does not answer is not waited for much longer than a poll. */
async function firstLook({ cluster, watcher, poll, clock, signal }: StatusLinesOptions): Promise<void> {
  const everything = {
    nodes: cluster.nodes.map(({ name }) => name),
    proxies: cluster.proxies.map(({ name }) => name),
  };
  try {
    await within(clock, Math.min(2 * poll, FIRST_LOOK), signal, 'the first look', (ended) =>
      // Whenever it was: this is before every reading, and yet later than one that there is none of.
      watcher.since(Number.MIN_SAFE_INTEGER, everything, ended),
    );
  } catch (error) {
    if (!(error instanceof FshaError) || error.code !== 'timeout') throw error;
  }
}

/** Writes what is new; or how it stands, where that is due. Returns whether anything was written. */
type Say = (observation: Observation, runs: RunNotes | null, isDue: boolean) => boolean;

function lines({ cluster, clock, form }: StatusLinesOptions, writer: BoundedWriter): Say {
  const news = new StatusNews(cluster);
  let isFirst = true;
  return (observation, runs, isDue) => {
    const items: readonly News[] = isFirst ? news.begin(observation, runs) : news.take(observation, runs);
    isFirst = false;
    const said = items.length === 0 && isDue ? [news.summary(observation)] : items;
    const time = localTime(clock.wall().toISOString()) ?? '--:--:--';
    const wanted = said.filter(({ bad }) => bad || form !== 'quiet');
    for (const { text } of wanted) writer.write(`${time}  ${text}\n`);
    return wanted.length > 0;
  };
}

function documents({ cluster, clock }: StatusLinesOptions, writer: BoundedWriter): Say {
  let before = '';
  return (observation, runs, isDue) => {
    const document = statusDocument(cluster, observation, clock.wall(), runs);
    const essence = JSON.stringify(document, (key, value: unknown) => (PASSING.has(key) ? undefined : value));
    if (essence === before && !isDue) return false;
    before = essence;
    writer.write(`${jsonText(document)}\n`);
    return true;
  };
}

/** What changes by itself, and is no change. */
const PASSING: ReadonlySet<string> = new Set(['at', 'uptimeMs']);
