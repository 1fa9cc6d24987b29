import { Duplex } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { openEsl } from '../../src/freeswitch/open-esl.ts';
import { atEnd, dialer, failure, logIn, never, settings, sockets, soon, spoof } from './esl-client.ts';
import { apiReply, commandReply, GREETING, ACCEPTED, type Peer } from './spoof-esl-server.ts';

const echo = (command: string, peer: Peer): void => peer.send(apiReply(command.replace(/^api /, '')));

describe('answers', () => {
  test('each to its command, in order, one in flight at a time', async () => {
    let inFlight = 0;
    const server = await spoof({
      command: (command, peer) => {
        inFlight += 1;
        expect(inFlight).toBe(1);
        setImmediate(() => {
          inFlight -= 1;
          echo(command, peer);
        });
      },
    });
    const connection = await logIn(server);
    const commands = Array.from({ length: 50 }, (_, index) => `uuid_exists ${index}`);
    expect(await Promise.all(commands.map((command) => connection.api(command, soon)))).toEqual(commands);
  });

  test('a command denied by an ACL is answered by a command/reply; the next one gets its own answer', async () => {
    const server = await spoof({
      command: (command, peer) =>
        command === 'api status' ? peer.send(commandReply('-ERR permission denied')) : echo(command, peer),
    });
    const connection = await logIn(server);
    const denied = failure(connection.api('status', soon), 'esl.error');
    const next = connection.api('switchname', soon);
    const error = await denied;
    expect(error.message).toContain('-ERR permission denied');
    expect(error.hint).toContain('esl-allowed-api');
    expect(await next).toBe('switchname');
    await failure(connection.apiRaw('status', soon), 'esl.error');
  });

  test.each(['-ERR Database error!\n', '-USAGE: uuid_kill <uuid>\n', '\n-ERR no\n'])(
    '%j is an error for api and a body for apiRaw',
    async (body) => {
      const server = await spoof({ command: (_, peer) => peer.send(apiReply(body)) });
      const connection = await logIn(server);
      const error = await failure(connection.api('show calls', soon), 'esl.error');
      expect(error.message).toBe(
        `node-1 (127.0.0.1:${server.port}) answered "show calls" with: ${body.trim()}`,
      );
      expect(await connection.apiRaw('show calls', soon)).toBe(body);
    },
  );

  test('an error cannot steer a terminal', async () => {
    const server = await spoof({ command: (_, peer) => peer.send(apiReply('-ERR \u001b]0;x\u0007\u202e')) });
    const connection = await logIn(server);
    expect((await failure(connection.api('x', soon))).message).toMatch(/-ERR \ufffd]0;x\ufffd\ufffd$/);
  });

  test('an empty answer, and one of 4 MB in UTF-8 that comes in pieces', async () => {
    const big = 'Žofie 日本語 '.repeat(200_000);
    const server = await spoof({
      command: (command, peer) => peer.send(apiReply(command === 'api big' ? big : '')),
    });
    const connection = await logIn(server);
    expect(await connection.api('nothing', soon)).toBe('');
    expect((await connection.api('big', soon)) === big).toBe(true);
  });

  test('a byte at a time', async () => {
    const server = await spoof({
      connected: ({ socket }) => {
        const slow = Buffer.from(GREETING);
        const next = (index: number): void => {
          if (index < slow.length) socket.write(slow.subarray(index, index + 1), () => next(index + 1));
        };
        next(0);
      },
      command: (_, { socket }) => {
        const slow = Buffer.from(apiReply('日本語'));
        const next = (index: number): void => {
          if (index < slow.length) socket.write(slow.subarray(index, index + 1), () => next(index + 1));
        };
        next(0);
      },
    });
    const connection = await logIn(server);
    expect(await connection.api('switchname', soon)).toBe('日本語');
  });

  test('a percent sign in a header harms nothing', async () => {
    const server = await spoof({
      command: (_, peer) =>
        peer.send('Content-Type: api/response\nReply-Text: 100% %zz\nContent-Length: 4\n\ngood'),
    });
    expect(await (await logIn(server)).api('status', soon)).toBe('good');
  });
});

