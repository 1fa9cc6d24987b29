import { createServer, request, Agent } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { type Duplex, PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { ServerChannel } from 'ssh2';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { HostPort } from '../../src/workflow/ports.ts';
import {
  type Home,
  hostAt,
  makeHome,
  never,
  type Spoof,
  startSpoof,
  startTcp,
  until,
} from './spoof-server.ts';

let home: Home;
let server: Spoof;
let host: HostPort;
let channels: ServerChannel[];
const cleanups: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  channels = [];
  home = await makeHome();
  server = await startSpoof({
    tcpip: (accept, reject, { destIP, destPort }) => {
      if (destIP === 'silence') return;
      if (destIP === 'nobody') {
        reject();
        return;
      }
      const channel = accept();
      channels.push(channel);
      if (destIP === 'deaf') return;
      const onward = connect(destPort, destIP);
      onward.on('error', () => undefined);
      channel.on('error', () => undefined);
      channel.pipe(onward).pipe(channel);
    },
  });
  await home.trust(server.port, server.hostKey);
  host = hostAt(home, server.port, { timeouts: { connect: 1_000, request: 1_000, keepalive: 5_000 } });
  cleanups.push(
    () => home.remove(),
    () => server.close(),
    () => host.close(),
  );
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function echo(): Promise<number> {
  const tcp = await startTcp((socket) => void socket.pipe(socket));
  cleanups.push(() => tcp.close());
  return tcp.port;
}

test('carries bytes both ways, more than a window of them', async () => {
  const tunnel = await host.dial('127.0.0.1', await echo(), never);
  const sent = Buffer.alloc(5_000_000, 'fsha');
  tunnel.end(sent);
  const received = await text(tunnel);
  expect(received.length).toBe(sent.length);
  expect(received === sent.toString()).toBe(true);
  await until(() => tunnel.destroyed);
});

test('sends what was gathered as one message', async () => {
  const tunnel = await host.dial('deaf', 1, never);
  const messages: string[] = [];
  channels[0]?.on('data', (message: Buffer) => messages.push(message.toString()));
  tunnel.cork();
  for (const piece of ['length ', 'payload ', 'tag']) tunnel.write(piece);
  tunnel.uncork();
  await until(() => messages.join('').length === 18);
  expect(messages).toEqual(['length payload tag']);
});

test('holds back a sender that nobody reads', async () => {
  const tunnel = await host.dial('127.0.0.1', await echo(), never);
  let accepted = 0;
  const chunk = Buffer.alloc(1_000_000);
  const push = (): void => {
    tunnel.write(chunk, () => {
      accepted += chunk.length;
      if (accepted < 100_000_000) push();
    });
  };
  push();
  await until(() => accepted >= 2_000_000);
  tunnel.destroy();
  await until(() => tunnel.closed);
  expect(accepted).toBeLessThan(100_000_000);
});

test('ends when the other side ends', async () => {
  const tcp = await startTcp((socket) => socket.end('bye'));
  cleanups.push(() => tcp.close());
  const tunnel = await host.dial('127.0.0.1', tcp.port, never);
  await expect(text(tunnel)).resolves.toBe('bye');
  await until(() => tunnel.destroyed);
});

test('is destroyed with an error when the SSH connection is lost', async () => {
  const tunnel = await host.dial('127.0.0.1', await echo(), never);
  const failed = new Promise<unknown>((resolve) => tunnel.once('error', resolve));
  server.cut();
  await expect(failed).resolves.toMatchObject({ code: 'connection.lost' });
  expect(tunnel.destroyed).toBe(true);
});

test('closes its channel and its TCP connection when it is destroyed', async () => {
  const tcp = await startTcp((socket) => void socket.resume());
  cleanups.push(() => tcp.close());
  const tunnel = await host.dial('127.0.0.1', tcp.port, never);
  await until(() => tcp.open() === 1);
  tunnel.destroy();
  await until(() => tcp.open() === 0);
});

test('is destroyed when the other side goes while much waits to be sent', async () => {
  const tunnel = await host.dial('deaf', 1, never);
  tunnel.resume();
  const sent = new Promise<unknown>((resolve) => tunnel.write(Buffer.alloc(10_000_000), resolve));
  await until(() => (channels[0]?.readableLength ?? 0) > 1_000_000);
  channels[0]?.resume().close();
  await expect(sent).resolves.toBeInstanceOf(Error);
  await until(() => tunnel.closed);
});

test('gives its slot back', async () => {
  const port = await echo();
  for (let round = 0; round < 5; round++) {
    const tunnels: Duplex[] = await Promise.all(
      Array.from({ length: 8 }, () => host.dial('127.0.0.1', port, never)),
    );
    tunnels.forEach((tunnel, index) => (index % 2 === 0 ? tunnel.destroy() : tunnel.resume().end()));
  }
  expect(server.opened()).toBe(1);
});

test('that the server refuses', async () => {
  await expect(host.dial('nobody', 1, never)).rejects.toMatchObject({
    code: expect.stringMatching(/^(connect|ssh)\./) as unknown,
  });
});

test('that the server does not answer ends in time', async () => {
  await expect(host.dial('silence', 1, never)).rejects.toMatchObject({ code: 'connect.timeout' });
});

test('that nobody waits for any more', async () => {
  const controller = new AbortController();
  await host.login(never);
  const dialling = expect(host.dial('silence', 1, controller.signal)).rejects.toMatchObject({
    code: 'interrupted',
  });
  controller.abort();
  await dialling;
});

test('serves an HTTP client as a socket', async () => {
  const http = createServer((_request, response) => response.end('hello'));
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => new Promise((resolve) => http.close(resolve)));
  const { port } = http.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  cleanups.push(() => {
    agent.destroy();
    return Promise.resolve();
  });
  agent.createConnection = (_options, callback) => {
    host.dial('127.0.0.1', port, never).then(
      (stream) => callback?.(null, stream),
      (error: unknown) => callback?.(error as Error, new PassThrough()),
    );
    return undefined;
  };
  const ask = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const asked = request(
        { agent, host: 'node', port, timeout: 2_000 },
        (response) => void text(response).then(resolve, reject),
      );
      asked.on('error', reject);
      asked.end();
    });
  await expect(ask()).resolves.toBe('hello');
  await expect(ask()).resolves.toBe('hello');
  expect(channels).toHaveLength(1);
});

test('tells an idle time', async () => {
  const tunnel = await host.dial('127.0.0.1', await echo(), never);
  if (!('setTimeout' in tunnel) || typeof tunnel.setTimeout !== 'function') throw new Error('not a socket');
  const idle = new Promise<void>((resolve) =>
    (tunnel as unknown as { setTimeout(ms: number, done: () => void): void }).setTimeout(50, resolve),
  );
  await idle;
  tunnel.destroy();
});
