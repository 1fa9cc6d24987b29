import { BlockList, createServer, isIPv6, type Server, type Socket } from 'node:net';
import type { Platform } from '../api/command.ts';
import { EslConnection } from './esl-connection.ts';
import type { EventHub } from './event-hub.ts';

/** The event socket: listens, turns away strangers, and bears the faults that lie in the network. */
export class EslServer {
  readonly #platform: Platform;
  readonly #hub: EventHub;
  readonly #allowed = new BlockList();
  readonly #connections = new Map<Socket, EslConnection>();
  #server: Server | undefined;

  constructor(platform: Platform, hub: EventHub) {
    this.#platform = platform;
    this.#hub = hub;
    for (const network of platform.core.config.esl.acl) {
      const [address = '', bits = '32'] = network.split('/');
      this.#allowed.addSubnet(address, Number(bits), isIPv6(address) ? 'ipv6' : 'ipv4');
    }
  }

  listen(): Promise<void> {
    const { host, port } = this.#platform.core.config.esl;
    return new Promise((resolve, reject) => {
      const server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
      server.once('error', reject);
      server.listen({ host, port, exclusive: true }, () => {
        this.#server = server;
        resolve();
      });
    });
  }

  #accept(socket: Socket): void {
    const { faults } = this.#platform.core;
    const connection = new EslConnection(socket, this.#platform, this.#hub);
    this.#connections.set(socket, connection);
    socket.on('close', () => this.#connections.delete(socket));
    connection.greet(!faults.is('acl') && this.#allowed.check(socket.remoteAddress ?? ''));
  }

  resetConnections(): void {
    for (const connection of this.#connections.values()) connection.reset();
  }

  silenceConnections(): void {
    for (const connection of this.#connections.values()) connection.fallSilent();
  }

  /** Listens no more; who is connected is cut. As when mod_event_socket is unloaded. */
  refuse(): void {
    this.#server?.close();
    this.#server = undefined;
    for (const socket of this.#connections.keys()) socket.destroy();
  }

  async allow(): Promise<void> {
    if (this.#server === undefined) await this.listen();
  }

  /** Says goodbye to everybody and stops listening. Resolves when the last connection is gone, after 500 ms at most. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const connection of this.#connections.values()) connection.sayShutdown();
    const cut = setTimeout(() => {
      for (const socket of this.#connections.keys()) socket.destroy();
    }, 500);
    await new Promise<void>((resolve) => {
      if (server) server.close(() => resolve());
      else resolve();
    });
    clearTimeout(cut);
  }
}
