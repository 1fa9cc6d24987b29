import {
  createServer as createHttp,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttps, type ServerOptions } from 'node:https';
import { createServer as createTcp, type AddressInfo, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { recorded } from './recorded-answers.ts';

/** One request as it came. */
export interface Seen {
  readonly method: string;
  readonly params: unknown;
  readonly id: unknown;
  readonly body: string;
  readonly path: string;
  readonly verb: string;
  readonly headers: IncomingHttpHeaders;
  /** Which connection it came on, from 1. */
  readonly connection: number;
}

export interface Spoof {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly requests: Seen[];
  connections(): number;
}

/** Answers a request in whatever way, or returns false for the answer that a good Kamailio gives. Anything else is ignored. */
export type Trick = (seen: Seen, response: ServerResponse, request: IncomingMessage) => unknown;

/** An HTTP server that answers as Kamailio 5.6.3 does, but for the trick. Ends with the test. */
export async function spoofRpc(trick: Trick = () => false, tls?: ServerOptions): Promise<Spoof> {
  const requests: Seen[] = [];
  const numbers = new Map<Socket, number>();
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    request.on('error', () => undefined);
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const call = JSON.parse(body) as { method: string; params: unknown; id: unknown };
      const seen: Seen = {
        ...{ method: call.method, params: call.params, id: call.id, body },
        path: request.url ?? '',
        verb: request.method ?? '',
        headers: request.headers,
        connection: numbers.get(request.socket) ?? 0,
      };
      requests.push(seen);
      if (trick(seen, response, request) === false) answerWell(seen, response);
    });
  };
  const server = tls === undefined ? createHttp(handle) : createHttps(tls, handle);
  server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    numbers.set(socket, numbers.size + 1);
    socket.on('error', () => undefined);
  });
  const port = await listening(server);
  const scheme = tls === undefined ? 'http' : 'https';
  return {
    url: `${scheme}://127.0.0.1:${port}/RPC`,
    host: '127.0.0.1',
    port,
    requests,
    connections: () => numbers.size,
  };
}

/** A TCP server that does what it is told with each connection. Ends with the test. */
export async function spoofTcp(
  accept: (socket: Socket) => void,
): Promise<{ readonly url: string; readonly port: number }> {
  const port = await listening(
    createTcp((socket) => {
      socket.on('error', () => undefined);
      accept(socket);
    }),
  );
  return { url: `http://127.0.0.1:${port}/RPC`, port };
}

async function listening(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve());
  });
  onTestFinished(async () => {
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  return (server.address() as AddressInfo).port;
}

const GOOD: Readonly<Record<string, string>> = {
  'core.version': 'core-version',
  'core.uptime': 'core-uptime',
  'core.ps': 'core-ps',
  'dispatcher.list': 'list',
  'dispatcher.set_state': 'set-state',
  'dispatcher.set_duid_state': 'set-duid-state',
};

/** The result that a good Kamailio gives to that method. */
export function goodResult(method: string): unknown {
  const { body } = recorded(GOOD[method] ?? 'unknown-method');
  return (JSON.parse(body) as { result?: unknown }).result;
}

function answerWell(seen: Seen, response: ServerResponse): void {
  reply(response, 200, { jsonrpc: '2.0', result: goodResult(seen.method), id: seen.id });
}

/** Sends a body whole, text as it is and anything else as JSON. */
export function reply(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): true {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const type = typeof body === 'string' ? 'text/plain' : 'application/json';
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(text), ...headers });
  response.end(text);
  return true;
}

/** Sends a result with the right id. */
export function replyResult(seen: Seen, response: ServerResponse, result: unknown): true {
  return reply(response, 200, { jsonrpc: '2.0', result, id: seen.id });
}

/** Sends an error as Kamailio does: HTTP 500 with its message as the reason. */
export function replyError(seen: Seen, response: ServerResponse, message: string): true {
  response.statusMessage = message;
  return reply(response, 500, { jsonrpc: '2.0', error: { code: 500, message }, id: seen.id });
}
