import axios, { isAxiosError, type AxiosInstance } from 'axios';
import type { Timeouts } from '../domain/cluster.ts';
import { FshaError } from '../domain/errors.ts';
import type { Clock } from '../workflow/ports.ts';
import { openConnection, type Connect, type Connection } from './connection.ts';
import { within } from './deadline.ts';
import type { Endpoint } from './endpoint.ts';
import { readAnswer, type HttpAnswer, type RpcAnswer } from './rpc-answer.ts';
import { connectionFailure, connectTimeout } from './connection-errors.ts';
import { brokenBody, refusedCall, requestTimeout } from './rpc-errors.ts';

/** A dispatcher list of 1,000 destinations has 570 kB; more than this is no answer of Kamailio's. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** One count for the whole process: no answer, however late and from wherever, passes for that to another request. */
let lastId = 0;

export interface RpcSessionOptions {
  readonly endpoint: Endpoint;
  readonly timeouts: Pick<Timeouts, 'connect' | 'request'>;
  readonly clock: Clock;
  readonly connect?: Connect | undefined;
  readonly maxBodyBytes?: number;
}

/** A read may be asked again where the connection turned out to be closed; a write never is. */
export type CallKind = 'read' | 'write';

/**
 * JSON-RPC 2.0 over HTTP to one Kamailio, a few calls one after the other on one connection. Made for one look or one
 * write and closed after it, so that no write ever meets an idle connection which the server has given up meanwhile.
 */
export class RpcSession {
  readonly #options: RpcSessionOptions;
  readonly #http: AxiosInstance;
  #connection: Connection | undefined;

  constructor(options: RpcSessionOptions) {
    this.#options = options;
    // An instance of its own: defaults and interceptors of the program at large have no say here.
    this.#http = axios.create();
  }

  /**
   * One call. Connecting is bounded by timeouts.connect, the request up to the last byte of its answer by
   * timeouts.request.
   * @returns what Kamailio said, its own errors included
   * @throws FshaError `connect.*`, `connection.lost`, `timeout`, `rpc.auth`, `protocol`, `interrupted`; after
   * `connection.lost` and `timeout` it is not known whether the call was carried out
   */
  async ask(
    kind: CallKind,
    method: string,
    parameters: readonly unknown[],
    signal: AbortSignal,
  ): Promise<RpcAnswer> {
    const reused = this.#connection?.usable() === true;
    try {
      return await this.#askOnce(method, parameters, signal);
    } catch (error) {
      const retriable =
        kind === 'read' && reused && error instanceof FshaError && error.code === 'connection.lost';
      if (!retriable) throw error;
      return this.#askOnce(method, parameters, signal);
    }
  }

  /** As {@link ask}, where an error of Kamailio's is an error. @throws FshaError `rpc.error` besides */
  async call(
    kind: CallKind,
    method: string,
    parameters: readonly unknown[],
    signal: AbortSignal,
  ): Promise<unknown> {
    const answer = await this.ask(kind, method, parameters, signal);
    if (!answer.ok) throw refusedCall(this.#options.endpoint, method, answer.code, answer.message);
    return answer.result;
  }

  close(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }

  async #askOnce(method: string, parameters: readonly unknown[], signal: AbortSignal): Promise<RpcAnswer> {
    const { endpoint, clock, timeouts } = this.#options;
    const headers = endpoint.headers();
    const connection = await this.#connected(signal);
    const what = `${method} on ${endpoint.where}`;
    const expired = (): FshaError => requestTimeout(endpoint, method, timeouts.request);
    const id = (lastId += 1);
    const body = JSON.stringify({ jsonrpc: '2.0', method, params: parameters, id });
    try {
      return await within({ clock, ms: timeouts.request, signal, what, expired }, async (inner) =>
        readAnswer(endpoint, method, id, await this.#post(method, connection, headers, body, inner)),
      );
    } catch (error) {
      // After a timeout or half an answer the next answer on this connection would be the wrong one.
      if (!(error instanceof FshaError && error.code === 'rpc.auth')) this.close();
      throw error;
    }
  }

  async #connected(signal: AbortSignal): Promise<Connection> {
    if (this.#connection?.usable() === true) return this.#connection;
    this.close();
    const { endpoint, clock, timeouts, connect } = this.#options;
    const what = `connecting to ${endpoint.where}`;
    const expired = (): FshaError => connectTimeout(endpoint);
    this.#connection = await within({ clock, ms: timeouts.connect, signal, what, expired }, async (inner) => {
      const connection = await openConnection(endpoint, connect, inner);
      if (inner.aborted) connection.close(); // it came too late to be handed on
      return connection;
    });
    return this.#connection;
  }

  async #post(
    method: string,
    connection: Connection,
    headers: Record<string, string>,
    body: string,
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    const { endpoint, timeouts, maxBodyBytes = MAX_BODY_BYTES } = this.#options;
    try {
      const answer = await this.#http.request<Buffer>({
        url: endpoint.url,
        method: 'POST',
        adapter: 'http',
        // Bytes, so that axios sends Content-Length: Kamailio does not answer chunked requests.
        data: Buffer.from(body, 'utf8'),
        headers: {
          ...headers,
          'Content-Type': 'application/json',
          Accept: 'application/json',
          'Accept-Encoding': 'identity',
          'User-Agent': 'fsha',
        },
        httpAgent: connection.agent,
        httpsAgent: connection.agent,
        // HTTP_PROXY is for the web; a proxy in between would also see the credentials.
        proxy: false,
        maxRedirects: 0,
        decompress: false,
        maxContentLength: maxBodyBytes,
        timeout: timeouts.request,
        signal,
        responseType: 'arraybuffer',
        transformResponse: [(data: unknown) => data],
        validateStatus: () => true,
      });
      const challenge: unknown = answer.headers['www-authenticate'];
      return {
        status: answer.status,
        challenge: typeof challenge === 'string' ? challenge : '',
        body: answer.data.toString('utf8'),
      };
    } catch (error) {
      // Not a cause of anything: axios's errors carry the Authorization header.
      throw this.#failure(method, error, maxBodyBytes);
    }
  }

  #failure(method: string, error: unknown, limit: number): FshaError {
    const { endpoint, timeouts } = this.#options;
    if (!isAxiosError(error)) throw error; // a bug: axios wraps whatever comes from the network
    if (error.code === 'ECONNABORTED' || error.code === 'ETIMEDOUT')
      return requestTimeout(endpoint, method, timeouts.request);
    const tooLong = error.message.startsWith('maxContentLength');
    if (tooLong || error.response !== undefined) return brokenBody(endpoint, method, tooLong, limit);
    return connectionFailure(endpoint, error, 'connected');
  }
}
