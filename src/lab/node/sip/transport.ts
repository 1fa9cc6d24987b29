import { createSocket, type Socket } from 'node:dgram';
import type { Endpoint } from '../config.ts';
import { parseMessage, type SipMessage } from './message.ts';

const RECEIVE_BUFFER = 4_194_304;

/** The profile's UDP socket. */
export class SipTransport {
  readonly local: Endpoint;
  readonly #socket: Socket;
  #open = false;

  constructor(local: Endpoint, receive: (message: SipMessage, source: Endpoint) => void) {
    this.local = local;
    this.#socket = createSocket('udp4');
    this.#socket.on('message', (bytes, source) => {
      const message = parseMessage(bytes.toString('utf8'));
      if (message) receive(message, { host: source.address, port: source.port });
    });
  }

  bind(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.once('error', reject);
      this.#socket.bind({ port: this.local.port, address: this.local.host, exclusive: true }, () => {
        this.#socket.off('error', reject);
        // ICMP errors of a peer that went away; its transactions run into their timers.
        this.#socket.on('error', () => undefined);
        try {
          this.#socket.setRecvBufferSize(RECEIVE_BUFFER);
        } catch {
          // The system's own size must do.
        }
        this.#open = true;
        resolve();
      });
    });
  }

  send(bytes: Buffer, target: Endpoint): void {
    if (this.#open && target.port > 0) this.#socket.send(bytes, target.port, target.host, () => undefined);
  }

  close(): Promise<void> {
    if (!this.#open) return Promise.resolve();
    this.#open = false;
    return new Promise((resolve) => {
      this.#socket.close(() => resolve());
    });
  }
}
