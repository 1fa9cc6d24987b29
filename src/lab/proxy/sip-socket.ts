/** The UDP socket that SIP goes over. */
import { createSocket, type Socket } from 'node:dgram';
import { parseSip, printSip, type HostPort, type SipMessage } from './sip-message.ts';

export interface SipSocket {
  readonly address: HostPort;
  send(message: SipMessage, to: HostPort): void;
  close(): Promise<void>;
}

/** @param receive called with every SIP message that arrives; what cannot be read is dropped */
export async function openSipSocket(
  at: HostPort,
  receive: (message: SipMessage, source: HostPort) => void,
): Promise<SipSocket> {
  const socket: Socket = createSocket({ type: 'udp4', recvBufferSize: 1_048_576 });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(at.port, at.host, () => {
      socket.off('error', reject);
      resolve();
    });
  });
  // A datagram that cannot be delivered is a datagram lost: the timers of SIP deal with that.
  socket.on('error', () => undefined);
  socket.on('message', (datagram, { address, port }) => {
    const message = parseSip(datagram);
    if (message !== undefined) receive(message, { host: address, port });
  });
  const { port } = socket.address();
  let open = true;
  let sending = 0;
  let allSent: (() => void) | null = null;
  return {
    address: { host: at.host, port },
    send(message, to) {
      if (!open) return;
      sending += 1;
      socket.send(printSip(message), to.port, to.host, () => {
        sending -= 1;
        if (sending === 0) allSent?.();
      });
    },
    async close() {
      if (!open) return;
      open = false;
      // A datagram handed over just now is lost when the socket closes under it.
      if (sending > 0) await new Promise<void>((resolve) => (allSent = resolve));
      await new Promise<void>((resolve) => socket.close(() => resolve()));
    },
  };
}