describe('the way out', () => {
  test('one write for each command, and nothing else is written', async () => {
    const server = await spoof({ command: echo });
    const writes: string[] = [];
    const connection = await logIn(server, {
      connect: async (signal) => {
        const stream = await dialer(server.port)(signal);
        const write = stream.write.bind(stream) as (data: string) => boolean;
        return Object.assign(stream, {
          write: (data: string): boolean => {
            writes.push(data);
            return write(data);
          },
        });
      },
    });
    await connection.api('status', soon);
    await connection.api('switchname', soon);
    expect(writes).toEqual(['auth ClueCon-node-1\n\n', 'api status\n\n', 'api switchname\n\n']);
  });

  test.each(['status\n\napi hupall', 'status\rx', 'status\0', '\n'])(
    'a command of more than one line is refused and nothing of it sent: %j',
    async (command) => {
      const server = await spoof({ command: echo });
      const connection = await logIn(server);
      const error = await failure(connection.api(command, soon), 'usage');
      expect(error.message).not.toMatch(/[\r\n\0]/);
      await failure(connection.subscribe(['HEARTBEAT', command], soon), 'usage');
      expect(await connection.api('switchname', soon)).toBe('switchname');
      expect(server.peer().commands).toEqual(['auth ClueCon-node-1', 'api switchname']);
    },
  );

  test('any Duplex will do', async () => {
    const sent: string[] = [];
    const stream = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _, done) => {
        sent.push(chunk.toString());
        stream.push(chunk.toString().startsWith('auth') ? ACCEPTED : apiReply('yes'));
        done();
      },
    });
    stream.push(GREETING);
    const connection = await openEsl(settings(1, { connect: () => Promise.resolve(stream) }), never);
    expect(await connection.api('status', soon)).toBe('yes');
    connection.close();
    expect(stream.destroyed).toBe(true);
    expect(sent).toHaveLength(2);
  });
});

describe('time', () => {
  test('a command that times out ends the connection, so that its late answer answers nothing', async () => {
    const server = await spoof({
      command: (command, peer) => {
        if (command === 'api slow')
          void peer.gone.then(() => peer.socket.destroyed || peer.send(apiReply('late')));
        else echo(command, peer);
      },
    });
    const connection = await logIn(server);
    const slow = failure(connection.api('slow', { timeout: 40, signal: never }), 'timeout');
    const behind = failure(connection.api('switchname', soon), 'connection.lost');
    const error = await slow;
    expect(error.message).toContain('"api slow" within 40ms');
    expect(error.hint).toContain('unknown');
    expect((await behind).hint).toBe('It was not carried out.');
    expect(connection.open).toBe(false);
    expect(await connection.closed).toMatchObject({ how: 'failed', error: { code: 'timeout' } });
    await server.peer().gone;
    expect(server.peer().commands).toEqual(['auth ClueCon-node-1', 'api slow']);
    await failure(connection.api('switchname', soon), 'connection.lost');
  });

  test('the time in the queue counts; who waits there is not sent, and harms nobody', async () => {
    let release: () => void = () => undefined;
    const server = await spoof({
      command: (command, peer) => {
        if (command === 'api first') release = () => echo(command, peer);
        else echo(command, peer);
      },
    });
    const connection = await logIn(server);
    const first = connection.api('first', soon);
    const error = await failure(connection.api('second', { timeout: 40, signal: never }), 'timeout');
    expect(error.hint).toBe('It was not carried out.');
    await server.peer().got('api first');
    release();
    expect(await first).toBe('first');
    expect(await connection.api('third', soon)).toBe('third');
    expect(server.peer().commands).not.toContain('api second');
  });
});

describe('interruption', () => {
  test('of the command in flight ends the connection', async () => {
    const controller = new AbortController();
    const server = await spoof({ command: () => controller.abort() });
    const connection = await logIn(server);
    await failure(connection.api('status', { timeout: 5_000, signal: controller.signal }), 'interrupted');
    expect(connection.open).toBe(false);
    await server.peer().gone;
  });

  test('of one that waits takes it away, and nothing else', async () => {
    const controller = new AbortController();
    const server = await spoof({
      command: (command, peer) => {
        if (command === 'api first') controller.abort();
        echo(command, peer);
      },
    });
    const connection = await logIn(server);
    const first = connection.api('first', soon);
    const second = failure(
      connection.api('second', { timeout: 5_000, signal: controller.signal }),
      'interrupted',
    );
    expect(await first).toBe('first');
    await second;
    expect(await connection.api('third', soon)).toBe('third');
    expect(server.peer().commands).not.toContain('api second');
  });

  test('one signal may serve many commands at a time without a warning', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    atEnd(() => void process.off('warning', onWarning));
    const { signal } = new AbortController();
    const connection = await logIn(await spoof({ command: echo }));
    const commands = Array.from({ length: 30 }, () => connection.api('status', { timeout: 5_000, signal }));
    await Promise.all(commands);
    expect(warnings).toEqual([]);
  });

  test('that was there already sends nothing', async () => {
    const server = await spoof({ command: echo });
    const connection = await logIn(server);
    await failure(connection.api('status', { timeout: 5_000, signal: AbortSignal.abort() }), 'interrupted');
    expect(connection.open).toBe(true);
  });
});

