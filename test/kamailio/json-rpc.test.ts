import type { Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import type { RpcEndpoint } from '../../src/domain/cluster.ts';
import { Secret } from '../../src/domain/secret.ts';
import { endpointOf } from '../../src/kamailio/endpoint.ts';
import { RpcSession } from '../../src/kamailio/json-rpc.ts';
import { monotonicClock } from './support/monotonic-clock.ts';
import { proxyAt, quiet } from './support/proxy-under-test.ts';
import { reply, replyResult, spoofRpc, spoofTcp, type Trick } from './support/spoof-rpc.ts';
import { thrownBy } from './support/thrown.ts';

const SHORT = { timeouts: { connect: 2_000, request: 300 } };

describe('a request', () => {
  it('is one POST with Content-Length, JSON-RPC 2.0 as text and an id of its own', async () => {
    const spoof = await spoofRpc();
    await proxyAt(spoof.url).observe(quiet());
    for (const { verb, headers, body, path } of spoof.requests) {
      expect({ verb, path }).toEqual({ verb: 'POST', path: '/RPC' });
      expect(headers['content-length']).toBe(String(Buffer.byteLength(body)));
      expect(headers['transfer-encoding']).toBeUndefined();
      expect(headers['content-type']).toBe('application/json');
      expect(headers['accept-encoding']).toBe('identity');
      expect(headers.authorization).toBeUndefined();
      expect(body).toMatch(/^\{"jsonrpc":"2\.0","method":"[\w.]+","params":\[\],"id":\d+\}$/);
    }
    expect(new Set(spoof.requests.map(({ id }) => id)).size).toBe(4);
  });

  it('counts bytes, not characters', async () => {
    const spoof = await spoofRpc();
    await proxyAt(spoof.url).setState('d', { set: 1, uri: 'sip:möve@10.0.1.10', duid: null }, quiet());
    expect(spoof.requests).toMatchObject([{ params: ['d', 1, 'sip:möve@10.0.1.10'] }]);
  });

  it('goes straight to Kamailio whatever HTTP_PROXY says', async () => {
    const spoof = await spoofRpc();
    const webProxy = await spoofRpc((_seen, response) => reply(response, 200, 'from the web proxy'));
    for (const name of ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy', 'ALL_PROXY']) {
      vi.stubEnv(name, `http://127.0.0.1:${webProxy.port}`);
    }
    vi.stubEnv('NO_PROXY', '');
    vi.stubEnv('no_proxy', '');
    await proxyAt(spoof.url)
      .login(quiet())
      .finally(() => vi.unstubAllEnvs());
    expect(spoof.requests).toHaveLength(1);
    expect(webProxy.connections()).toBe(0);
  });
});

describe('credentials', () => {
  it('are sent as Basic, in UTF-8', async () => {
    const spoof = await spoofRpc();
    const basic = { username: 'fsha', password: new Secret('pä:ss') };
    await proxyAt({ url: spoof.url, basic }).login(quiet());
    const [scheme, value] = (spoof.requests[0]?.headers.authorization ?? '').split(' ');
    expect(scheme).toBe('Basic');
    expect(Buffer.from(value ?? '', 'base64').toString('utf8')).toBe('fsha:pä:ss');
  });

  it('are sent in a header of the choice of the user', async () => {
    const spoof = await spoofRpc();
    await proxyAt({ url: spoof.url, token: { header: 'X-Rpc-Token', value: new Secret('t0ken') } }).login(
      quiet(),
    );
    expect(spoof.requests).toMatchObject([{ headers: { 'x-rpc-token': 't0ken' } }]);
  });

  it('are never those of the URL', async () => {
    const spoof = await spoofRpc();
    await proxyAt(spoof.url.replace('//', '//user:inurl@')).login(quiet());
    expect(spoof.requests[0]?.headers.authorization).toBeUndefined();
  });

  it.each<[string, Partial<RpcEndpoint>, string]>([
    ['a token with a line break', { token: { header: 'X-Token', value: new Secret('a\nb') } }, 'secret'],
    ['a header name with a space', { token: { header: 'X Token', value: new Secret('a') } }, 'inventory'],
    ['a user name with a colon', { basic: { username: 'a:b', password: new Secret('c') } }, 'inventory'],
  ])('are refused when HTTP cannot carry them: %s', async (_what, credentials, code) => {
    const spoof = await spoofRpc();
    const proxy = proxyAt({ url: spoof.url, ...credentials });
    expect(await thrownBy(proxy.login(quiet()))).toMatchObject({ code });
    expect(await proxy.observe(quiet())).toMatchObject({ trouble: { code } });
    expect(spoof.requests).toEqual([]);
  });

  it.each<[number, Record<string, string>, Partial<RpcEndpoint>, RegExp]>([
    [401, { 'WWW-Authenticate': 'Basic realm="k"' }, {}, /Give username and password/],
    [
      401,
      { 'WWW-Authenticate': 'Basic' },
      { basic: { username: 'a', password: new Secret('b') } },
      /Check the username/,
    ],
    [401, {}, { token: { header: 'X-Token', value: new Secret('b') } }, /Check the token/],
    [401, { 'WWW-Authenticate': 'Digest realm="k"' }, {}, /Digest/],
    [403, {}, {}, /address fsha comes from/],
    [407, {}, {}, /address fsha comes from/],
  ])('that are denied with %i are an error of their own', async (status, headers, credentials, hint) => {
    const spoof = await spoofRpc((_seen, response) => reply(response, status, { error: 'no' }, headers));
    expect(await thrownBy(proxyAt({ url: spoof.url, ...credentials }).login(quiet()))).toMatchObject({
      code: 'rpc.auth',
      hint: expect.stringMatching(hint) as string,
    });
  });
});

describe('an answer that is none', () => {
  const answers: [string, Trick, RegExp, RegExp][] = [
    [
      'a web page',
      (_seen, response) => reply(response, 200, '<html>hello</html>'),
      /not JSON \(HTTP 200, a web page\)/,
      /path/,
    ],
    ['text', (_seen, response) => reply(response, 200, 'hello'), /not JSON \(HTTP 200, text\)/, /path/],
    ['nothing', (_seen, response) => reply(response, 200, ''), /not JSON \(HTTP 200, empty\)/, /path/],
    [
      'cut JSON',
      (_seen, response) => reply(response, 200, '{"jsonrpc":"2.0","res'),
      /cut or broken JSON/,
      /path/,
    ],
    [
      'JSON with more after it',
      (_seen, response) => reply(response, 200, '{"jsonrpc":"2.0"} x'),
      /not JSON/,
      /path/,
    ],
    ['404', (_seen, response) => reply(response, 404, 'not found'), /HTTP 404/, /path/],
    ['405', (_seen, response) => reply(response, 405, 'POST only'), /HTTP 405/, /path/],
    ['400', (_seen, response) => reply(response, 400, 'bad'), /HTTP 400/, /path/],
    ['502', (_seen, response) => reply(response, 502, '<html>'), /HTTP 502/, /path/],
    ['JSON that is no object', (_seen, response) => reply(response, 200, [1]), /not JSON-RPC 2\.0/, /path/],
    [
      'JSON-RPC 1.0',
      (seen, response) => reply(response, 200, { result: 'kamailio 5', error: null, id: seen.id }),
      /not JSON-RPC 2\.0/,
      /path/,
    ],
    [
      'the id of another request',
      (_seen, response) => reply(response, 200, { jsonrpc: '2.0', result: 'kamailio 5', id: -1 }),
      /another request/,
      /between/,
    ],
    [
      'the id as text',
      (seen, response) => reply(response, 200, { jsonrpc: '2.0', result: 'kamailio 5', id: String(seen.id) }),
      /another request/,
      /between/,
    ],
    [
      'no id, as for a batch',
      (_seen, response) => reply(response, 200, { jsonrpc: '2.0', result: {} }),
      /another request/,
      /between/,
    ],
    [
      'an error for another request',
      (_seen, response) =>
        reply(response, 500, { jsonrpc: '2.0', error: { code: 500, message: 'x' }, id: -1 }),
      /another request/,
      /between/,
    ],
    [
      'an error without a message',
      (seen, response) => reply(response, 500, { jsonrpc: '2.0', error: { code: 500 }, id: seen.id }),
      /without code or message/,
      /log/,
    ],
    [
      'neither result nor error',
      (seen, response) => reply(response, 200, { jsonrpc: '2.0', id: seen.id }),
      /no result/,
      /path/,
    ],
    [
      'a result with HTTP 500',
      (seen, response) => reply(response, 500, { jsonrpc: '2.0', result: 'kamailio 5', id: seen.id }),
      /no result \(HTTP 500\)/,
      /path/,
    ],
    [
      'a result of the wrong kind',
      (seen, response) => replyResult(seen, response, {}),
      /is not text/,
      /Kamailio/,
    ],
  ];
  it.each(answers)('%s is a protocol error', async (_what, trick, message, hint) => {
    const spoof = await spoofRpc(trick);
    expect(await thrownBy(proxyAt(spoof.url).login(quiet()))).toMatchObject({
      code: 'protocol',
      message: expect.stringMatching(message) as string,
      hint: expect.stringMatching(hint) as string,
    });
    expect(spoof.requests).toHaveLength(1);
  });

  it.each([301, 302, 307, 308])('a redirect with %i is not followed', async (status) => {
    const target = await spoofRpc();
    const spoof = await spoofRpc((_seen, response) => reply(response, status, '', { Location: target.url }));
    expect(await thrownBy(proxyAt(spoof.url).login(quiet()))).toMatchObject({
      code: 'protocol',
      message: expect.stringContaining(`redirect (HTTP ${status})`) as string,
    });
    expect(target.connections()).toBe(0);
  });

  it('an error of Kamailio that could not tell the id is one of Kamailio', async () => {
    const answer = '{"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse Error"},"id":null}';
    const spoof = await spoofRpc((_seen, response) => reply(response, 400, answer));
    expect(await thrownBy(proxyAt(spoof.url).login(quiet()))).toMatchObject({
      code: 'rpc.error',
      message: expect.stringContaining('-32700 Parse Error') as string,
    });
  });

  it('a body longer than fsha takes is not read to its end', async () => {
    const spoof = await spoofRpc((seen, response) => replyResult(seen, response, 'x'.repeat(100_000)));
    const endpoint = endpointOf({
      name: 'lb-1',
      rpc: { url: spoof.url },
      frTimer: 0,
      list: '/etc/kamailio/dispatcher.list',
      networks: [],
    });
    const timeouts = { connect: 5_000, request: 5_000 };
    const session = new RpcSession({ endpoint, timeouts, clock: monotonicClock, maxBodyBytes: 10_000 });
    expect(await thrownBy(session.call('read', 'core.version', [], quiet()))).toMatchObject({
      code: 'protocol',
      message: expect.stringContaining('longer than 10000 bytes') as string,
    });
    session.close();
  });

  it('a body that is compressed though nobody asked for it is not unpacked', async () => {
    const spoof = await spoofRpc((_seen, response) =>
      reply(response, 200, 'packed', { 'Content-Encoding': 'gzip' }),
    );
    expect(await thrownBy(proxyAt(spoof.url).login(quiet()))).toMatchObject({ code: 'protocol' });
  });

  it.each<[string, (socket: Socket) => void]>([
    ['says something else than HTTP', (socket) => socket.end('SIP/2.0 400 Bad Request\r\n\r\n')],
    ['sends endless headers', (socket) => socket.end(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`)],
  ])('a server that %s', async (_what, speak) => {
    const server = await spoofTcp((socket) => socket.once('data', () => speak(socket)));
    expect(await thrownBy(proxyAt(server.url).login(quiet()))).toMatchObject({ code: 'protocol' });
  });
});

describe('a server that does not answer', () => {
  it('refuses the connection', async () => {
    // The port is held, so that nobody else gets it: on 127.0.0.1, while 127.0.0.2 is free.
    const { url } = await spoofTcp(() => undefined);
    const closed = url.replace('127.0.0.1', '127.0.0.2');
    expect(await thrownBy(proxyAt(closed).login(quiet()))).toMatchObject({
      code: 'connect.refused',
      hint: expect.stringContaining('xhttp') as string,
    });
  });

  it.each<[string, (socket: Socket) => void]>([
    ['says nothing at all', () => undefined],
    ['stops in the headers', (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-')],
    ['stops in the body', (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{')],
  ])('%s: timeout', async (_what, speak) => {
    const server = await spoofTcp((socket) => socket.once('data', () => speak(socket)));
    expect(await thrownBy(proxyAt(server.url, SHORT).login(quiet()))).toMatchObject({
      code: 'timeout',
      message: expect.stringContaining('did not answer core.version completely within 300 ms') as string,
    });
  });

  it.each([
    ['the body', 'HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n'],
    ['the headers', 'HTTP/1.1 200 OK\r\nX-Slow: '],
  ])('drips %s, each byte in time, all of them too late', async (_what, start) => {
    const server = await spoofTcp((socket) => {
      socket.once('data', () => {
        socket.write(start);
        const drip = setInterval(() => socket.write(' '), 20);
        socket.on('close', () => clearInterval(drip));
      });
    });
    expect(await thrownBy(proxyAt(server.url, SHORT).login(quiet()))).toMatchObject({ code: 'timeout' });
  });

  it.each<[string, (socket: Socket) => void]>([
    ['hangs up', (socket) => socket.end()],
    ['resets', (socket) => socket.resetAndDestroy()],
  ])('%s: the connection is lost', async (_what, end) => {
    const server = await spoofTcp((socket) => socket.once('data', () => end(socket)));
    expect(await thrownBy(proxyAt(server.url).login(quiet()))).toMatchObject({
      code: 'connection.lost',
      hint: expect.stringContaining('event_route[xhttp:request]') as string,
    });
  });
});

describe('a connection that fails', () => {
  it.each([
    ['ECONNREFUSED', 'connect.refused'],
    ['ETIMEDOUT', 'connect.timeout'],
    ['EHOSTUNREACH', 'connect.unreachable'],
    ['ENETUNREACH', 'connect.unreachable'],
    ['EACCES', 'connect.unreachable'],
    ['ENOTFOUND', 'connect.name'],
    ['EAI_AGAIN', 'connect.name'],
    ['ECONNRESET', 'connection.lost'],
  ])('with %s is %s', async (code, expected) => {
    const connect = (): Promise<never> => Promise.reject(Object.assign(new Error('no'), { code }));
    expect(await thrownBy(proxyAt('http://10.9.8.7:8080/RPC', { connect }).login(quiet()))).toMatchObject({
      code: expected,
      message: expect.stringContaining('lb-1 (http://10.9.8.7:8080/RPC)') as string,
      hint: expect.stringMatching(/^[A-Z].*\.$/) as string,
    });
  });

  it('to a name with several addresses is what the first of them was', async () => {
    const inner = Object.assign(new Error('no'), { code: 'ECONNREFUSED' });
    const connect = (): Promise<never> => Promise.reject(new AggregateError([inner]));
    expect(await thrownBy(proxyAt('http://lb.invalid/RPC', { connect }).login(quiet()))).toMatchObject({
      code: 'connect.refused',
    });
  });

  it('says from where the URL is seen', () => {
    const rpc = { url: 'http://127.0.0.1:8080/RPC?token=s3cret' };
    const proxy = {
      name: 'lb-1',
      rpc,
      frTimer: 0,
      list: '/etc/kamailio/dispatcher.list',
      networks: [],
      via: { host: '10.0.1.5' },
    };
    expect(endpointOf(proxy).where).toBe('lb-1 (http://127.0.0.1:8080/RPC, seen from 10.0.1.5)');
  });

  it.each(['10.0.1.5:8080', 'ftp://10.0.1.5/', ''])('is not even tried to %j', (url) => {
    expect(() => proxyAt(url)).toThrow(expect.objectContaining({ code: 'inventory' }) as Error);
  });
});
