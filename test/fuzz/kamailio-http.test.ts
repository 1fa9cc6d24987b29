/** The client of Kamailio's JSON-RPC against servers that send bytes of any kind, over real sockets. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endpointOf } from '../../src/kamailio/endpoint.ts';
import { RpcSession } from '../../src/kamailio/json-rpc.ts';
import { KamailioProxy } from '../../src/kamailio/kamailio-proxy.ts';
import { systemClock } from '../../src/workflow/system-clock.ts';
import { goodResult } from '../kamailio/support/spoof-rpc.ts';
import { ByteServer, ending, say, type Ending } from './support/byte-server.ts';
import { holdsInTime } from './support/fuzzing.ts';
import { mutatedJson, valueAt } from './support/json-mutations.ts';
import { mutated } from './support/mutations.ts';
import { cuts, inPieces, type Cuts } from './support/pieces.ts';
import { expectPrintable, expectReason, expectTyped } from './support/said.ts';

/** For what may never be answered. */
const timeouts = { connect: 2_000, request: 150 };
/** For what is answered, however slowly. */
const patience = { connect: 15_000, request: 15_000 };
const never = new AbortController().signal;

let server: ByteServer;
beforeAll(async () => {
  server = await ByteServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

interface Request {
  readonly method: string;
  readonly id: number;
}

/** Answers each request that came whole with the bytes that are made for it; null ends the connection. */
function answerWith(make: (request: Request) => Buffer, where: Cuts, how: Ending, keep = false): void {
  server.behaviour = (socket) => {
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const [, length, body] = /\r\nContent-Length: (\d+)\r\n[^]*?\r\n\r\n([^]*)$/i.exec(text) ?? [];
      if (body === undefined || body.length < Number(length)) return;
      text = '';
      const request = JSON.parse(body) as Request;
      void say(socket, inPieces(make(request), where), keep ? 'waits' : how);
    });
  };
}

/** Stands for the id of the request, which is known only then. */
const ID = '@id@';

function httpAnswer(body: string, status = '200 OK', headers: readonly string[] = []): string {
  const length = Buffer.byteLength(body);
  return [
    `HTTP/1.1 ${status}`,
    'Content-Type: application/json',
    `Content-Length: ${length}`,
    ...headers,
    '',
    body,
  ].join('\r\n');
}

const chunked = (body: string): string =>
  `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n0\r\n\r\n`;

const result = (value: unknown): string =>
  JSON.stringify({ jsonrpc: '2.0', result: value, id: ID }).replace(`"${ID}"`, ID);
const refusal = `{"jsonrpc":"2.0","error":{"code":500,"message":"Method Not Found"},"id":${ID}}`;
const list = goodResult('dispatcher.list');

const ANSWERS = [
  httpAnswer(result(list)),
  httpAnswer(result('kamailio 5.6.3 (x86_64/linux) ')),
  httpAnswer(refusal, '500 Method Not Found'),
  httpAnswer('', '401 Unauthorized', ['WWW-Authenticate: Digest realm="x"']),
  chunked(result(list)),
  `HTTP/1.0 200 OK\r\n\r\n${result(list)}`,
];
const LINES = [
  ...[
    'Content-Length: 5',
    'Content-Length: 999999999999',
    'Content-Length: -1',
    'Transfer-Encoding: chunked',
    'Transfer-Encoding: gzip',
  ],
  ...[
    'Content-Encoding: gzip',
    'Connection: upgrade\r\nUpgrade: x',
    'Location: http://127.0.0.1:1/',
    'Set-Cookie: a=b',
    'Trailer: x',
  ],
  ...[
    '__proto__: x',
    'constructor: x',
    'toString: x',
    'WWW-Authenticate: \u001b[2J',
    'X: \u0080\u00ff',
    'Keep-Alive: timeout=0',
  ],
  ...[
    'HTTP/1.1 100 Continue\r\n',
    'HTTP/1.1 101 Switching Protocols\r\n',
    'HTTP/1.1 204 No Content',
    'HTTP/1.1 304 Not Modified',
    'HTTP/1.1 200 \u001b[31m',
  ],
].map((line) => `${line}\r\n`);

const anyAnswer = fc.oneof(
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)) },
  { weight: 6, arbitrary: mutated(ANSWERS, LINES) },
);

function withId(bytes: Buffer, id: number): Buffer {
  return Buffer.from(bytes.toString('latin1').replaceAll(ID, String(id)), 'latin1');
}

const proxy = { name: 'lb-1', frTimer: 30_000, list: '/etc/kamailio/dispatcher.list', networks: [] };
const url = (): string => `http://127.0.0.1:${server.port}/RPC`;

test('one call ends in an answer, an error of Kamailio, or a typed error, whatever the server sends', async () => {
  const endpoint = endpointOf({ ...proxy, rpc: { url: url() } });
  await holdsInTime(
    fc.asyncProperty(anyAnswer, cuts, ending, async (bytes, where, how) => {
      answerWith(({ id }) => withId(bytes, id), where, how);
      const session = new RpcSession({ endpoint, timeouts, clock: systemClock });
      try {
        await session.call('read', 'dispatcher.list', [], never);
      } catch (error) {
        expectTyped(error, ['rpc.error', 'rpc.auth', 'protocol', 'connection.lost', 'timeout']);
      } finally {
        session.close();
      }
    }),
    { share: 0.8 },
  );
});

