/**
 * A process that writes a journal, to be killed, limited and locked out: `DIR RUN HOW_MANY`. Prints the seq of each
 * event once its append is done, then, where appends fail, the first and the second error as JSON.
 */
import { errorInfo } from '../../src/domain/errors.ts';
import type { NewEvent, RunEvent } from '../../src/domain/run-events.ts';
import { openJournal } from '../../src/journal/journal-file.ts';
import { disable, progress, started } from './events.ts';

const [dir = '', run = '', howMany = '0'] = process.argv.slice(2);

function nextEvent(seq: number): RunEvent {
  const event: NewEvent = seq === 1 ? started() : seq % 2 === 0 ? disable('node-1') : progress('node-1', seq);
  return { v: 1, seq, at: new Date().toISOString(), mono: performance.now(), run, ...event };
}

function say(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

try {
  const journal = await openJournal({ dir, run, cluster: 'voice-eu' });
  let seq = 0;
  try {
    while (seq < Number(howMany)) {
      await journal.append(nextEvent(seq + 1));
      seq += 1;
      say(seq);
    }
  } catch (error) {
    say({ ...errorInfo(error), name: (error as Error).name });
    await journal.append(nextEvent(seq + 2)).catch((again: unknown) => say(errorInfo(again)));
  }
  await journal.close().catch(() => undefined);
} catch (error) {
  say({ ...errorInfo(error), name: (error as Error).name });
}
