/** Hints that a call began or ended on a node. They are subscribed to only while somebody listens. */
import type { Clock } from '../workflow/ports.ts';
import type { EslConnection } from './esl-connection.ts';

/** CHANNEL_CREATE and CHANNEL_DESTROY are 5 kB each (measured on 1.10.12): nothing else is asked for. */
const EVENTS = ['CHANNEL_CREATE', 'CHANNEL_DESTROY', 'SHUTDOWN'] as const;

export class Activity {
  readonly #clock: Clock;
  readonly #timeout: number;
  readonly #listeners = new Set<() => void>();
  #connection: EslConnection | null = null;
  /** Whether `#connection` was last asked to send events. */
  #subscribed = false;
  #due = false;
  #shutdownAt: number | null = null;

  /** @param timeout ms for subscribing */
  constructor(clock: Clock, timeout: number) {
    this.#clock = clock;
    this.#timeout = timeout;
  }

  /**
   * Monotonic ms at which the node last said that it was being shut down, so that an end that was announced can be
   * told from one that was not; null where it never did.
   */
  get shutdownAt(): number | null {
    return this.#shutdownAt;
  }

  listen(listener: () => void): () => void {
    // Its own function, so that one listener given twice is two.
    const entry = (): void => listener();
    this.#listeners.add(entry);
    this.#adjust();
    return () => {
      this.#listeners.delete(entry);
      this.#adjust();
    };
  }

  /** Follows this connection from now on. */
  follow(connection: EslConnection): void {
    this.#connection = connection;
    this.#subscribed = false;
    connection.onEvent((name) => {
      if ((EVENTS as readonly string[]).includes(name)) this.#hint();
      if (name === 'SHUTDOWN') this.#shutdownAt = this.#clock.now();
    });
    void connection.closed.then(({ how }) => {
      if (how !== 'shutdown') return;
      this.#shutdownAt = this.#clock.now();
      this.#hint();
    });
    this.#adjust();
  }

  #adjust(): void {
    const connection = this.#connection;
    const wanted = this.#listeners.size > 0;
    if (connection?.open !== true || wanted === this.#subscribed) return;
    this.#subscribed = wanted;
    // Nobody waits for it: without events the poll is slower, nothing more. Its deadline ends it.
    const options = { timeout: this.#timeout, signal: new AbortController().signal };
    (wanted ? connection.subscribe(EVENTS, options) : connection.unsubscribe(options)).catch(() => undefined);
  }

  /** One call for all the events of a chunk: a busy node sends thousands a second. */
  #hint(): void {
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      for (const listener of [...this.#listeners]) listener();
    });
  }
}
