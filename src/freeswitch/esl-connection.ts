/** What a logged-in ESL connection offers: commands that are answered or fail within their time, and events as hints. */
import type { FshaError } from '../domain/errors.ts';
import type { CommandOptions } from './command-queue.ts';

/** Why a connection ended. `shutdown`: FreeSWITCH said that it is being shut down. */
export interface EslEnd {
  readonly how: 'closed' | 'shutdown' | 'failed';
  readonly error: FshaError;
}

/** The headers of an event. Values are text; a header that was given several times may be a list. */
export type EventHeaders = Readonly<Record<string, unknown>>;

/**
 * @param name its Event-Name
 * @param headers parses the event, 5 kB of it: to be called only for what is needed; undefined where that is no JSON
 */
export type EventListener = (name: string, headers: () => EventHeaders | undefined) => void;

export interface EslConnection {
  /** False from the moment it ended; commands then fail at once, and nothing opens it again. */
  readonly open: boolean;
  /**
   * The answer to `api COMMAND`, as it came.
   * @throws FshaError `esl.error` where it begins with -ERR or -USAGE; `timeout` and `connection.lost`, whose messages
   * say whether it was sent; `interrupted`; `usage` for a command of more than one line. A command that was sent and
   * timed out or was interrupted ends the connection, since its late answer would be taken for the next one's.
   */
  api(command: string, options: CommandOptions): Promise<string>;
  /** The same, but an -ERR in the answer's body is an answer: `global_getvar` says so where a variable is empty. */
  apiRaw(command: string, options: CommandOptions): Promise<string>;
  /** Asks for these events besides those asked for before. @param events names such as CHANNEL_CREATE */
  subscribe(events: readonly string[], options: CommandOptions): Promise<void>;
  /** Asks for no events any more. */
  unsubscribe(options: CommandOptions): Promise<void>;
  /** Calls `listener` with each event. Returns the function that ends that. */
  onEvent(listener: EventListener): () => void;
  /** Settles when the connection has ended, for whatever reason; never rejects. */
  readonly closed: Promise<EslEnd>;
  /** Ends it at once; what is in flight fails as `connection.lost`. */
  close(): void;
}
