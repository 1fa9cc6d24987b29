/** SIP OPTIONS over UDP, from this machine. */
import { randomBytes, randomInt } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { interrupted } from '../domain/errors.ts';
import { type Known, known, unknown } from '../domain/observation.ts';
import type { SipProbe } from '../workflow/ports.ts';
import { callIdOf, type OptionsRequest, optionsRequest } from './sip-request.ts';
import { parseSipResponse } from './sip-response.ts';

/** RFC 3261 17.1.2: T1, doubled up to T2. */
const FIRST_RETRANSMISSION = 500;
const SLOWEST_RETRANSMISSION = 4_000;

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  EADDRNOTAVAIL: 'address not available',
  EACCES: 'not permitted',
  EPERM: 'not permitted',
};

export function createSipProbe(): SipProbe {
  return { options: sendOptions };
}

/**
 * Sends OPTIONS, again and again as RFC 3261 wants it, until a final response comes or `timeout` (ms) has passed.
 *
 * @returns the status code, or unknown with the reason
 * @throws FshaError `interrupted`
 */
async function sendOptions(
  host: string,
  port: number,
  timeout: number,
  signal: AbortSignal,
): Promise<Known<number>> {
  const deadline = performance.now() + timeout;
  if (signal.aborted) throw interrupted('the OPTIONS probe');
  const address = await beforeAbort(resolveHost(host, timeout), signal);
  if (address === null) return unknown('the name cannot be resolved');
  return exchange(address, port, { whole: timeout, left: deadline - performance.now() }, signal);
}

interface Address {
  readonly address: string;
  readonly family: number;
}

/** The resolver of the operating system keeps its own time: it is left behind when ours is up. */
async function resolveHost(host: string, timeout: number): Promise<Address | null> {
  const family = isIP(host);
  if (family !== 0) return { address: host, family };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => (timer = setTimeout(resolve, timeout, null)));
  try {
    return await Promise.race([lookup(host), late]);
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}

function beforeAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(interrupted('the OPTIONS probe'));
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

function exchange(
  { address, family }: Address,
  port: number,
  time: { readonly whole: number; readonly left: number },
  signal: AbortSignal,
): Promise<Known<number>> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
    let repeat: NodeJS.Timeout | undefined;

    const release = (): void => {
      clearTimeout(repeat);
      clearTimeout(deadline);
      signal.removeEventListener('abort', onAbort);
      socket.removeAllListeners();
      // An ICMP error may still be on its way to a socket that nobody needs any more.
      socket.on('error', () => undefined);
      socket.close();
    };
    const settle = (result: Known<number>): void => {
      release();
      resolve(result);
    };
    const onAbort = (): void => {
      release();
      reject(interrupted('the OPTIONS probe'));
    };
    const deadline = setTimeout(() => settle(unknown(`no answer within ${time.whole} ms`)), time.left);
    signal.addEventListener('abort', onAbort, { once: true });

    socket.once('error', (error: NodeJS.ErrnoException) => {
      const code = error.code ?? 'unknown error';
      settle(unknown(REASONS[code] ?? code));
    });
    // A connected socket hears ICMP errors, and nobody but the one asked.
    socket.connect(port, address, () => {
      const request = requestFrom(socket, { host: address, port });
      const bytes = Buffer.from(optionsRequest(request));
      socket.on('message', (message) => {
        const status = finalStatus(message, request);
        if (status !== null) settle(known(status));
      });
      const send = (wait: number): void => {
        // A failure to send comes as an error event: there is no callback.
        socket.send(bytes);
        repeat = setTimeout(send, wait, Math.min(wait * 2, SLOWEST_RETRANSMISSION));
      };
      send(FIRST_RETRANSMISSION);
    });
    if (signal.aborted) onAbort();
  });
}

function requestFrom(socket: Socket, target: OptionsRequest['target']): OptionsRequest {
  const local = socket.address();
  return {
    target,
    local: { host: local.address, port: local.port },
    unique: randomBytes(16).toString('hex'),
    cseq: randomInt(1, 2 ** 31),
  };
}

function finalStatus(message: Buffer, request: OptionsRequest): number | null {
  const response = parseSipResponse(message.toString('utf8'));
  if (response === null || response.status < 200) return null;
  const isOurs =
    response.callId === callIdOf(request) && response.cseq === request.cseq && response.method === 'OPTIONS';
  return isOurs ? response.status : null;
}
