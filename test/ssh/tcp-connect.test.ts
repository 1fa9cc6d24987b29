import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
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

/** A listener that no longer takes what comes: its process is stopped. */
async function startFrozenListener(): Promise<{ port: number; end(): Promise<void> }> {
  const script = `const s = require('net').createServer().listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => console.log(s.address().port))`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  child.kill('SIGSTOP');
  return {
    port: Number(line.toString()),
    async end() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

test('nobody answers', async () => {
  const listener = await startFrozenListener();
  const sockets: Socket[] = [];
  const fillTheQueue = async (): Promise<void> => {
    for (let tries = 0; tries < 10; tries++)
      sockets.push(await connectTcp('127.0.0.1', listener.port, 300, never));
  };
  await expect(fillTheQueue()).rejects.toMatchObject({
    code: 'connect.timeout',
    message: `127.0.0.1:${listener.port} did not answer within 300 ms`,
  });
  sockets.forEach((socket) => socket.destroy());
  await listener.end();
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
