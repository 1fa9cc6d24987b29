/** Takes a terminal for a screen of one's own, and gives it back as it was: always, even where the process just ends. */
import { writeSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';

export type ScreenOutput = Writable & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  readonly fd?: number;
};

export type ScreenInput = Readable & {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
};

export interface TakenTerminal {
  /** Gives it back; resolves when the terminal has got that, or does not take it. Never rejects; safe twice. */
  giveBack(): Promise<void>;
  /** As when it was taken, where a shell has had it in between. */
  takeAgain(): void;
  /** The same as giveBack before it returns, for a process that is about to end. */
  giveBackNow(): void;
}

const CLEAR = '\u001b[H\u001b[2J';

// Alternate screen, no cursor, no wrapping of what is too long, pasted text marked as such.
const TAKE = `\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[?2004h${CLEAR}`;
// Erased too: a terminal without an alternate screen is not to keep half a frame.
const GIVE_BACK = `\u001b[?2026l${CLEAR}\u001b[?2004l\u001b[?7h\u001b[?25h\u001b[?1049l`;
/** Ends a sequence and a style of which only the beginning came through. */
const CANCEL = '\u0018\u001b[0m';

/** How long a terminal may take to be given back, ms: one that was stopped does not hold the process. */
const PATIENCE_MS = 500;

const ignore = (): void => undefined;

/** Raw mode, and a screen of its own. @throws where the terminal refuses; it is as it was then */
export function takeTerminal(stdout: ScreenOutput, stdin: ScreenInput): TakenTerminal {
  let given: Promise<void> | undefined;
  let out = false;

  const done = (): void => {
    out = true;
    process.off('exit', giveBackNow);
  };
  const giveBackNow = (): void => {
    if (out) return;
    done();
    cook(stdin);
    if (stdout.fd !== undefined && stdout.isTTY === true) writeNow(stdout.fd, CANCEL + GIVE_BACK);
    else stdout.write(GIVE_BACK);
  };
  const giveBack = async (): Promise<void> => {
    if (out) return;
    cook(stdin);
    // What is still under way when the process ends is tried once more there.
    const written = new Promise<void>((resolve) => stdout.write(GIVE_BACK, () => resolve())).then(done);
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, PATIENCE_MS);
    });
    await Promise.race([written, patience]);
    clearTimeout(timer);
  };

  for (const stream of [stdout, stdin]) {
    // Stays for good: a lost terminal may say so at any later time, and without a listener that ends the process.
    if (!stream.listeners('error').includes(ignore)) stream.on('error', ignore);
  }
  stdin.setRawMode?.(true);
  process.on('exit', giveBackNow);
  stdout.write(TAKE);
  const takeAgain = (): void => {
    if (out || given !== undefined) return;
    // Node leaves out what it takes for done: the mode as it set it last.
    cook(stdin);
    stdin.setRawMode?.(true);
    stdout.write(TAKE);
  };
  return { giveBack: () => (given ??= giveBack()), giveBackNow, takeAgain };
}

/** Lines, echo and signals again. */
function cook(stdin: ScreenInput): void {
  try {
    stdin.setRawMode?.(false);
  } catch {
    // The terminal is gone: it has no mode any more.
  }
}

/** Past the stream, whose queue is lost when the process ends. */
function writeNow(fd: number, text: string): void {
  const nap = new Int32Array(new SharedArrayBuffer(4));
  let left = Buffer.from(text);
  for (let attempt = 0; attempt < 50 && left.length > 0; attempt += 1) {
    try {
      left = left.subarray(writeSync(fd, left));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) return;
      Atomics.wait(nap, 0, 0, 2);
    }
  }
}
