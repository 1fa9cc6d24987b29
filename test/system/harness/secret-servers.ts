/** Servers that are of no use, or that give back what they were told: each on a port of its own of one address. */
import { once } from 'node:events';
import { createServer as createHttp, type IncomingMessage } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';

export interface UselessServers {
  readonly host: string;
  /** Takes connections and says nothing. */
  readonly silent: number;
  /** Asks for the ESL password, and says back what it gets. */
  readonly eslEcho: number;
  /** Asks for the ESL password, and hangs up when it has it. */
  readonly eslHangUp: number;
  /** HTTP: a page with the whole request on it. */
  readonly pageEcho: number;
  /** HTTP: an error of JSON-RPC that has the headers of the request in its message. */
  readonly rpcEcho: number;
  /** Nobody listens there. */
  readonly nobody: number;
  readonly stop: () => Promise<void>;
}

const GREETING = 'Content-Type: auth/request\n\n';

export async function startUselessServers(host: string): Promise<UselessServers> {
  const sockets = new Set<Socket>();
  const servers: Server[] = [];
  const listen = async (port: number, server: Server): Promise<number> => {
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    });
    servers.push(server);
    server.listen(port, host);
    await once(server, 'listening');
    return port;
  };
  const esl = (onWord: (socket: Socket, word: Buffer) => void): Server =>
    createServer((socket) => {
      socket.write(GREETING);
      socket.on('data', (word: Buffer) => onWord(socket, word));
    });
  return {
    host,
    silent: await listen(
      7001,
      createServer((socket) => void socket.resume()),
    ),
    eslEcho: await listen(
      7002,
      esl((socket, word) => void socket.write(word)),
    ),
    eslHangUp: await listen(
      7003,
      esl((socket) => void socket.destroy()),
    ),
    pageEcho: await listen(
      7004,
      createHttp((request, response) => void response.writeHead(400).end(headersOf(request))),
    ),
    rpcEcho: await listen(
      7005,
      createHttp((request, response) => {
        void bodyOf(request).then((body) => {
          const { id } = JSON.parse(body) as { readonly id: number };
          const error = { code: 500, message: `denied: ${headersOf(request)}` };
          response.writeHead(500).end(JSON.stringify({ jsonrpc: '2.0', error, id }));
        });
      }),
    ),
    nobody: 7099,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

function headersOf({ url, rawHeaders }: IncomingMessage): string {
  return `${url ?? ''} ${rawHeaders.join(' ')}`;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
