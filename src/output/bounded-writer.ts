/**
 * Writes to a stream that may be slow, stalled or closed, and never waits for it: what exceeds the cap is dropped and
 * counted. A reader that has gone away is no error of the run.
 */
import type { Writable } from 'node:stream';

export interface BoundedWriter {
  /** Hands `text` to the stream, or drops it. */
  write(text: string): void;
  /** How many texts were dropped so far. */
  readonly dropped: number;
  /** Whether the stream takes anything at all. */
  readonly open: boolean;
  /**
   * Waits until the stream has taken everything, at most `deadline` ms. Does not end the stream.
   * @returns how many texts did not get through
   */
  flush(deadline: number): Promise<number>;
}

/** @param cap bytes that may wait in the stream */
export function boundedWriter(out: Writable, cap: number): BoundedWriter {
  let dropped = 0;
  let waiting = 0;
  let broken = false;
  let wake: (() => void) | undefined;

  const isOpen = (): boolean => !broken && !out.destroyed && !out.writableEnded;

  // Stays for good: an EPIPE may come at any time after a write, and without a listener it ends the process.
  out.on('error', () => {
    broken = true;
    wake?.();
  });
  out.once('close', () => wake?.());

  return {
    get dropped() {
      return dropped;
    },
    get open() {
      return isOpen();
    },
    write: (text) => {
      if (!isOpen() || out.writableLength + Buffer.byteLength(text) > cap) {
        dropped += 1;
        return;
      }
      waiting += 1;
      out.write(text, (error) => {
        waiting -= 1;
        if (error) dropped += 1;
        if (waiting === 0) wake?.();
      });
    },
    flush: async (deadline) => {
      if (waiting > 0 && isOpen()) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, deadline);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        wake = undefined;
      }
      return dropped + waiting;
    },
  };
}
