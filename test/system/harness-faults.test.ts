/** The TCP proxy that stands between fsha and its servers in the tests of faults, by itself. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { claimNetwork, type LabNetwork } from '../../src/lab/network.ts';
import { until } from '../support/until.ts';
import { startTcpProxy, type TcpProxy } from './harness/tcp-faults.ts';

/** Says back what it hears, and remembers in which pieces that came. */
interface Echo {
  readonly pieces: Buffer[];
  readonly sockets: Set<Socket>;
  readonly server: Server;
}

interface Client {
  readonly socket: Socket;
  /** What came back. */
  readonly pieces: Buffer[];
  /** `end`, `reset`, or nothing yet. */
  readonly how: () => 'end' | 'reset' | 'up';
}

let network: LabNetwork;
let echo: Echo;
let proxy: TcpProxy;
const clients: Socket[] = [];

beforeEach(async () => {
  network = await claimNetwork();
  const at = { host: network.host(1), port: 7000 };
  echo = { pieces: [], sockets: new Set(), server: createServer({ noDelay: true }) };
  echo.server.on('connection', (socket) => {
    echo.sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => echo.sockets.delete(socket));
    socket.on('data', (piece: Buffer) => {
      echo.pieces.push(piece);
      socket.write(piece);
    });
  });
  echo.server.listen(at);
  await once(echo.server, 'listening');
  proxy = await startTcpProxy({ host: network.host(2), port: 7000 }, at);
});
afterEach(async () => {
  for (const socket of clients.splice(0)) socket.destroy();
  await proxy.stop();
  for (const socket of echo.sockets) socket.destroy();
  echo.server.close();
  await network.release();
});

async function client(to: TcpProxy = proxy): Promise<Client> {
  const socket = connect({ host: to.host, port: to.port, noDelay: true });
  clients.push(socket);
  const pieces: Buffer[] = [];
  let how: 'end' | 'reset' | 'up' = 'up';
  socket.on('data', (piece: Buffer) => pieces.push(piece));
  socket.on('error', () => (how = 'reset'));
  socket.on('end', () => (how = 'end'));
  // One that is reset may never hear that it was up.
  await until('it is up, or over', () => !socket.connecting || how !== 'up');
  return { socket, pieces, how: () => how };
}

const all = (pieces: readonly Buffer[]): string => Buffer.concat(pieces).toString('latin1');

/** What comes back for it, as far as it has come when as much is there. */
async function echoed({ socket, pieces }: Client, text: string): Promise<string> {
  const before = all(pieces).length;
  socket.write(text);
  return until('as much is there', () => {
    const now = all(pieces).slice(before);
    return now.length >= text.length && now;
  });
}

const LONG = Array.from({ length: 400 }, (_, index) => `line ${index}`).join('\n');

test('faithful: what was said, and the end of it, both ways', async () => {
  const one = await client();
  expect(await echoed(one, LONG)).toBe(LONG);
  one.socket.end();
  await until('it has ended', () => one.how() === 'end');
  await until('on both sides', () => proxy.connections().now === 0 && echo.sockets.size === 0);
  expect([proxy.connections().total, proxy.met()]).toEqual([1, 0]);
});

test('a server that is not there: reset', async () => {
  echo.server.close();
  const one = await client();
  await until('it is reset', () => one.how() === 'reset');
});

describe('cut', () => {
  test('resets what is up on both sides and what comes, until it is over', async () => {
    const one = await client();
    await echoed(one, 'a');
    proxy.begin('cut');
    await until('it is reset', () => one.how() === 'reset' && echo.sockets.size === 0);
    const two = await client();
    await until('the next one is reset', () => two.how() === 'reset');
    expect([proxy.met(), echo.sockets.size]).toEqual([2, 0]);
    proxy.end();
    expect(await echoed(await client(), 'b')).toBe('b');
  });
});

