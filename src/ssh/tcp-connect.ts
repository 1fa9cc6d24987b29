import { connect, type Socket } from 'node:net';
import { type ErrorCode, FshaError } from '../domain/errors.ts';
import { printable } from '../domain/text.ts';
import { bounded } from './deadline.ts';

const HINTS: Partial<Record<ErrorCode, string>> = {
  'connect.refused': 'Check that the service runs and listens on this address and port.',
  'connect.timeout': 'Check the address, the route and the firewalls between here and there.',
  'connect.unreachable': 'Check the address and the routes of this machine.',
  'connect.name': 'Check the spelling of the name and the resolver of this machine.',
};

const CODES: Readonly<Record<string, ErrorCode>> = {
  ECONNREFUSED: 'connect.refused',
  ETIMEDOUT: 'connect.timeout',
  EHOSTUNREACH: 'connect.unreachable',
  ENETUNREACH: 'connect.unreachable',
  EHOSTDOWN: 'connect.unreachable',
  ENETDOWN: 'connect.unreachable',
  EADDRNOTAVAIL: 'connect.unreachable',
  EINVAL: 'connect.unreachable',
  EACCES: 'connect.unreachable',
  EPERM: 'connect.unreachable',
  EAFNOSUPPORT: 'connect.unreachable',
  ENOTFOUND: 'connect.name',
  EAI_AGAIN: 'connect.name',
  EAI_FAIL: 'connect.name',
  EAI_NODATA: 'connect.name',
};

const WORDS: Partial<Record<ErrorCode, string>> = {
  'connect.refused': 'refused the connection',
  'connect.timeout': 'did not answer',
  'connect.unreachable': 'cannot be reached',
  'connect.name': 'has a name that cannot be resolved',
};

/** `host:port`, with brackets around an IPv6 address. */
export function addressText(host: string, port: number): string {
  const shown = printable(host);
  return shown.includes(':') ? `[${shown}]:${port}` : `${shown}:${port}`;
}

/**
 * Opens a TCP connection; small writes on it are sent at once (no Nagle).
 *
 * @param timeout milliseconds for name and handshake together
 * @throws FshaError `connect.refused`, `connect.timeout`, `connect.unreachable`, `connect.name`, `connection.lost` for
 * anything else the network says, or `interrupted`
 */
export function connectTcp(
  host: string,
  port: number,
  timeout: number,
  signal: AbortSignal,
): Promise<Socket> {
  const where = addressText(host, port);
  const bounds = {
    ms: timeout,
    signal,
    what: `connecting to ${where}`,
    late: () =>
      new FshaError(
        'connect.timeout',
        `${where} did not answer within ${timeout} ms`,
        HINTS['connect.timeout'],
      ),
    discard: (socket: Socket) => void socket.destroy(),
  };
  return bounded(bounds, (ended) => dialTcp(host, port, timeout, ended));
}

function dialTcp(host: string, port: number, timeout: number, ended: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port,
      noDelay: true,
      keepAlive: true,
      // Node gives each address of a name 250 ms by default, which a poor link does not meet.
      autoSelectFamilyAttemptTimeout: Math.max(250, Math.floor(timeout / 3)),
    });
    const onAbort = (): void => void socket.destroy();
    ended.addEventListener('abort', onAbort, { once: true });
    const onError = (error: Error): void => {
      ended.removeEventListener('abort', onAbort);
      reject(connectError(error, addressText(host, port)));
    };
    socket.once('error', onError);
    socket.once('connect', () => {
      ended.removeEventListener('abort', onAbort);
      socket.removeListener('error', onError);
      resolve(socket);
    });
  });
}

/** What an error of the operating system's means, as an error a user can act on. */
export function connectError(error: Error, where: string): FshaError {
  const found = systemCodes(error);
  const code = firstKnown(found);
  if (code === undefined) {
    const reason = found[0] ?? printable(error.message);
    return new FshaError(
      'connection.lost',
      `${where}: connecting failed (${reason})`,
      'Check the network.',
      error,
    );
  }
  return new FshaError(code, `${where} ${WORDS[code] ?? 'failed'}`, HINTS[code], error);
}

/** A name with several addresses fails with one error for each of them. */
function systemCodes(error: Error): string[] {
  const errors: unknown[] = error instanceof AggregateError ? error.errors : [error];
  return errors.flatMap((each) => {
    const code = each instanceof Error && 'code' in each ? each.code : undefined;
    return typeof code === 'string' ? [code] : [];
  });
}

/** A refusal tells most: somebody was there. */
function firstKnown(found: readonly string[]): ErrorCode | undefined {
  if (found.includes('ECONNREFUSED')) return 'connect.refused';
  return found.map((code) => CODES[code]).find((code) => code !== undefined);
}
