/** A TCP server on loopback that says whatever a run of a property wants it to, to one client after the other. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';

/** What the server does when it has said what it had to say. */
export type Ending = 'ends' | 'resets' | 'waits';

/** Waiting costs the client's whole timeout, so it is rare. */
export const ending: fc.Arbitrary<Ending> = fc.oneof(
  { weight: 12, arbitrary: fc.constant('ends' as const) },
  { weight: 4, arbitrary: fc.constant('resets' as const) },
  { weight: 1, arbitrary: fc.constant('waits' as const) },
);

export type Behaviour = (socket: Socket) => void;

export class ByteServer implements AsyncDisposable {
  /** For connections from now on. */
  behaviour: Behaviour = (socket) => void socket.destroy();
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => undefined);
      this.behaviour(socket);
    });
  }

  static async start(): Promise<ByteServer> {
    const server = createServer({ noDelay: true });
    const made = new ByteServer(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return made;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

/** Sends the pieces one by one, each in a turn of its own, so that they arrive as pieces, and then ends as told. */
export async function say(socket: Socket, pieces: readonly Buffer[], how: Ending): Promise<void> {
  for (const piece of pieces) {
    if (socket.destroyed) return;
    socket.write(piece);
    await turn();
  }
  if (how === 'ends') socket.end();
  if (how === 'resets') socket.resetAndDestroy();
}
