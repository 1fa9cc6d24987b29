/**
 * What only playbooks ask of the world beside the servers of the cluster: HTTP, and reading from PostgreSQL and Redis. Each
 * call connects, asks once and closes; every one ends with its signal and its time (ms).
 */
import type { JsonObject, JsonValue } from '../domain/playbook/json.ts';

export interface HttpRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** How many redirects are followed, within one origin only; 0: none. */
  readonly redirects: number;
  readonly timeout: number;
  /** Bytes of an answer's body, unpacked; a longer one is an error. */
  readonly maxBytes: number;
}

export interface HttpReply {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface HttpPort {
  /**
   * Any status is a reply.
   * @throws FshaError `connect.*` (nothing was sent), `connection.lost`, `timeout` (the outcome is unknown), `protocol`,
   *   `usage`, `interrupted`; none has more of the URL than its origin, nor a header or the body in it
   */
  request(request: HttpRequest, signal: AbortSignal): Promise<HttpReply>;
}

export interface SqlQuery {
  /** A connection string; holds a password. */
  readonly dsn: string;
  /** One query that gives rows. */
  readonly query: string;
  readonly values: readonly JsonValue[];
  /** Rows at most; one more is read to tell whether there are others. */
  readonly limit: number;
  readonly timeout: number;
  /** Bytes of the whole answer; a longer one is an error. */
  readonly maxBytes: number;
}

export interface SqlRows {
  readonly rows: readonly JsonObject[];
  /** There are more rows than were asked for. */
  readonly more: boolean;
}

export interface SqlPort {
  /** Reads in a read-only transaction. @throws FshaError `sql.error`, `connect.*`, `timeout`, `protocol`, `interrupted` */
  query(query: SqlQuery, signal: AbortSignal): Promise<SqlRows>;
}

export interface RedisQuery {
  /** `redis://HOST:PORT/DB`, or `rediss://`. */
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** One command of those that only read. */
  readonly command: readonly string[];
  readonly timeout: number;
  readonly maxBytes: number;
}

export interface RedisPort {
  /** @throws FshaError `redis.error`, `usage` (not a command that reads), `connect.*`, `timeout`, `protocol`, `interrupted` */
  query(query: RedisQuery, signal: AbortSignal): Promise<JsonValue>;
}

/** What the actions of playbooks reach beside the cluster. */
export interface Outside {
  readonly http: HttpPort;
  readonly sql: SqlPort;
  readonly redis: RedisPort;
}
