import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { FshaError } from '../../src/domain/errors.ts';
import { Secret } from '../../src/domain/secret.ts';
import { openEsl } from '../../src/freeswitch/open-esl.ts';
import { atEnd, dialer, failure, logIn, never, settings, sockets, soon, spoof } from './esl-client.ts';
import { ACCEPTED, apiReply, commandReply, GREETING, PASSWORD, SpoofEslServer } from './spoof-esl-server.ts';
import { readTranscript, serverBytes } from './transcript.ts';

const QUICK = { connect: 60, keepalive: 5_000 };

describe('transcripts of logins, replayed', () => {
  test('accepted', async () => {
    const server = await spoof();
    const connection = await logIn(server);
    expect(connection.open).toBe(true);
    expect(server.peer().commands).toEqual([`auth ${PASSWORD}`]);
  });

  test('a wrong password', async () => {
    const [greeting, , refusal] = readTranscript('auth-wrong');
    const server = await spoof({
      login: false,
      connected: (peer) => peer.send(greeting?.bytes ?? ''),
      command: (_, peer) => {
        peer.send(refusal?.bytes ?? '');
        peer.socket.end();
      },
    });
    const error = await failure(openEsl(settings(server.port), never), 'esl.auth');
    expect(error.message).toBe(`ESL of node-1 (127.0.0.1:${server.port}) does not accept the password.`);
    expect(error.hint).toContain('event_socket.conf.xml');
    await server.peer().gone;
  });

  test('an address outside the ACL', async () => {
    const server = await spoof({
      connected: (peer) => {
        peer.send(serverBytes('acl-rejected'));
        peer.socket.end();
      },
    });
    const error = await failure(openEsl(settings(server.port), never), 'esl.acl');
    expect(error.hint).toContain('apply-inbound-acl');
    expect(error.hint).toContain('ssh');
    expect(server.peer().commands).toEqual([]);
    await server.peer().gone;
  });

  test('an api that is not allowed before the login is a refusal, whatever it is answered with', async () => {
    const [, , reply] = readTranscript('unauthenticated-api');
    const server = await spoof({ command: (_, peer) => peer.send(reply?.bytes ?? '') });
    const connection = await logIn(server);
    const error = await failure(connection.api('status', soon), 'esl.error');
    expect(error.message).toContain('-ERR command not found');
  });
});

describe('a server that cannot be reached', () => {
  test('refused', async () => {
    const server = await SpoofEslServer.start();
    const { port } = server;
    await server.stop();
    const error = await failure(openEsl(settings(port), never), 'connect.refused');
    expect(error.hint).toContain('mod_event_socket');
  });

  test.each([
    ['ENOTFOUND', 'connect.name'],
    ['EAI_AGAIN', 'connect.name'],
    ['EHOSTUNREACH', 'connect.unreachable'],
    ['ENETUNREACH', 'connect.unreachable'],
    ['ETIMEDOUT', 'connect.timeout'],
    ['ECONNRESET', 'connection.lost'],
  ] as const)('%s', async (system, code) => {
    const connect = (): Promise<never> => Promise.reject(Object.assign(new Error('no'), { code: system }));
    expect((await failure(openEsl(settings(1, { connect }), never), code)).hint).not.toBe('');
  });

  test('what the way there says stays as it is', async () => {
    const fault = new FshaError('ssh.auth', 'SSH of node-1 does not accept the key.', 'Add it.');
    const connect = (): Promise<never> => Promise.reject(fault);
    expect(await failure(openEsl(settings(1, { connect }), never))).toBe(fault);
  });

  test('a bug stays a bug', async () => {
    const connect = (): Promise<never> => Promise.reject(new TypeError('x is not a function'));
    await expect(openEsl(settings(1, { connect }), never)).rejects.toBeInstanceOf(TypeError);
  });

  test('a way that never ends and hears no signal; what it gives later is destroyed', async () => {
    let give: (stream: PassThrough) => void = () => undefined;
    const connect = (): Promise<PassThrough> => new Promise((resolve) => (give = resolve));
    const error = await failure(openEsl(settings(1, { connect, timeouts: QUICK }), never), 'connect.timeout');
    expect(error.message).toContain('could not be connected to within 60ms');
    const late = new PassThrough();
    give(late);
    await once(late, 'close');
    expect(late.destroyed).toBe(true);
  });
});

