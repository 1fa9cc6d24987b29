/** The RPC of a real Kamailio, and the adapter on it. Its answers are recorded in test/fixtures/kamailio. */
import { connect as connectTcp } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StateArgument } from '../../src/domain/dispatcher-state.ts';
import type { ListedTarget, ProxyObservation } from '../../src/domain/observation.ts';
import { Secret } from '../../src/domain/secret.ts';
import { claimNetwork, type LabNetwork } from '../../src/lab/network.ts';
import { proxyAt, quiet } from '../kamailio/support/proxy-under-test.ts';
import { expectRecorded, type Exchange } from '../kamailio/support/recorded-answers.ts';
import { startKamailio, type RunningKamailio } from '../support/real-kamailio.ts';

let network: LabNetwork;
let plain: RunningKamailio;
let stopping: (() => Promise<unknown>)[] = [];

const FIRST = (): string => `sip:${network.host(11)}:5080`;
const SECOND = (): string => `sip:${network.host(12)}:5080`;
const TWIN = (): string => `sip:${network.host(13)}:5080`;

beforeAll(async () => {
  network = await claimNetwork();
  stopping.push(() => network.release());
  plain = await started(1, { pingInterval: 0, latencyStats: false, hashSize: 0 });
});

afterAll(async () => {
  for (const stop of stopping.reverse()) await stop();
  stopping = [];
});

async function started(
  host: number,
  options: Omit<Parameters<typeof startKamailio>[0], 'host' | 'destinations'>,
  listed = true,
): Promise<RunningKamailio> {
  const destinations = [
    { set: 1, uri: FIRST(), priority: 10, attrs: 'duid=fs1;weight=50' },
    { set: 1, uri: SECOND(), priority: 10 },
    { set: 2, uri: TWIN(), attrs: 'duid=twin-a' },
    { set: 2, uri: TWIN(), attrs: 'duid=twin-b' },
    { set: 2, uri: `${TWIN()};transport=tcp` },
  ];
  const kamailio = await startKamailio({
    ...options,
    host: network.host(host),
    destinations: listed ? destinations : [],
  });
  stopping.push(() => kamailio.stop());
  return kamailio;
}

async function post(url: string, request: string): Promise<Exchange> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: request,
    signal: AbortSignal.timeout(10_000),
  });
  const contentType = answer.headers.get('content-type') ?? '';
  return {
    request,
    status: answer.status,
    reason: answer.statusText,
    contentType,
    body: await answer.text(),
  };
}

function request(method: string, parameters?: readonly unknown[]): string {
  return JSON.stringify({ jsonrpc: '2.0', method, ...(parameters && { params: parameters }), id: 1 });
}

function targetsOf(seen: ProxyObservation, set: number): readonly ListedTarget[] {
  if (!seen.sets.known) throw new Error(seen.sets.why);
  return seen.sets.value.find(({ id }) => id === set)?.targets ?? [];
}

