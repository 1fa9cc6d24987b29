import { connect, type Socket } from 'node:net';
import { interrupted } from '../domain/errors.ts';

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
      signal.removeEventListener('abort', onAbort);
      socket.off('connect', onConnect);
    };
    const onAbort = (): void => {
      settled();
      socket.destroy();
      reject(interrupted('connecting'));
    };
    const onConnect = (): void => {
      settled();
      resolve(socket);
    };
    // Stays: an error between here and the new owner's own listener must not end the process.
    const onError = (error: Error): void => {
      settled();
      reject(error);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    socket.on('connect', onConnect);
    socket.on('error', onError);
  });
}