describe('a server that is none of ESL', () => {
  test('silent: timed out, and its connection ended', async () => {
    const server = await spoof({ connected: () => undefined });
    const error = await failure(
      openEsl(settings(server.port, { timeouts: QUICK }), never),
      'connect.timeout',
    );
    expect(error.message).toContain('took the connection');
    await server.peer().gone;
  });

  test('greets, and never answers the password', async () => {
    const server = await spoof({ login: false });
    await failure(openEsl(settings(server.port, { timeouts: QUICK }), never), 'connect.timeout');
    await server.peer().gone;
  });

  test('sends a byte at a time without end: the deadline is one for all', async () => {
    const server = await spoof({
      connected: ({ socket }) => {
        const timer = setInterval(() => socket.write('C'), 5);
        socket.on('close', () => clearInterval(timer));
      },
    });
    await failure(openEsl(settings(server.port, { timeouts: QUICK }), never), 'connect.timeout');
    await server.peer().gone;
  });

  test('SSH', async () => {
    const server = await spoof({
      connected: (peer) => peer.send('SSH-2.0-OpenSSH_9.2p1\u001b[2J Debian-2\r\n'),
    });
    const error = await failure(openEsl(settings(server.port), never), 'protocol');
    expect(error.message).toContain('"SSH-2.0-OpenSSH_9.2p1\ufffd[2J Debian-2"');
    expect(error.hint).toContain('Another service');
    await server.peer().gone;
  });

  test('HTTP, which waits for us to speak', async () => {
    const http = createServer();
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    atEnd(() => void http.close());
    const { port } = http.address() as AddressInfo;
    const error = await failure(openEsl(settings(port, { timeouts: QUICK }), never), 'connect.timeout');
    expect(error.hint).toContain('esl.port');
  });

  test('HTTP that loses its patience', async () => {
    const server = await spoof({ connected: (peer) => peer.send('HTTP/1.1 408 Request Timeout\r\n\r\n') });
    await failure(openEsl(settings(server.port), never), 'protocol');
  });

  test.each([
    ['an answer before the greeting', ACCEPTED],
    [
      'an event before the greeting',
      'Content-Type: text/event-json\nContent-Length: 26\n\n{"Event-Name":"HEARTBEAT"}',
    ],
    ['two greetings', GREETING + GREETING],
    ['garbage behind the greeting', `${GREETING}auth ${PASSWORD}\n`],
  ])('%s', async (_, bytes) => {
    const server = await spoof({ login: false, connected: (peer) => peer.send(bytes) });
    await failure(openEsl(settings(server.port), never), 'protocol');
    await server.peer().gone;
  });

  test.each([
    ['an api/response to the password', apiReply('+OK')],
    ['neither yes nor no', commandReply('maybe')],
    ['an echo of the password', `auth ${PASSWORD}\n\n`],
  ])('%s; the password is not shown', async (_, bytes) => {
    const server = await spoof({ login: false, command: (__, peer) => peer.send(bytes) });
    const error = await failure(openEsl(settings(server.port), never), 'protocol');
    expect(error.message).not.toContain(PASSWORD);
    await server.peer().gone;
  });

  test.each([
    ['at once', (): undefined => undefined],
    ['after the greeting', (send: (text: string) => void): void => send(GREETING)],
  ])('closes %s', async (_, before) => {
    const server = await spoof({
      connected: (peer) => {
        before((text) => peer.send(text));
        peer.socket.end();
      },
      login: false,
    });
    await failure(openEsl(settings(server.port), never), 'connection.lost');
    await server.peer().gone;
  });

  test('resets', async () => {
    const server = await spoof({ connected: ({ socket }) => void socket.resetAndDestroy() });
    await failure(openEsl(settings(server.port), never), 'connection.lost');
  });
});

describe('before anything is sent', () => {
  test.each(['a\nb', 'a\rb', 'a\0b'])('a password of more than one line is refused', async (password) => {
    const connect = (): Promise<never> => Promise.reject(new Error('must not be called'));
    const error = await failure(
      openEsl(settings(1, { connect, password: new Secret(password) }), never),
      'secret',
    );
    expect(error.message).not.toContain(password);
  });

  test('an interruption that was there already', async () => {
    const connect = (): Promise<never> => Promise.reject(new Error('must not be called'));
    await failure(openEsl(settings(1, { connect }), AbortSignal.abort()), 'interrupted');
  });
});

describe('an interruption', () => {
  test('while connecting', async () => {
    const controller = new AbortController();
    const connect = (): Promise<never> => {
      controller.abort();
      return new Promise(() => undefined);
    };
    await failure(openEsl(settings(1, { connect }), controller.signal), 'interrupted');
  });

  test('while logging in ends the connection', async () => {
    const controller = new AbortController();
    const server = await spoof({ login: false, command: () => controller.abort() });
    await failure(openEsl(settings(server.port), controller.signal), 'interrupted');
    await server.peer().gone;
    expect(sockets.every((socket) => socket.destroyed)).toBe(true);
  });

  test('after the login is none of its business', async () => {
    const controller = new AbortController();
    const server = await spoof({ command: (_, peer) => peer.send(apiReply('node-1')) });
    const connection = await openEsl(settings(server.port), controller.signal);
    atEnd(() => connection.close());
    controller.abort();
    expect(await connection.api('switchname', soon)).toBe('node-1');
  });
});

test('Nagle is off and keepalive is on where the stream knows them', async () => {
  const calls: unknown[] = [];
  const server = await spoof();
  await logIn(server, {
    connect: async (signal) => {
      const stream = await dialer(server.port)(signal);
      return Object.assign(stream, {
        setNoDelay: (on: boolean) => calls.push(['noDelay', on]),
        setKeepAlive: (on: boolean, ms: number) => calls.push(['keepAlive', on, ms]),
      });
    },
  });
  expect(calls).toEqual([
    ['noDelay', true],
    ['keepAlive', true, 5_000],
  ]);
});
