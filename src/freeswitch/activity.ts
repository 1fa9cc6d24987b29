/** Hints that a channel began or ended on a node. They are subscribed to only while somebody listens. */
import type { Clock, NodeActivity } from '../workflow/ports.ts';
import { readChannelCreate } from './channel-create.ts';
import type { EslConnection, EventHeaders } from './esl-connection.ts';

/** CHANNEL_CREATE and CHANNEL_DESTROY are 5 kB each (measured on 1.10.12): nothing else is asked for. */
const EVENTS = ['CHANNEL_CREATE', 'CHANNEL_DESTROY', 'SHUTDOWN'] as const;

export type ActivityListener = (activity: NodeActivity) => void;

export class Activity {
  readonly #clock: Clock;
  readonly #timeout: number;
  readonly #listeners = new Set<ActivityListener>();
  #connection: EslConnection | null = null;
  /** Whether `#connection` was last asked to send events. */
  #subscribed = false;
  /** What this chunk of events said, to be told once it was read. */
  #due: NodeActivity[] = [];
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

  listen(listener: ActivityListener): () => void {
    // Its own function, so that one listener given twice is two.
    const entry = (activity: NodeActivity): void => listener(activity);
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
    let announced = false;
    const shutdown = (): void => {
      this.#shutdownAt = this.#clock.now();
      // The event, and then the notice in which FreeSWITCH says it again.
      if (!announced) this.#tell({ kind: 'shutdown' });
      announced = true;
    };
    connection.onEvent((name, headers) => {
      if (name === 'SHUTDOWN') shutdown();
      else this.#channel(name, headers);
    });
    void connection.closed.then(({ how }) => {
      if (how === 'shutdown') shutdown();
    });
    this.#adjust();
  }

  /** Asks once more for events where that has failed on a connection that is still open. */
  renew(): void {
    this.#adjust();
  }

  #adjust(): void {
    const connection = this.#connection;
    const wanted = this.#listeners.size > 0;
    if (connection?.open !== true || wanted === this.#subscribed) return;
    this.#subscribed = wanted;
    // Nobody waits for it: without events the poll is slower, nothing more. Its deadline ends it.
    const options = { timeout: this.#timeout, signal: new AbortController().signal };
    const asked = wanted ? connection.subscribe(EVENTS, options) : connection.unsubscribe(options);
    asked.catch(() => {
      if (this.#connection === connection && this.#subscribed === wanted) this.#subscribed = !wanted;
    });
  }

  #channel(name: string, headers: () => EventHeaders | undefined): void {
    // Events that were under way when the last listener left are not even parsed.
    if (this.#listeners.size === 0) return;
    if (name === 'CHANNEL_DESTROY') {
      // One for all the ends of a chunk: a busy node sends thousands a second, and nothing is read from them.
      if (!this.#due.some(({ kind }) => kind === 'ended')) this.#tell({ kind: 'ended' });
    } else if (name === 'CHANNEL_CREATE') {
      const created = readChannelCreate(headers());
      if (created !== undefined) this.#tell(created);
    }
  }

  /** After the whole chunk was read, so that what a listener does cannot disturb the reading. */
  #tell(activity: NodeActivity): void {
    this.#due.push(activity);
    if (this.#due.length > 1) return;
    queueMicrotask(() => {
      const due = this.#due;
      this.#due = [];
      for (const one of due) for (const listener of [...this.#listeners]) listener(one);
    });
  }
}
