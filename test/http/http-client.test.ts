import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createHttpClient } from '../../src/http/http-client.ts';
import { runHttp } from '../../src/playbook/actions/http.ts';
import { carryOut, failureOf, SECRET } from '../playbook/actions/fake-around.ts';

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

async function serverThat(
  answer: (response: ServerResponse, seen: Seen) => void,
): Promise<{ url: string; seen: Seen[]; close: () => void }> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
    request.on('end', () => {
      const one = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body };
      seen.push(one);
      answer(response, one);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  onTestFinished(close);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, close };
}

const run = runHttp(createHttpClient());

describe('http', () => {
  test('JSON there and back', async () => {
    const { url, seen } = await serverThat((response) => {
      response.writeHead(201, { 'Content-Type': 'application/json', 'X-Id': '7', 'Set-Cookie': 'session=1' });
      response.end('{"a":[1,"x\\u001b"]}');
    });
    const result = await carryOut(run, {
      url: `${url}/p?q=1`,
      method: 'POST',
      json: { b: 2 },
      headers: { Authorization: `Bearer ${SECRET}` },
    });
    expect(result).toMatchObject({ ok: true, status: 201, json: { a: [1, 'x\ufffd'] }, said: 'HTTP 201' });
    expect(result['headers']).toMatchObject({ 'x-id': '7' });
    expect(result['headers']).not.toHaveProperty('set-cookie');
    expect(seen).toMatchObject([{ method: 'POST', url: '/p?q=1', body: '{"b":2}' }]);
    expect(seen[0]?.headers).toMatchObject({
      'content-type': 'application/json',
      authorization: `Bearer ${SECRET}`,
    });
  });

  test.each([
    [200, {}, true],
    [404, {}, false],
    [302, {}, false],
    [404, { status: 404 }, true],
    [200, { status: [201, 204] }, false],
  ])('status %i with %j: ok %s', async (status, params, ok) => {
    const { url } = await serverThat((response) => {
      response.writeHead(status, { Location: '/elsewhere' });
      response.end('text');
    });
    expect(await carryOut(run, { url, ...params })).toMatchObject({ ok, status, json: null });
  });

  test('redirects are followed when told, within the origin only', async () => {
    const other = await serverThat((response) => response.end('other'));
    const { url, seen } = await serverThat((response, { url: path }) => {
      if (path === '/end') response.end('here');
      else response.writeHead(302, { Location: path === '/away' ? other.url : '/end' }).end();
    });
    expect(await carryOut(run, { url: `${url}/begin`, redirects: 1 })).toMatchObject({
      status: 200,
      body: 'here',
    });
    expect(seen.map((one) => one.url)).toEqual(['/begin', '/end']);
    const away = await failureOf(
      carryOut(run, { url: `${url}/away`, redirects: 3, headers: { 'X-Token': SECRET } }),
    );
    expect(away.code).not.toBe('bug');
    expect(other.seen).toEqual([]);
  });

  test('an answer without end stops at the limit', async () => {
    const { url } = await serverThat((response) => {
      const more = (): void => {
        while (response.write(Buffer.alloc(65_536, 'x')));
        response.once('drain', more);
      };
      more();
    });
    expect(await failureOf(carryOut(run, { url }))).toMatchObject({
      code: 'protocol',
      message: expect.stringContaining('longer than 1048576 bytes') as string,
    });
  });

  test('silence: the deadline, and a stop', async () => {
    const { url, seen } = await serverThat(() => undefined);
    const late = await failureOf(carryOut(run, { url, method: 'POST', body: SECRET }, { time: 200 }));
    expect(late.code).toBe('timeout');
    expect(late.message).toContain('outcome is unknown');
    expect(late.message).not.toContain(SECRET);
    const stop = new AbortController();
    const running = failureOf(carryOut(run, { url }, { signal: stop.signal }));
    while (seen.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    stop.abort();
    expect((await running).code).toBe('interrupted');
  });

  test('a connection that breaks in the middle is no refusal', async () => {
    const { url } = await serverThat((response) => response.destroy());
    expect((await failureOf(carryOut(run, { url, method: 'PUT' }))).code).toBe('connection.lost');
  });

  test('nobody listens', async () => {
    const { url, close } = await serverThat(() => undefined);
    close();
    expect((await failureOf(carryOut(run, { url }))).code).toBe('connect.refused');
  });

  test.each([
    { url: `http://127.0.0.1/${SECRET}` },
    { url: 'http://user:pass@127.0.0.1/' },
    { url: 'file:///etc/passwd' },
    { url: 'no url' },
    { url: 'http://127.0.0.1:1/', method: 'TRACE' },
    { url: 'http://127.0.0.1:1/', redirects: 99 },
    { url: 'http://127.0.0.1:1/', headers: { a: { b: 1 } } },
  ])('refused, without the secret: %#', async (params) => {
    const { code, message } = await failureOf(carryOut(run, params));
    expect(code).toBe('usage');
    expect(message).not.toContain(SECRET);
    expect(message).not.toContain('pass@');
  });

  test('a header cannot be two', async () => {
    const { url, seen } = await serverThat((response) => response.end());
    const failure = await failureOf(carryOut(run, { url, headers: { 'X-A': `1\r\nX-B: ${SECRET}` } }));
    expect(failure.code).toBe('usage');
    expect(failure.message).not.toContain(SECRET);
    expect(seen).toEqual([]);
  });
});
