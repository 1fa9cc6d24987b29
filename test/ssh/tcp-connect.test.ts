import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { addressText, connectError, connectTcp } from '../../src/ssh/tcp-connect.ts';
import { never, startTcp, type Tcp, until } from './spoof-server.ts';

const servers: Tcp[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function listen(): Promise<Tcp> {
  const server = await startTcp((socket) => void socket.resume());
  servers.push(server);
  return server;
}

test('connects, by address and by name', async () => {
  const { port } = await listen();
  for (const host of ['127.0.0.1', 'localhost']) {
    const socket = await connectTcp(host, port, 2_000, never);
    socket.destroy();
    await once(socket, 'close');
  }
});

test('refused', async () => {
  const server = await startTcp(() => undefined);
  await server.close();
  await expect(connectTcp('127.0.0.1', server.port, 2_000, never)).rejects.toMatchObject({
    code: 'connect.refused',
    message: `127.0.0.1:${server.port} refused the connection`,
  });
});

test('a name that nobody has', async () => {
  await expect(connectTcp('does-not-exist.invalid', 1, 15_000, never)).rejects.toMatchObject({
    code: 'connect.name',
  });
});

test('an address without a route', async () => {
  await expect(connectTcp('127.0.0.1:80', 1, 15_000, never)).rejects.toMatchObject({ code: 'connect.name' });
  await expect(connectTcp('fe80::1', 1, 2_000, never)).rejects.toMatchObject({
    code: expect.stringMatching(/^connect\./) as unknown,
  });
});

test('ends with its signal, and leaves nothing open', async () => {
  const server = await listen();
  await expect(connectTcp('127.0.0.1', server.port, 2_000, AbortSignal.abort())).rejects.toMatchObject({
    code: 'interrupted',
  });
  const controller = new AbortController();
  const connecting = expect(
    connectTcp('127.0.0.1', server.port, 2_000, controller.signal),
  ).rejects.toMatchObject({
    code: 'interrupted',
  });
  controller.abort();
  await connecting;
  await until(() => server.open() === 0);
});

test('its deadline', async () => {
  const server = await listen();
  await expect(connectTcp('127.0.0.1', server.port, 0, never)).rejects.toMatchObject({
    code: 'connect.timeout',
  });
  await until(() => server.open() === 0);
});

test.each([
  ['ECONNREFUSED', 'connect.refused'],
  ['ETIMEDOUT', 'connect.timeout'],
  ['EHOSTUNREACH', 'connect.unreachable'],
  ['ENETUNREACH', 'connect.unreachable'],
  ['ENOTFOUND', 'connect.name'],
  ['EAI_AGAIN', 'connect.name'],
  ['ECONNRESET', 'connection.lost'],
])('%s is %s', (system, code) => {
  expect(connectError(Object.assign(new Error('x'), { code: system }), 'h:1').code).toBe(code);
});

test('of several addresses one that refuses tells most', () => {
  const errors = ['ENETUNREACH', 'ECONNREFUSED'].map((code) => Object.assign(new Error('x'), { code }));
  expect(connectError(new AggregateError(errors), 'h:1').code).toBe('connect.refused');
});

test('addresses as people write them', () => {
  expect(addressText('10.0.1.10', 22)).toBe('10.0.1.10:22');
  expect(addressText('::1', 22)).toBe('[::1]:22');
});
