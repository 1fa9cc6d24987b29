/** What the tests of the ESL connection share: servers that are stopped, clients whose sockets are looked at. */
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { afterEach, expect } from 'vitest';
import { errorInfo, FshaError, type ErrorCode } from '../../src/domain/errors.ts';
import { Secret } from '../../src/domain/secret.ts';
import { dialTcp } from '../../src/freeswitch/dial-tcp.ts';
import type { EslConnection } from '../../src/freeswitch/esl-connection.ts';
import { openEsl, type EslSettings } from '../../src/freeswitch/open-esl.ts';
import { systemClock } from '../../src/workflow/system-clock.ts';
import { PASSWORD, SpoofEslServer, type SpoofBehaviour } from './spoof-esl-server.ts';

const endings: (() => Promise<void> | void)[] = [];
/** The client's end of every connection of the test under way. */
export const sockets: Socket[] = [];

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
  // No test may leave a socket behind, whatever it did to it.
  expect(sockets.splice(0).filter((socket) => !socket.destroyed)).toEqual([]);
});

export function atEnd(end: () => Promise<void> | void): void {
  endings.push(end);
}

export async function spoof(behaviour?: SpoofBehaviour): Promise<SpoofEslServer> {
  const server = await SpoofEslServer.start(behaviour);
  atEnd(() => server.stop());
  return server;
}

export function dialer(port: number): (signal: AbortSignal) => Promise<Duplex> {
  return async (signal) => {
    const socket = await dialTcp('127.0.0.1', port, signal);
    sockets.push(socket);
    return socket;
  };
}

export const never = new AbortController().signal;
export const soon = { timeout: 5_000, signal: never };

export function settings(port: number, changes: Partial<EslSettings> = {}): EslSettings {
  return {
    where: `node-1 (127.0.0.1:${port})`,
    connect: dialer(port),
    password: new Secret(PASSWORD),
    timeouts: { connect: 5_000, keepalive: 5_000 },
    clock: systemClock,
    ...changes,
  };
}

export async function logIn(
  server: SpoofEslServer,
  changes: Partial<EslSettings> = {},
): Promise<EslConnection> {
  const connection = await openEsl(settings(server.port, changes), never);
  atEnd(() => connection.close());
  return connection;
}

/** The FshaError that the promise is rejected with. */
export async function failure(promise: Promise<unknown>, code?: ErrorCode): Promise<FshaError> {
  const thrown = await promise.then(
    () => new Error('nothing was thrown'),
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(FshaError);
  if (!(thrown instanceof FshaError)) throw new Error('unreachable');
  if (code !== undefined) expect(errorInfo(thrown)).toMatchObject({ code });
  expect(JSON.stringify(errorInfo(thrown))).not.toContain(PASSWORD);
  return thrown;
}