describe('what Kamailio 5.6.3 answers', () => {
  const exchanges: readonly (readonly [name: string, body: () => string])[] = [
    ['core-version', () => request('core.version', [])],
    ['core-uptime', () => request('core.uptime', [])],
    ['core-ps', () => request('core.ps', [])],
    ['core-psx', () => request('core.psx', [])],
    ['list', () => request('dispatcher.list', [])],
    ['list-without-params', () => request('dispatcher.list')],
    ['list-short', () => request('dispatcher.list', ['short'])],
    ['list-full', () => request('dispatcher.list', ['full'])],
    ['set-state', () => request('dispatcher.set_state', ['d', 2, TWIN()])],
    ['list-first-twin-disabled', () => request('dispatcher.list', [])],
    ['set-duid-state', () => request('dispatcher.set_duid_state', ['ip', 2, 'twin-a'])],
    ['list-second-twin-inactive', () => request('dispatcher.list', [])],
    ['set-state-unknown-uri', () => request('dispatcher.set_state', ['d', 1, 'sip:nobody.invalid'])],
    ['set-state-unknown-set', () => request('dispatcher.set_state', ['d', 99, FIRST()])],
    ['set-state-set-as-text', () => request('dispatcher.set_state', ['d', '1', FIRST()])],
    ['set-state-bad-letter', () => request('dispatcher.set_state', ['z', 1, FIRST()])],
    ['set-state-too-few-params', () => request('dispatcher.set_state', ['d', 1])],
    ['set-state-all-of-unknown-set', () => request('dispatcher.set_state', ['a', 99, 'all'])],
    ['set-duid-state-unknown', () => request('dispatcher.set_duid_state', ['d', 2, 'nobody'])],
    ['params-as-text', () => '{"jsonrpc":"2.0","method":"dispatcher.set_state","params":"d","id":1}'],
    ['version-1', () => '{"jsonrpc":"1.0","method":"core.version","id":1}'],
    ['batch', () => `[${request('core.version')}]`],
    ['unknown-method', () => request('dispatcher.nonsense', [])],
    ['broken-json', () => '{"jsonrpc":"2.0",'],
  ];

  it.each(exchanges)('%s', async (name, body) => {
    expectRecorded(name, await post(plain.rpcUrl, body()), network.prefix);
  });

  it('list-with-latency-and-load', async () => {
    const measured = await started(2, { pingInterval: 0, latencyStats: true, hashSize: 8 });
    const exchange = await post(measured.rpcUrl, request('dispatcher.list', []));
    expectRecorded('list-with-latency-and-load', exchange, network.prefix);
    expect(targetsOf(await proxyAt(measured.rpcUrl).observe(quiet()), 1)).toHaveLength(2);
  });

  it('list-of-no-sets', async () => {
    const empty = await started(3, { pingInterval: 0 }, false);
    expectRecorded(
      'list-of-no-sets',
      await post(empty.rpcUrl, request('dispatcher.list', [])),
      network.prefix,
    );
    const seen = await proxyAt(empty.rpcUrl).observe(quiet());
    expect(seen).toMatchObject({ trouble: null, sets: { known: true, value: [] } });
  });
});