describe('the end of a connection', () => {
  const ends: [string, (peer: Peer) => unknown][] = [
    ['a reset', ({ socket }) => socket.resetAndDestroy()],
    ['the other side closing', ({ socket }) => socket.end()],
    [
      'half an answer, then the other side closing',
      ({ socket }) => socket.end(apiReply('abcdef').slice(0, -3)),
    ],
  ];

  test.each(ends)('%s: what was sent is of unknown outcome, what was not is not done', async (_, end) => {
    const server = await spoof({ command: (__, peer) => void end(peer) });
    const connection = await logIn(server);
    const sent = failure(connection.api('global_setvar a=b', soon), 'connection.lost');
    const unsent = failure(connection.api('status', soon), 'connection.lost');
    expect((await sent).hint).toContain('unknown');
    expect((await sent).message).toContain('"api global_setvar a=b"');
    expect((await unsent).hint).toBe('It was not carried out.');
    expect(await connection.closed).toMatchObject({ how: 'failed', error: { code: 'connection.lost' } });
    expect(connection.open).toBe(false);
    await failure(connection.api('status', soon), 'connection.lost');
    await server.peer().gone;
  });

  test.each(ends)('%s while idle is noticed', async (_, end) => {
    const server = await spoof();
    const connection = await logIn(server);
    end(server.peer());
    expect((await connection.closed).how).toBe('failed');
    expect(connection.open).toBe(false);
  });

  test('a stream that closes with neither end nor error, as a channel through SSH may, is noticed', async () => {
    const server = await spoof();
    const connection = await logIn(server);
    const pending = failure(connection.api('status', soon), 'connection.lost');
    sockets[0]?.destroy();
    await pending;
    expect((await connection.closed).how).toBe('failed');
  });

  test('a peer that is dead without a word is found by the next command, and let go', async () => {
    const server = await spoof({ halfOpen: true, command: () => undefined });
    const connection = await logIn(server);
    await failure(connection.api('status', { timeout: 40, signal: never }), 'timeout');
    expect(sockets.every((socket) => socket.destroyed)).toBe(true);
    await server.peer().gone;
  });

  test('close, more than once, lets go of a peer that keeps its side open', async () => {
    const server = await spoof({ halfOpen: true });
    const connection = await logIn(server);
    const pending = failure(connection.api('status', soon), 'connection.lost');
    connection.close();
    connection.close();
    await pending;
    expect(await connection.closed).toMatchObject({ how: 'closed' });
    expect(sockets.every((socket) => socket.destroyed)).toBe(true);
    await server.peer().gone;
  });
});

describe('what is not ESL is fatal', () => {
  test.each([
    ['a negative Content-Length', 'Content-Type: api/response\nContent-Length: -1\n\n'],
    ['no Content-Length', 'Content-Type: api/response\n\n+OK\n'],
    ['a huge Content-Length', 'Content-Type: api/response\nContent-Length: 99999999999\n\n'],
    ['a Content-Length that is no number', 'Content-Type: api/response\nContent-Length: abc\n\n'],
    ['headers without end', 'x'.repeat(70_000)],
    ['a Content-Length that is too small', 'Content-Type: api/response\nContent-Length: 1\n\n+OK\n\n'],
    ['a second answer', apiReply('one') + apiReply('two')],
    ['an event that is no JSON', 'Content-Type: text/event-json\nContent-Length: 3\n\nabc'],
    ['an event in XML', 'Content-Type: text/event-xml\nContent-Length: 4\n\n<a/>'],
    ['a greeting', GREETING],
  ])('%s', async (_, bytes) => {
    const server = await spoof({ command: (__, peer) => peer.send(bytes) });
    const connection = await logIn(server);
    const first = connection.api('status', soon).catch(() => undefined);
    const behind = failure(connection.api('switchname', soon), 'connection.lost');
    await Promise.all([first, behind]);
    expect(await connection.closed).toMatchObject({ how: 'failed', error: { code: 'protocol' } });
    await server.peer().gone;
  });

  test('frames after a fatal one in the same chunk are not heard', async () => {
    const server = await spoof({
      command: (_, peer) =>
        peer.send('Content-Type: api/response\nContent-Length: -1\n\n' + apiReply('forged')),
    });
    const connection = await logIn(server);
    await failure(connection.api('status', soon), 'connection.lost');
    atEnd(() => connection.close());
  });
});

test('100,000 frames in one go do not run the stack over', async () => {
  const log = 'Content-Type: log/data\nContent-Length: 3\n\nabc';
  const server = await spoof({ command: (_, peer) => peer.send(log.repeat(100_000) + apiReply('done')) });
  const connection = await logIn(server);
  expect(await connection.api('status', { timeout: 15_000, signal: never })).toBe('done');
});
