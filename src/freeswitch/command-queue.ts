/**
 * One command in flight, the others wait their turn. ESL answers in order and says nothing of what it answers, so an
 * answer that came late, or in a shape that was not expected, would be taken for the next command's.
 */
import { interrupted, type FshaError } from '../domain/errors.ts';
import { printable } from '../domain/text.ts';
import type { Clock } from '../workflow/ports.ts';
import { onAbort } from './abort-listener.ts';
import { CommandDeadlines } from './command-deadlines.ts';
import { commandLost, commandTimeout, notOneLine } from './esl-errors.ts';
import type { EslFrame } from './modesl-connection.ts';

export interface CommandOptions {
  /** Ms from now to the whole answer, the time in the queue included. */
  readonly timeout: number;
  readonly signal: AbortSignal;
}

interface Waiting {
  readonly command: string;
  readonly answered: (frame: EslFrame) => void;
  readonly failed: (error: FshaError) => void;
}

interface QueueSettings {
  readonly where: string;
  readonly clock: Clock;
  readonly write: (command: string) => void;
  /** Called when the command in flight was given up: its answer may still come, so the connection is of no use now. */
  readonly abandoned: (error: FshaError) => void;
}

export class CommandQueue {
  readonly #settings: QueueSettings;
  readonly #deadlines: CommandDeadlines;
  #inFlight: Waiting | null = null;
  #waiting: Waiting[] = [];
  #closed: FshaError | null = null;

  constructor(settings: QueueSettings) {
    this.#settings = settings;
    this.#deadlines = new CommandDeadlines(settings.clock);
  }

  /**
   * Sends the command when its turn has come.
   * @returns its answer, command/reply or api/response: a command that an ACL denies is answered by the former where
   * the latter belongs
   * @throws FshaError `usage` (more than one line), `timeout`, `interrupted`, `connection.lost`
   */
  run(command: string, options: CommandOptions): Promise<EslFrame> {
    const refusal = this.#refusal(command, options.signal);
    if (refusal !== null) return Promise.reject(refusal);
    return new Promise((answered, failed) => this.#enqueue(command, options, answered, failed));
  }

  /** Gives the answer to the command in flight. False where there is none: then it answers something unknown. */
  answer(frame: EslFrame): boolean {
    const entry = this.#inFlight;
    if (entry === null) return false;
    this.#inFlight = null;
    entry.answered(frame);
    // Not before the rest of the chunk was read: a second answer in it must not pass for the next command's.
    queueMicrotask(() => this.#advance());
    return true;
  }

  /** Rejects everything that waits, now and later, with `connection.lost`. */
  close(why: FshaError): void {
    if (this.#closed !== null) return;
    this.#closed = why;
    const { where } = this.#settings;
    const inFlight = this.#inFlight;
    const waiting = this.#waiting;
    this.#inFlight = null;
    this.#waiting = [];
    this.#deadlines.close();
    inFlight?.failed(commandLost(where, inFlight.command, true, why));
    for (const entry of waiting) entry.failed(commandLost(where, entry.command, false, why));
  }

  #refusal(command: string, signal: AbortSignal): FshaError | null {
    const { where } = this.#settings;
    if (/[\r\n\0]/.test(command)) return notOneLine(where, 'A command', 'usage');
    if (signal.aborted) return interrupted(`a command to ${where}`);
    return this.#closed === null ? null : commandLost(where, command, false, this.#closed);
  }

  #enqueue(
    command: string,
    { timeout, signal }: CommandOptions,
    answered: (frame: EslFrame) => void,
    failed: (error: FshaError) => void,
  ): void {
    const { where } = this.#settings;
    const settled = (): void => {
      cancelDeadline();
      cancelAbort();
    };
    const entry: Waiting = {
      command,
      answered: (frame) => {
        settled();
        answered(frame);
      },
      failed: (error) => {
        settled();
        failed(error);
      },
    };
    const cancelAbort = onAbort(signal, () =>
      this.#giveUp(entry, interrupted(`"${printable(command, 80)}" to ${where}`)),
    );
    const cancelDeadline = this.#deadlines.start(timeout, () =>
      this.#giveUp(entry, commandTimeout(where, command, timeout, entry === this.#inFlight)),
    );
    this.#waiting.push(entry);
    this.#advance();
  }

  #advance(): void {
    if (this.#inFlight !== null || this.#closed !== null) return;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#inFlight = next;
    this.#settings.write(next.command);
  }

  #giveUp(entry: Waiting, error: FshaError): void {
    if (entry === this.#inFlight) {
      this.#inFlight = null;
      entry.failed(error);
      this.#settings.abandoned(error);
      return;
    }
    this.#waiting = this.#waiting.filter((other) => other !== entry);
    entry.failed(error);
  }
}
