/** A TCP server on loopback that sends exactly the bytes a test wants, and remembers what it got. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export const PASSWORD = 'ClueCon-node-1';
export const GREETING = 'Content-Type: auth/request\n\n';
export const ACCEPTED = 'Content-Type: command/reply\nReply-Text: +OK accepted\n\n';

export function apiReply(body: string): string {
  return `Content-Type: api/response\nContent-Length: ${Buffer.byteLength(body)}\n\n${body}`;
}

export function commandReply(text: string): string {
  return `Content-Type: command/reply\nReply-Text: ${text}\n\n`;
}

export function jsonEvent(fields: Readonly<Record<string, string>>): string {
  const body = JSON.stringify(fields);
  return `Content-Length: ${Buffer.byteLength(body)}\nContent-Type: text/event-json\n\n${body}`;
}

export class Peer {
  readonly socket: Socket;
  /** Every command that ended in an empty line, without it. */
  readonly commands: string[] = [];
  /** Settles when the client's side is gone. */
  readonly gone: Promise<void>;
  #text = '';
  readonly #waiting = new Set<() => void>();

  constructor(socket: Socket, onCommand: (command: string, peer: Peer) => void) {
    this.socket = socket;
    this.gone = new Promise((resolve) => {
      socket.on('close', () => resolve());
      socket.on('end', () => resolve());
    });
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString();
      for (let end = this.#text.indexOf('\n\n'); end >= 0; end = this.#text.indexOf('\n\n')) {
        const command = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        this.commands.push(command);
        onCommand(command, this);
      }
      this.#waiting.forEach((check) => check());
    });
  }

  send(bytes: string | Buffer): void {
    this.socket.write(bytes);
  }

  /** Settles when a command that begins so has come. */
  async got(start: string): Promise<void> {
    await new Promise<void>((resolve) => {
      const check = (): void => {
        if (!this.commands.some((command) => command.startsWith(start))) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }
}

export interface SpoofBehaviour {
  /** Default: the greeting. */
  readonly connected?: (peer: Peer) => void;
  /** Called with each command after the login, or with each at all where `login` is false. */
  readonly command?: (command: string, peer: Peer) => void;
  /** Whether `auth` is answered by itself; default true. */
  readonly login?: boolean;
  /** Whether the server keeps its side open when the client has ended its own. */
  readonly halfOpen?: boolean;
}

export class SpoofEslServer {
  readonly peers: Peer[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(behaviour: SpoofBehaviour = {}): Promise<SpoofEslServer> {
    const server = createServer({ allowHalfOpen: behaviour.halfOpen ?? false, noDelay: true });
    const spoof = new SpoofEslServer(server);
    server.on('connection', (socket) => {
      const peer = new Peer(socket, (command, from) => {
        const isLogin = behaviour.login !== false && command.startsWith('auth ');
        if (!isLogin) behaviour.command?.(command, from);
        else if (command === `auth ${PASSWORD}`) from.send(ACCEPTED);
        else from.send(commandReply('-ERR invalid'));
      });
      spoof.peers.push(peer);
      if (behaviour.connected === undefined) peer.send(GREETING);
      else behaviour.connected(peer);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return spoof;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The connection of that number, from 0. */
  peer(index = 0): Peer {
    const peer = this.peers[index];
    if (peer === undefined) throw new Error(`there was no connection number ${index}`);
    return peer;
  }

  /** Stops listening and cuts every connection. */
  async stop(): Promise<void> {
    for (const { socket } of this.peers) socket.destroy();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }
}
