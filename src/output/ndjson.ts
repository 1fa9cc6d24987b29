/** The view of --json: every event on a line of its own. */
import type { Writable } from 'node:stream';
import type { RunEvent } from '../domain/run-events.ts';
import { boundedWriter } from './bounded-writer.ts';
import { jsonText } from './json-text.ts';

/**
 * What may wait for a reader that does not read. At some 300 bytes an event and a poll of 5 s that is a day and a half
 * for each of a hundred nodes; beyond it events are dropped, which the gap in their `seq` shows.
 */
const CAP = 64 * 1024 * 1024;

export interface EventView {
  /** Takes an event; never waits, never throws. */
  readonly onEvent: (event: RunEvent) => void;
  /** Takes what an earlier process of the run has recorded: known from now on, and not shown anew. */
  readonly onPast: (event: RunEvent) => void;
  /**
   * Lets the stream take what is waiting, at most `deadline` ms.
   * @returns how many lines did not get through: the caller says so elsewhere
   */
  readonly close: (deadline: number) => Promise<number>;
}

/** @param cap bytes that may wait in `out` before events are dropped */
export function ndjsonView(out: Writable, cap = CAP): EventView {
  const writer = boundedWriter(out, cap);
  return {
    onEvent: (event) => {
      writer.write(`${jsonText(event)}\n`);
    },
    onPast: () => undefined,
    close: (deadline) => writer.flush(deadline),
  };
}
