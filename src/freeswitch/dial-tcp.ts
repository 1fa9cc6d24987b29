import { connect, type Socket } from 'node:net';
import { interrupted } from '../domain/errors.ts';
import { onAbort } from './abort-listener.ts';

/**
 * A TCP connection from this machine, ready to be written to. Its deadline is the caller's signal.
 * @throws the system's error (`ECONNREFUSED` and the like), or FshaError `interrupted`
 */
export function dialTcp(host: string, port: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(interrupted('connecting'));
      return;
    }
    const socket = connect({ host, port, noDelay: true });
    const settled = (): void => {
      cancelAbort();
      socket.off('connect', onConnect);
    };
    const cancelAbort = onAbort(signal, () => {
      settled();
      socket.destroy();
      reject(interrupted('connecting'));
    });
    const onConnect = (): void => {
      settled();
      resolve(socket);
    };
    // Stays: an error between here and the new owner's own listener must not end the process.
    const onError = (error: Error): void => {
      settled();
      reject(error);
    };
    socket.on('connect', onConnect);
    socket.on('error', onError);
  });
}
