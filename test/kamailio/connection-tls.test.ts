import { connect as connectTcp } from 'node:net';
import type { Duplex } from 'node:stream';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { RpcEndpoint } from '../../src/domain/cluster.ts';
import { Secret } from '../../src/domain/secret.ts';
import { makeCertificates, type Certificates, type KeyPair } from './support/certificates.ts';
import { proxyAt, quiet } from './support/proxy-under-test.ts';
import { spoofRpc, spoofTcp } from './support/spoof-rpc.ts';
import { thrownBy } from './support/thrown.ts';

let made: Certificates;
beforeAll(() => {
  made = makeCertificates();
});

function withTls(url: string, tls: NonNullable<RpcEndpoint['tls']>): RpcEndpoint {
  return { url, tls };
}

function clientFiles(pair: KeyPair): { readonly cert: string; readonly key: Secret } {
  return { cert: pair.cert, key: new Secret(pair.key) };
}

describe('a certificate of an own authority', () => {
  it('is trusted when the authority is given', async () => {
    const spoof = await spoofRpc(undefined, { ...made.server });
    const seen = await proxyAt(withTls(spoof.url, { ca: made.ca })).observe(quiet());
    expect(seen).toMatchObject({ trouble: null, sets: { known: true } });
    expect(spoof.connections()).toBe(1);
  });

  it('is trusted for a name as well as for an address', async () => {
    const spoof = await spoofRpc(undefined, { ...made.server });
    await proxyAt(withTls(spoof.url.replace('127.0.0.1', 'localhost'), { ca: made.ca })).login(quiet());
    expect(spoof.requests).toMatchObject([{ headers: { host: `localhost:${spoof.port}` } }]);
  });

  it.each<[string, () => KeyPair, () => NonNullable<RpcEndpoint['tls']>, RegExp, RegExp]>([
    ['of an authority that was not given', () => made.server, () => ({}), /not trusted/, /tls\.ca/],
    [
      'signed by itself',
      () => made.alone,
      () => ({}),
      /not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\)/,
      /tls\.ca/,
    ],
    [
      'for another name',
      () => made.elsewhere,
      () => ({ ca: made.ca }),
      /ALTNAME/,
      /name that the certificate was made for/,
    ],
    ['that has expired', () => made.expired, () => ({ ca: made.ca }), /CERT_HAS_EXPIRED/, /Renew/],
  ])('%s is not', async (_what, server, tls, message, hint) => {
    const spoof = await spoofRpc(undefined, { ...server() });
    expect(await thrownBy(proxyAt(withTls(spoof.url, tls())).login(quiet()))).toMatchObject({
      code: 'connect.tls',
      message: expect.stringMatching(message) as string,
      hint: expect.stringMatching(hint) as string,
    });
    expect(spoof.requests).toEqual([]);
  });

  it('is asked for even where the environment switches that off', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    const spoof = await spoofRpc(undefined, { ...made.alone });
    const error = await thrownBy(proxyAt(spoof.url).login(quiet())).finally(() => vi.unstubAllEnvs());
    expect(error).toMatchObject({ code: 'connect.tls' });
  });
});

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('a client certificate over %s', (version) => {
  const server = (): object => ({
    ...made.server,
    ...{ ca: made.ca, requestCert: true, rejectUnauthorized: true, minVersion: version, maxVersion: version },
  });

  it('is sent', async () => {
    const spoof = await spoofRpc(undefined, server());
    const proxy = proxyAt(withTls(spoof.url, { ca: made.ca, ...clientFiles(made.client) }));
    expect(await proxy.observe(quiet())).toMatchObject({ trouble: null, sets: { known: true } });
  });

  it('is asked for in words when it was not given', async () => {
    const spoof = await spoofRpc(undefined, server());
    const error = await thrownBy(proxyAt(withTls(spoof.url, { ca: made.ca })).login(quiet()));
    expect(error).toMatchObject({ hint: expect.stringMatching(/give tls\.cert and tls\.key/i) as string });
    expect(['connect.tls', 'connection.lost']).toContain((error as { code: string }).code);
    expect(spoof.requests).toEqual([]);
  });

  it('of another authority is refused', async () => {
    const spoof = await spoofRpc(undefined, server());
    const error = await thrownBy(
      proxyAt(withTls(spoof.url, { ca: made.ca, ...clientFiles(made.alone) })).login(quiet()),
    );
    expect(['connect.tls', 'connection.lost']).toContain((error as { code: string }).code);
    expect(spoof.requests).toEqual([]);
  });
});

describe('what is not TLS, or not PEM', () => {
  it('says that the port speaks plain HTTP', async () => {
    const spoof = await spoofRpc();
    expect(await thrownBy(proxyAt(spoof.url.replace('http:', 'https:')).login(quiet()))).toMatchObject({
      code: 'connect.tls',
      hint: expect.stringContaining('http://') as string,
    });
  });

  it('says that the server hung up during the handshake', async () => {
    const server = await spoofTcp((socket) => socket.once('data', () => socket.destroy()));
    expect(await thrownBy(proxyAt(server.url.replace('http:', 'https:')).login(quiet()))).toMatchObject({
      code: 'connect.tls',
    });
  });

  it('does not wait for a handshake that never comes', async () => {
    const server = await spoofTcp(() => undefined);
    const proxy = proxyAt(server.url.replace('http:', 'https:'), {
      timeouts: { connect: 200, request: 5_000 },
    });
    expect(await thrownBy(proxy.login(quiet()))).toMatchObject({ code: 'connect.timeout' });
  });

  it.each<[string, () => NonNullable<RpcEndpoint['tls']>]>([
    ['a certificate that is none', () => ({ cert: 'nonsense', key: new Secret(made.client.key) })],
    ['a key that is none', () => ({ cert: made.client.cert, key: new Secret('nonsense') })],
    ['a key of another certificate', () => ({ cert: made.client.cert, key: new Secret(made.server.key) })],
  ])('says that the files are wrong: %s', async (_what, tls) => {
    const spoof = await spoofRpc(undefined, { ...made.server });
    const error = await thrownBy(proxyAt(withTls(spoof.url, { ca: made.ca, ...tls() })).login(quiet()));
    expect(error).toMatchObject({
      code: 'connect.tls',
      message: expect.stringContaining('TLS files given for lb-1') as string,
    });
  });
});

describe('TLS through a tunnel', () => {
  it('checks the certificate of the host in the URL, on top of whatever stream it is given', async () => {
    const spoof = await spoofRpc(undefined, { ...made.server });
    const asked: [string, number][] = [];
    const connect = (host: string, port: number): Promise<Duplex> => {
      asked.push([host, port]);
      return Promise.resolve(connectTcp(spoof.port, '127.0.0.1'));
    };
    await proxyAt(withTls('https://localhost/RPC', { ca: made.ca }), { connect }).login(quiet());
    expect(asked).toEqual([['localhost', 443]]);
    expect(
      await thrownBy(
        proxyAt(withTls('https://other.invalid/RPC', { ca: made.ca }), { connect }).login(quiet()),
      ),
    ).toMatchObject({ code: 'connect.tls' });
  });
});
