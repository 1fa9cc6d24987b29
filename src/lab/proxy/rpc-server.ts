/** JSON-RPC 2.0 over HTTP, as Kamailio's xhttp and jsonrpcs give it with the reference configuration. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { RpcFaults } from './faults.ts';
import type { ProxyConfig } from './proxy-config.ts';
import { printId, readParameters, RpcFault, type Parameters } from './rpc-parameters.ts';

/** Kamailio's tcp read buffer: a longer request is dropped. */
const LONGEST_REQUEST = 16_384;

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface RpcServer {
  /** Opens and closes the listening socket: the fault `refuse`. */
  listen(): Promise<void>;
  close(): Promise<void>;
}

/** Carries out one command: its result, or an RpcFault thrown. */
export type CallRpc = (method: string, parameters: Parameters) => unknown;

export function createRpcServer(config: ProxyConfig, faults: RpcFaults, call: CallRpc): RpcServer {
  let server: Server | null = null;
  return {
    listen: () =>
      new Promise((resolve, reject) => {
        if (server !== null) {
          resolve();
          return;
        }
        const opened = createServer((request, response) => {
          // A client that goes away in the middle concerns nobody else.
          request.on('error', () => undefined);
          response.on('error', () => undefined);
          void serve(request, response, config, faults, call);
        });
        server = opened;
        opened.once('error', reject);
        opened.listen(config.rpc.port, config.rpc.host, () => resolve());
      }),
    close: () =>
      new Promise((resolve) => {
        const closing = server;
        server = null;
        if (closing === null) {
          resolve();
          return;
        }
        closing.close(() => resolve());
        closing.closeAllConnections();
      }),
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  config: ProxyConfig,
  faults: RpcFaults,
  call: CallRpc,
): Promise<void> {
  // Without Content-Length Kamailio waits for a request that never ends.
  if (request.headers['transfer-encoding'] !== undefined) return;
  let body: Buffer;
  try {
    body = await readBody(request);
  } catch {
    return;
  }
  if (body.length > LONGEST_REQUEST) {
    request.socket.destroy();
    return;
  }
  const refusal = refuse(request, config);
  if (refusal !== null) {
    send(response, refusal);
    return;
  }
  const asked = parseRequest(body.toString('utf8'));
  const method = asked !== undefined && 'method' in asked ? asked.method : '';
  const hit = faults.only === null || faults.only.includes(method);
  if (hit && faults.silent) return;
  if (hit && faults.slow > 0) await new Promise((resolve) => setTimeout(resolve, faults.slow));
  const answer = answerTo(asked, hit ? faults : null, call);
  if (hit && faults.truncate && method === 'dispatcher.list') cut(response, answer);
  else send(response, answer);
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function refuse(request: IncomingMessage, config: ProxyConfig): Answer | null {
  if (!(request.url ?? '').startsWith('/RPC'))
    return { status: 404, type: 'text/plain', body: 'not found\n' };
  const { basic } = config.rpc;
  if (basic !== undefined) {
    const expected = `Basic ${Buffer.from(`${basic.username}:${basic.password}`).toString('base64')}`;
    if (request.headers.authorization !== expected) {
      const headers = { 'WWW-Authenticate': 'Basic realm="kamailio"' };
      return { status: 401, type: 'text/plain', body: 'unauthorized\n', headers };
    }
  }
  if (request.method !== 'POST') return { status: 405, type: 'text/plain', body: 'POST only\n' };
  return null;
}

interface Asked {
  readonly id: string | undefined;
  readonly method: string;
  readonly parameters: Parameters;
}

/** What Kamailio takes for JSON and then does nothing with. */
interface Ignored {
  readonly id: string | undefined;
  readonly ignored: true;
}

/** Undefined where it is no JSON. */
function parseRequest(text: string): Asked | Ignored | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    return { id: undefined, ignored: true };
  }
  const request = parsed as Record<string, unknown>;
  const id = printId(request['id']);
  const parameters = readParameters(request['params']);
  const method = request['method'];
  if (request['jsonrpc'] !== '2.0' || typeof method !== 'string' || parameters === undefined) {
    return { id, ignored: true };
  }
  return { id, method, parameters };
}

function answerTo(asked: Asked | Ignored | undefined, faults: RpcFaults | null, call: CallRpc): Answer {
  if (asked === undefined) {
    // Kamailio itself says nothing here; the reference configuration answers for it.
    const body = '{"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse Error"},"id":null}';
    return { status: 400, type: 'application/json', body };
  }
  const result = (value: unknown): Answer => json(200, `"result":${JSON.stringify(value)}`, asked.id);
  if ('ignored' in asked || faults?.emptyResult === true) return result({});
  try {
    return result(call(asked.method, asked.parameters));
  } catch (error) {
    if (!(error instanceof RpcFault)) throw error;
    const { code, message } = error;
    return json(code, `"error":${JSON.stringify({ code, message })}`, asked.id);
  }
}

function json(status: number, content: string, id: string | undefined): Answer {
  const body = `{"jsonrpc":"2.0",${content}${id === undefined ? '' : `,"id":${id}`}}`;
  return { status, type: 'application/json', body };
}

function send(response: ServerResponse, answer: Answer): void {
  writeHead(response, answer);
  response.end(answer.body);
}

/** Says how long the answer is, sends half of it and hangs up. */
function cut(response: ServerResponse, answer: Answer): void {
  writeHead(response, answer);
  response.write(answer.body.slice(0, Math.floor(answer.body.length / 2)), () => response.destroy());
}

function writeHead(response: ServerResponse, answer: Answer): void {
  response.sendDate = false;
  response.writeHead(answer.status, {
    ...answer.headers,
    'Content-Type': answer.type,
    'Content-Length': Buffer.byteLength(answer.body),
  });
}
