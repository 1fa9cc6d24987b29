/** Questions to a node whose answers may not come: what is not answered is unknown, with the reason. */
import { errorInfo, FshaError, isInterruption, type ErrorInfo } from '../domain/errors.ts';
import { known, unknown, type Known } from '../domain/observation.ts';
import type { Clock } from '../workflow/ports.ts';
import type { EslConnection } from './esl-connection.ts';

export interface AskingTime {
  /** Ms for all questions together. */
  readonly timeout: number;
  readonly clock: Clock;
}

/** Asks under one deadline. Once the connection is gone every further question has the same answer: none. */
export class Questions {
  readonly #connection: EslConnection;
  readonly #clock: Clock;
  readonly #end: number;
  readonly #signal: AbortSignal;
  #answered = false;
  #failure: FshaError | null = null;

  constructor(connection: EslConnection, { timeout, clock }: AskingTime, signal: AbortSignal) {
    this.#connection = connection;
    this.#clock = clock;
    this.#end = clock.now() + timeout;
    this.#signal = signal;
  }

  /** Why nothing at all was answered; null where something was. */
  get trouble(): ErrorInfo | null {
    return this.#answered || this.#failure === null ? null : errorInfo(this.#failure);
  }

  /**
   * The answer's body, an -ERR included; unknown where none came.
   * @throws FshaError `interrupted`, and nothing else
   */
  async ask(command: string): Promise<Known<string>> {
    const timeout = this.#end - this.#clock.now();
    if (timeout <= 0) this.#failure ??= new FshaError('timeout', 'The time for reading the node was over.');
    if (this.#failure !== null) return unknown(clause(this.#failure));
    try {
      const body = await this.#connection.apiRaw(command, { timeout, signal: this.#signal });
      this.#answered = true;
      return known(body);
    } catch (error) {
      if (isInterruption(error) || !(error instanceof FshaError)) throw error;
      // A refusal is an answer, and concerns this question alone.
      if (error.code === 'esl.error') this.#answered = true;
      else this.#failure = error;
      return unknown(clause(error));
    }
  }
}

/** What an answer says, where one came. */
export function read<T>(body: Known<string>, parse: (body: string) => Known<T>): Known<T> {
  return body.known ? parse(body.value) : body;
}

/** A message as a clause that follows "unknown: ". */
export function clause({ message }: { readonly message: string }): string {
  return message.replace(/\.$/, '');
}