describe('half-open', () => {
  test('takes everything and says nothing; what it has met is dead for good', async () => {
    const one = await client();
    await echoed(one, 'a');
    proxy.begin('half-open');
    const two = await client();
    one.socket.write('b');
    two.socket.write('c');
    // Both directions of two connections.
    await until('both are met', () => proxy.met() === 4);
    proxy.end();
    expect(await echoed(await client(), 'd')).toBe('d');
    one.socket.write('e');
    two.socket.write('f');
    expect(await echoed(await client(), 'g')).toBe('g');
    expect([all(echo.pieces), all(one.pieces), all(two.pieces)]).toEqual(['adg', 'a', '']);
    expect([one.how(), two.how()]).toEqual(['up', 'up']);
  });

  test('one way: heard, and not answered', async () => {
    const one = await client();
    proxy.begin('half-open', 'down');
    one.socket.write('a');
    await until('it is heard', () => all(echo.pieces) === 'a');
    proxy.end();
    one.socket.write('b');
    await until('the rest as well', () => all(echo.pieces) === 'ab');
    expect(await echoed(await client(), 'c')).toBe('c');
    expect(all(one.pieces)).toBe('');
  });
});

describe('delay', () => {
  test('so many ms each way, in order, and what waits when it is over comes at once', async () => {
    const one = await client();
    proxy.begin({ delay: 120 });
    const began = performance.now();
    expect(await echoed(one, 'ab')).toBe('ab');
    // Timers of Node may fire a millisecond early.
    expect(performance.now() - began).toBeGreaterThanOrEqual(238);
    proxy.begin({ delay: 60_000 });
    one.socket.write('c');
    await until('it waits', () => proxy.met() === 1);
    one.socket.write('d');
    proxy.end();
    await until('it is there', () => all(one.pieces) === 'abcd');
  });

  test('one way only', async () => {
    const one = await client();
    proxy.begin({ delay: 60_000 }, 'down');
    one.socket.write('a');
    await until('it is heard', () => all(echo.pieces) === 'a');
    expect(all(one.pieces)).toBe('');
    proxy.end();
    await until('it is answered', () => all(one.pieces) === 'a');
  });
});

describe('corrupt', () => {
  const damage = (text: string): readonly number[] =>
    Array.from(text, (character, index) => (character.charCodeAt(0) > 127 ? [index] : [])).flat();

  test('the same places for the same seed, and never another character of the protocol', async () => {
    const seen: string[] = [];
    for (const seed of [7, 7, 8]) {
      const again = await startTcpProxy(
        { host: network.host(3), port: 7000 },
        { host: network.host(1), port: 7000 },
      );
      again.begin({ corrupt: seed }, 'down');
      seen.push(await echoed(await client(again), LONG));
      expect(again.met()).toBe(damage(seen.at(-1) ?? '').length);
      await again.stop();
    }
    const [first = '', second, third] = seen;
    expect(second).toBe(first);
    expect(third).not.toBe(first);
    const places = damage(first);
    expect(places.length).toBeGreaterThan(LONG.length / 150);
    const mended = Buffer.from(first, 'latin1').map((byte) => byte & 0x7f);
    expect(all([Buffer.from(mended)])).toBe(LONG);
    expect(all(echo.pieces)).toBe(LONG.repeat(3));
  });

  test('on a connection that is up, and no more when it is over', async () => {
    const one = await client();
    expect(await echoed(one, LONG)).toBe(LONG);
    proxy.begin({ corrupt: 1 }, 'up');
    expect(damage(await echoed(one, LONG))).not.toEqual([]);
    proxy.end();
    expect(await echoed(one, LONG)).toBe(LONG);
  });
});

describe('split', () => {
  test.each(['bytes', 3] as const)('%s: whole at the end, and in pieces on the way', async (split) => {
    proxy.begin({ split }, 'up');
    const one = await client();
    expect(await echoed(one, LONG)).toBe(LONG);
    expect(all(echo.pieces)).toBe(LONG);
    // Pieces may meet in a buffer of the kernel's: most do not.
    expect(echo.pieces.length).toBeGreaterThan(LONG.length / (split === 'bytes' ? 20 : 200));
    one.socket.end();
    await until('it has ended', () => one.how() === 'end');
  });
});

describe('slow', () => {
  test('so many bytes a second, and the rest at once when it is over', async () => {
    const one = await client();
    proxy.begin({ slow: 2_000 }, 'down');
    const began = performance.now();
    expect(await echoed(one, LONG.slice(0, 600))).toBe(LONG.slice(0, 600));
    expect(performance.now() - began).toBeGreaterThanOrEqual(240);
    proxy.begin({ slow: 1 }, 'down');
    one.socket.write(LONG);
    await until('it has begun', () => all(one.pieces).length > 600);
    proxy.end();
    await until('the rest is there', () => all(one.pieces).slice(600) === LONG);
  });
});