describe('the adapter on Kamailio 5.6.3', () => {
  it('logs in and reads version, instance and list', async () => {
    const proxy = proxyAt(plain.rpcUrl);
    await proxy.login(quiet());
    const seen = await proxy.observe(quiet());
    expect(seen).toMatchObject({ proxy: 'lb-1', trouble: null, version: { known: true, value: '5.6.3' } });
    expect(seen.instance.known && seen.instance.value).toContain(
      `process ${plain.pid}, ${network.host(1)}:5060`,
    );
    expect(targetsOf(seen, 1).map(({ uri, duid }) => [uri, duid])).toEqual(
      expect.arrayContaining([
        [FIRST(), 'fs1'],
        [SECOND(), null],
      ]),
    );
    expect(targetsOf(seen, 2).map(({ duid }) => duid)).toEqual(
      expect.arrayContaining(['twin-a', 'twin-b', null]),
    );
  });

  it('keeps one connection for a whole look', async () => {
    let opened = 0;
    const connect = (host: string, port: number): Promise<Duplex> => {
      opened += 1;
      return Promise.resolve(connectTcp(port, host));
    };
    expect(await proxyAt(plain.rpcUrl, { connect }).observe(quiet())).toMatchObject({ trouble: null });
    expect(opened).toBe(1);
  });

  it('reads a list of 1,000 destinations to its end', async () => {
    const uris = Array.from({ length: 1000 }, (_, index) => `sip:${network.host(20)}:${10_000 + index}`);
    const large = await startKamailio({
      host: network.host(7),
      destinations: uris.map((uri, index) => ({ set: 1 + (index % 7), uri, attrs: `duid=node-${index}` })),
      pingInterval: 0,
    });
    stopping.push(() => large.stop());
    const seen = await proxyAt(large.rpcUrl).observe(quiet());
    const listed = seen.sets.known ? seen.sets.value.flatMap(({ targets }) => targets) : [];
    expect(listed.map(({ uri }) => uri).sort()).toEqual(uris.sort());
    expect(new Set(listed.map(({ duid }) => duid)).size).toBe(1000);
  });

  it.each([
    ['d', 'DX'],
    ['i', 'IX'],
    ['ip', 'IP'],
    ['t', 'TX'],
    ['tp', 'TP'],
    ['ap', 'AP'],
    ['a', 'AX'],
  ] satisfies [StateArgument, string][])('sets %s and reads back %s', async (state, flags) => {
    const proxy = proxyAt(plain.rpcUrl);
    await proxy.setState(state, { set: 1, uri: SECOND(), duid: null }, quiet());
    const targets = targetsOf(await proxy.observe(quiet()), 1);
    expect(targets.find(({ uri }) => uri === SECOND())?.flags).toBe(flags);
    expect(targets.find(({ uri }) => uri === FIRST())?.flags).toBe('AX');
  });

  it('reaches the first of two with one URI by set_state, each by its duid', async () => {
    const proxy = proxyAt(plain.rpcUrl);
    const twins = async (): Promise<Record<string, string>> => {
      const targets = targetsOf(await proxy.observe(quiet()), 2);
      return Object.fromEntries(targets.map(({ duid, flags }) => [duid ?? 'tcp', flags]));
    };
    await proxy.setState('a', { set: 2, uri: TWIN(), duid: 'twin-a' }, quiet());
    await proxy.setState('a', { set: 2, uri: TWIN(), duid: 'twin-b' }, quiet());
    await proxy.setState('d', { set: 2, uri: TWIN(), duid: null }, quiet());
    expect(await twins()).toEqual({ 'twin-a': 'AX', 'twin-b': 'DX', tcp: 'AX' });
    await proxy.setState('d', { set: 2, uri: TWIN(), duid: 'twin-a' }, quiet());
    expect(await twins()).toEqual({ 'twin-a': 'DX', 'twin-b': 'DX', tcp: 'AX' });
    await proxy.setState('ap', { set: 2, uri: TWIN(), duid: 'twin-b' }, quiet());
    expect(await twins()).toEqual({ 'twin-a': 'DX', 'twin-b': 'AP', tcp: 'AX' });
  });

  it.each([
    ['an unknown URI', { set: 1, uri: 'sip:nobody.invalid', duid: null }],
    ['an unknown set', { set: 99, uri: 'sip:nobody.invalid', duid: null }],
    ['an unknown duid', { set: 2, uri: 'sip:nobody.invalid', duid: 'nobody' }],
  ])('says that Kamailio refused %s', async (_what, target) => {
    await expect(proxyAt(plain.rpcUrl).setState('d', target, quiet())).rejects.toMatchObject({
      code: 'rpc.error',
      message: expect.stringContaining('500 State Update Failed') as string,
    });
  });

  it('sees a restart as another instance, and the lost state', async () => {
    const restarted = await started(4, { pingInterval: 0 });
    const proxy = proxyAt(restarted.rpcUrl);
    await proxy.setState('d', { set: 1, uri: SECOND(), duid: null }, quiet());
    const before = await proxy.observe(quiet());
    const again = await proxyAt(restarted.rpcUrl.replace('/RPC', '/RPC?other')).observe(quiet());
    expect(again.instance).toEqual(before.instance);
    await restarted.restart();
    const after = await proxy.observe(quiet());
    expect(after.instance.known).toBe(true);
    expect(after.instance).not.toEqual(before.instance);
    expect(targetsOf(before, 1).find(({ uri }) => uri === SECOND())?.flags).toBe('DX');
    expect(targetsOf(after, 1).find(({ uri }) => uri === SECOND())?.flags).toBe('AX');
  });

  it('proves itself with Basic, and says so where it cannot', async () => {
    const basic = { username: 'fsha', password: 's3cret' };
    const guarded = await started(5, { pingInterval: 0, basic });
    const endpoint = (password: string): Parameters<typeof proxyAt>[0] => ({
      url: guarded.rpcUrl,
      basic: { username: 'fsha', password: new Secret(password) },
    });
    await proxyAt(endpoint('s3cret')).login(quiet());
    await expect(proxyAt(endpoint('wrong')).login(quiet())).rejects.toMatchObject({ code: 'rpc.auth' });
    await expect(proxyAt(guarded.rpcUrl).login(quiet())).rejects.toMatchObject({ code: 'rpc.auth' });
    const seen = await proxyAt(guarded.rpcUrl).observe(quiet());
    expect(seen).toMatchObject({ trouble: { code: 'rpc.auth' }, sets: { known: false } });
  });

  it('says that the path is wrong', async () => {
    const error: unknown = await proxyAt(plain.rpcUrl.replace('/RPC', '/wrong'))
      .login(quiet())
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'protocol', hint: expect.stringContaining('path') as string });
  });

  it('says that nobody listens once Kamailio has ended', async () => {
    const ended = await started(6, { pingInterval: 0 });
    await ended.stop();
    const seen = await proxyAt(ended.rpcUrl).observe(quiet());
    expect(seen).toMatchObject({ trouble: { code: 'connect.refused' }, sets: { known: false } });
  });
});
