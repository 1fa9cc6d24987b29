import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { setMaxListeners } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { known } from '../../src/domain/observation.ts';
import { createSipProbe } from '../../src/sip/options-probe.ts';

const probe = createSipProbe();
const never = new AbortController().signal;
// Many waits at a time hang on it.
setMaxListeners(0, never);
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) await new Promise<void>((resolve) => socket.close(resolve));
});

interface Spoof {
  readonly port: number;
  readonly requests: string[];
}

type Answer = (request: string, send: (text: string) => void, count: number) => void;

async function spoof(answer: Answer, address = '127.0.0.1'): Promise<Spoof> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  sockets.push(socket);
  const requests: string[] = [];
  socket.on('message', (message: Buffer, from: RemoteInfo) => {
    requests.push(message.toString());
    answer(message.toString(), (text) => socket.send(text, from.port, from.address), requests.length);
  });
  await new Promise<void>((resolve) => socket.bind(0, address, resolve));
  return { port: socket.address().port, requests };
}

function header(request: string, name: string): string {
  return new RegExp(`^${name}: (.*)$`, 'm').exec(request)?.[1]?.trim() ?? '';
}

function reply(request: string, status: string, changes: Readonly<Record<string, string>> = {}): string {
  const echoed = ['Via', 'From', 'To', 'Call-ID', 'CSeq'].map(
    (name) => `${name}: ${changes[name] ?? header(request, name)}`,
  );
  return [`SIP/2.0 ${status}`, ...echoed, 'Content-Length: 0', '', ''].join('\r\n');
}

describe('an answer', () => {
  test.each(['200 OK', '503 Maximum Calls In Progress', '404 Not Found', '405 Method Not Allowed'])(
    '%s',
    async (status) => {
      const { port } = await spoof((request, send) => send(reply(request, status)));
      await expect(probe.options('127.0.0.1', port, 2_000, never)).resolves.toEqual(
        known(Number(status.slice(0, 3))),
      );
    },
  );

  test('over IPv6, and by name', async () => {
    const six = await spoof((request, send) => send(reply(request, '200 OK')), '::1');
    await expect(probe.options('::1', six.port, 2_000, never)).resolves.toEqual(known(200));
    expect(six.requests[0]).toContain(`OPTIONS sip:[::1]:${six.port} SIP/2.0\r\nVia: SIP/2.0/UDP [::1]:`);
    const { address } = await lookup('localhost');
    const named = await spoof((request, send) => send(reply(request, '200 OK')), address);
    await expect(probe.options('localhost', named.port, 2_000, never)).resolves.toEqual(known(200));
  });

  test('provisional ones, rubbish and answers to others do not count', async () => {
    const { port } = await spoof((request, send) => {
      send('\r\n\r\n');
      send('rubbish');
      send(reply(request, '100 Trying'));
      send(reply(request, '486 Busy', { 'Call-ID': 'another' }));
      send(reply(request, '487 Gone', { CSeq: '1 INVITE' }));
      send(reply(request, '488 No', { CSeq: header(request, 'CSeq').replace('OPTIONS', 'INVITE') }));
      send(request);
      send(reply(request, '202 Accepted'));
    });
    await expect(probe.options('127.0.0.1', port, 2_000, never)).resolves.toEqual(known(202));
  });

  test('from somebody else does not count', async () => {
    const { port } = await spoof((request) => {
      const local = /^Via: SIP\/2\.0\/UDP 127\.0\.0\.1:(\d+);/m.exec(request)?.[1];
      const stranger = createSocket('udp4');
      sockets.push(stranger);
      stranger.send(reply(request, '200 OK'), Number(local), '127.0.0.1');
    });
    await expect(probe.options('127.0.0.1', port, 400, never)).resolves.toEqual({
      known: false,
      why: 'no answer within 400 ms',
    });
  });
});

test('the request is one that RFC 3261 allows', async () => {
  const { port, requests } = await spoof((request, send) => send(reply(request, '200 OK')));
  await probe.options('127.0.0.1', port, 2_000, never);
  const [request = ''] = requests;
  expect(request.split('\r\n')).toEqual([
    `OPTIONS sip:127.0.0.1:${port} SIP/2.0`,
    expect.stringMatching(/^Via: SIP\/2\.0\/UDP 127\.0\.0\.1:\d+;rport;branch=z9hG4bK[0-9a-f]{32}$/),
    'Max-Forwards: 70',
    expect.stringMatching(/^From: <sip:fsha@127\.0\.0\.1:\d+>;tag=[0-9a-f]{12}$/),
    `To: <sip:127.0.0.1:${port}>`,
    expect.stringMatching(/^Call-ID: [0-9a-f]{32}@127\.0\.0\.1$/),
    expect.stringMatching(/^CSeq: \d{1,10} OPTIONS$/),
    expect.stringMatching(/^Contact: <sip:fsha@127\.0\.0\.1:\d+>$/),
    'Accept: application/sdp',
    'User-Agent: fsha',
    'Content-Length: 0',
    '',
    '',
  ]);
});

test('what gets lost is sent again, the same to the byte', async () => {
  const { port, requests } = await spoof((request, send, count) => {
    if (count === 3) send(reply(request, '200 OK'));
  });
  const began = performance.now();
  await expect(probe.options('127.0.0.1', port, 5_000, never)).resolves.toEqual(known(200));
  expect(performance.now() - began).toBeGreaterThan(1_400);
  expect(new Set(requests).size).toBe(1);
});

test('two probes at a time do not take each other’s answers', async () => {
  const { port, requests } = await spoof((request, send) => send(reply(request, '200 OK')));
  await Promise.all(Array.from({ length: 20 }, () => probe.options('127.0.0.1', port, 2_000, never)));
  expect(new Set(requests.map((request) => header(request, 'Call-ID'))).size).toBe(20);
});

describe('no answer', () => {
  test('in time', async () => {
    const { port } = await spoof(() => undefined);
    await expect(probe.options('127.0.0.1', port, 300, never)).resolves.toEqual({
      known: false,
      why: 'no answer within 300 ms',
    });
  });

  test('since nobody listens', async () => {
    const { port } = await spoof(() => undefined);
    const [socket] = sockets.splice(0);
    await new Promise<void>((resolve) => socket?.close(resolve));
    await expect(probe.options('127.0.0.1', port, 5_000, never)).resolves.toEqual({
      known: false,
      why: 'refused',
    });
  });

  test('since the name is nobody’s', async () => {
    await expect(probe.options('does-not-exist.invalid', 5060, 10_000, never)).resolves.toEqual({
      known: false,
      why: 'the name cannot be resolved',
    });
  });

  test('since nobody waits any more', async () => {
    const { port } = await spoof(() => undefined);
    await expect(probe.options('127.0.0.1', port, 5_000, AbortSignal.abort())).rejects.toMatchObject({
      code: 'interrupted',
    });
    const controller = new AbortController();
    const probing = expect(probe.options('127.0.0.1', port, 5_000, controller.signal)).rejects.toMatchObject({
      code: 'interrupted',
    });
    setImmediate(() => controller.abort());
    await probing;
  });
});
