import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { RpcEndpoint } from '../../src/domain/cluster.ts';
import { Secret } from '../../src/domain/secret.ts';
import { makeCertificates } from './support/certificates.ts';
import { proxyAt, quiet } from './support/proxy-under-test.ts';
import { reply, replyError, spoofRpc, type Trick } from './support/spoof-rpc.ts';
import { thrownBy } from './support/thrown.ts';

const PASSWORD = 'v3ry-s3cret';
const TOKEN = 't0ken-s3cret';
const IN_URL = 'url-s3cret';
const SECRETS = [
  PASSWORD,
  TOKEN,
  IN_URL,
  Buffer.from(`fsha:${PASSWORD}`).toString('base64'),
  'Authorization',
  'PRIVATE KEY',
];
const TARGET = { set: 1, uri: 'sip:10.0.1.10:5080', duid: null };
const SHORT = { timeouts: { connect: 2_000, request: 200 } };

function credentials(url: string): RpcEndpoint {
  return {
    url: `${url.replace('//', `//someone:${IN_URL}@`)}?token=${IN_URL}`,
    basic: { username: 'fsha', password: new Secret(PASSWORD) },
    token: { header: 'X-Token', value: new Secret(TOKEN) },
  };
}

/** Everything that a logger, a debugger or a crash could make of it. */
function everyView(thing: unknown): string {
  const views = [inspect(thing, { depth: 10, showHidden: true }), JSON.stringify(thing), String(thing)];
  if (thing instanceof Error)
    views.push(thing.stack ?? '', inspect(thing.cause, { depth: 10, showHidden: true }));
  return views.join('\n');
}

function expectNoSecret(thing: unknown): void {
  const seen = everyView(thing);
  for (const secret of SECRETS) expect(seen).not.toContain(secret);
}

describe('no secret is in any error', () => {
  const failures: [string, Trick][] = [
    ['a hang-up', (_seen, response) => void response.socket?.destroy()],
    ['no answer', () => true],
    ['a denial', (_seen, response) => reply(response, 401, 'no')],
    ['a web page', (_seen, response) => reply(response, 200, '<html>')],
    ['an error', (seen, response) => replyError(seen, response, 'State Update Failed')],
    ['a redirect', (_seen, response) => reply(response, 302, '', { Location: 'http://127.0.0.1:1/' })],
    [
      'a page that sends the request back',
      (seen, response) =>
        reply(response, 400, `${seen.headers.authorization ?? ''} ${String(seen.headers['x-token'])}`),
    ],
    [
      'an error that sends the request back',
      (seen, response) => replyError(seen, response, `${seen.path} ${JSON.stringify(seen.headers)}`),
    ],
    [
      'a cut body',
      (_seen, response) => {
        response.writeHead(200, { 'Content-Length': 100 });
        response.write('{', () => response.socket?.destroy());
      },
    ],
  ];

  it.each(failures)('after %s', async (_what, trick) => {
    const spoof = await spoofRpc(trick);
    const proxy = proxyAt(credentials(spoof.url), SHORT);
    expectNoSecret(await thrownBy(proxy.login(quiet())));
    expectNoSecret(await thrownBy(proxy.setState('d', TARGET, quiet())));
    expectNoSecret(await proxy.observe(quiet()));
    expectNoSecret(proxy);
    expect(spoof.requests[0]?.headers['x-token']).toBe(TOKEN);
  });

  it('after an interruption', async () => {
    const spoof = await spoofRpc(() => true);
    const interrupt = new AbortController();
    const login = thrownBy(proxyAt(credentials(spoof.url)).login(interrupt.signal));
    await expect.poll(() => spoof.requests.length).toBe(1);
    interrupt.abort();
    expectNoSecret(await login);
  });

  it('after a refused connection', async () => {
    const spoof = await spoofRpc();
    const closed = spoof.url.replace('127.0.0.1', '127.0.0.2');
    expectNoSecret(await thrownBy(proxyAt(credentials(closed)).login(quiet())));
  });

  it('after TLS that does not work, key included', async () => {
    const made = makeCertificates();
    const spoof = await spoofRpc(undefined, { ...made.server });
    for (const key of [made.client.key, made.server.key, `${made.client.key.slice(0, 90)}\n`]) {
      const tls = { cert: made.client.cert, key: new Secret(key) };
      expectNoSecret(await thrownBy(proxyAt({ ...credentials(spoof.url), tls }).login(quiet())));
    }
  });
});