function proxyHere(limits = timeouts): KamailioProxy {
  return new KamailioProxy({
    ...{ proxy: { ...proxy, rpc: { url: url() } }, timeouts: limits, clock: systemClock },
  });
}

test('a look at a proxy sees or says why not, whatever the server sends', async () => {
  await holdsInTime(
    fc.asyncProperty(anyAnswer, anyAnswer, cuts, ending, async (one, other, where, how) => {
      answerWith(({ method, id }) => withId(method === 'core.version' ? one : other, id), where, how);
      const { trouble, version, instance, sets } = await proxyHere().observe(never);
      for (const reading of [version, instance, sets]) expectReason(reading);
      if (version.known) expectPrintable(version.value);
      if (trouble !== null) {
        expect(trouble.code).not.toBe('bug');
        expectPrintable(trouble.message);
      }
    }),
    { share: 0.5 },
  );
});

test('an answer that is not what it should be leaves the others as they are', async () => {
  const good = (method: string): string => result(goodResult(method));
  const METHODS = ['core.version', 'core.uptime', 'core.ps', 'dispatcher.list'] as const;
  answerWith(
    ({ method, id }) => withId(Buffer.from(httpAnswer(good(method).replace(ID, String(id)))), id),
    [],
    'waits',
    true,
  );
  const seen = await proxyHere(patience).observe(never);
  expect([seen.version.known, seen.instance.known, seen.sets.known]).toEqual([true, true, true]);
  await holdsInTime(
    fc.asyncProperty(
      fc
        .constantFrom(...METHODS)
        .chain((method) =>
          fc.tuple(fc.constant(method), mutatedJson([{ jsonrpc: '2.0', result: goodResult(method), id: 0 }])),
        ),
      async ([broken, value]) => {
        answerWith(
          ({ method, id }) => {
            const text =
              method === broken
                ? JSON.stringify(value).replace(/"id":0\}$/, `"id":${id}}`)
                : good(method).replace(ID, String(id));
            return Buffer.from(httpAnswer(text));
          },
          [],
          'waits',
          true,
        );
        const { version, instance, sets } = await proxyHere(patience).observe(never);
        if (broken !== 'core.version') expect(version).toEqual(seen.version);
        if (broken === 'core.version' || broken === 'dispatcher.list')
          expect(instance).toEqual(seen.instance);
        if (broken !== 'dispatcher.list') expect(sets).toEqual(seen.sets);
      },
    ),
    { share: 0.6 },
  );
});

describe('a state that is set', () => {
  test('is taken for set only where Kamailio said so in an answer to this very request', async () => {
    const answers = [
      { jsonrpc: '2.0', result: 'Ok. Dispatcher state updated.', id: 0 },
      { jsonrpc: '2.0', result: {}, id: 0 },
      { jsonrpc: '2.0', error: { code: 500, message: 'State Update Failed' }, id: 0 },
    ];
    const status = fc.oneof(
      fc.constant('200 OK'),
      fc.constantFrom('500 x', '201 x', '302 x', '404 x', '200'),
    );
    await holdsInTime(
      fc.asyncProperty(mutatedJson(answers), status, async (value, line) => {
        let sent = 0;
        answerWith(
          ({ id }) => {
            sent = id;
            return Buffer.from(httpAnswer(JSON.stringify(value).replaceAll('"id":0', `"id":${id}`), line));
          },
          [],
          'ends',
        );
        try {
          await proxyHere(patience).setState('d', { set: 1, uri: 'sip:10.0.1.10:5080', duid: null }, never);
        } catch (error) {
          expectTyped(error, ['rpc.error', 'rpc.auth', 'protocol', 'connection.lost', 'timeout']);
          return;
        }
        const answer = JSON.parse(JSON.stringify(value).replaceAll('"id":0', `"id":${sent}`)) as unknown;
        expect(line).toMatch(/^200/);
        expect(valueAt(answer, 'id')).toBe(sent);
        expect(JSON.stringify(valueAt(answer, 'result'))).toMatch(/^(?:"ok\b.*|\{\})/is);
      }),
      { share: 0.6 },
    );
  });
});

test.each([
  ['headers', 'HTTP/1.1 200 OK\r\nX: ', 'x'.repeat(4_000)],
  ['many headers', 'HTTP/1.1 200 OK\r\n', 'X: y\r\n'.repeat(500)],
  ['announcements', '', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(100)],
  ['a body', 'HTTP/1.1 200 OK\r\n\r\n', ' '.repeat(64_000)],
  ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', '1\r\n \r\n'.repeat(10_000)],
  ['an announced body', 'HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n', ' '.repeat(64_000)],
])('%s without end are given up', async (_, start, unit) => {
  const endpoint = endpointOf({ ...proxy, rpc: { url: url() } });
  server.behaviour = (socket) => {
    socket.once('data', () => {
      socket.write(start);
      const more = (): void => {
        while (!socket.destroyed && socket.writable) if (!socket.write(unit)) return;
      };
      socket.on('drain', more);
      more();
    });
  };
  const session = new RpcSession({
    endpoint,
    timeouts: { connect: 2_000, request: 1_000 },
    clock: systemClock,
    maxBodyBytes: 2_000_000,
  });
  const thrown = await session.call('read', 'x', [], never).catch((error: unknown) => error);
  expectTyped(thrown, ['protocol', 'timeout', 'connection.lost']);
  session.close();
});
