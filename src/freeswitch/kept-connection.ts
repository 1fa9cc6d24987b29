/** One ESL connection that is opened when it is wanted and kept; when it is gone, the next use opens another. */
import { interrupted, FshaError } from '../domain/errors.ts';
import { onAbort } from './abort-listener.ts';
import type { EslConnection } from './esl-connection.ts';

export class KeptConnection {
  readonly #where: string;
  readonly #connect: (signal: AbortSignal) => Promise<EslConnection>;
  readonly #opened: (connection: EslConnection) => void;
  readonly #lifetime = new AbortController();
  #current: EslConnection | null = null;
  #opening: Promise<EslConnection> | null = null;

  /**
   * @param connect opens one; ends by itself in bounded time
   * @param opened called with each one that was opened, before anybody else gets it
   */
  constructor(
    where: string,
    connect: (signal: AbortSignal) => Promise<EslConnection>,
    opened: (connection: EslConnection) => void,
  ) {
    this.#where = where;
    this.#connect = connect;
    this.#opened = opened;
  }

  /** The one that is open now; opens none. */
  get current(): EslConnection | null {
    return this.#current?.open === true ? this.#current : null;
  }

  /**
   * The open connection, or a new one. Whoever asks while one is being opened waits for that one; who is interrupted
   * leaves without ending it for the others.
   */
  get(signal: AbortSignal): Promise<EslConnection> {
    if (signal.aborted || this.#lifetime.signal.aborted)
      return Promise.reject(interrupted(`connecting to ${this.#where}`));
    if (this.current !== null) return Promise.resolve(this.current);
    this.#opening ??= this.#open();
    return unlessAborted(this.#opening, signal, () => interrupted(`connecting to ${this.#where}`));
  }

  /** Ends the connection and the opening of one; nothing is opened any more. */
  async close(): Promise<void> {
    this.#lifetime.abort();
    this.#current?.close();
    await this.#opening?.catch(() => undefined);
  }

  async #open(): Promise<EslConnection> {
    try {
      const connection = await this.#connect(this.#lifetime.signal);
      if (this.#lifetime.signal.aborted) {
        connection.close();
        throw interrupted(`connecting to ${this.#where}`);
      }
      this.#current = connection;
      this.#opened(connection);
      return connection;
    } finally {
      this.#opening = null;
    }
  }
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal, reason: () => FshaError): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancelAbort = onAbort(signal, () => reject(reason()));
    work.then(resolve, reject).finally(cancelAbort);
  });
}
