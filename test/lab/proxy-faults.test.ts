import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { claimNetwork, type LabNetwork } from '../../src/lab/network.ts';
import { eventually } from '../support/eventually.ts';
import { startLabProxy, type LabProxy, type LabProxyOptions } from '../support/lab-proxy.ts';
import { callRpc, flagsOf, postRpc } from '../support/rpc-call.ts';
import { startAnswerer, type SipAnswerer } from '../support/sip-answerer.ts';

let network: LabNetwork;
let proxy: LabProxy;
let uri: string;

beforeAll(async () => {
  network = await claimNetwork();
  uri = `sip:${network.host(11)}:5080`;
});
afterAll(() => network.release());

async function start(more: Partial<LabProxyOptions> = {}): Promise<void> {
  proxy = await startLabProxy({
    host: network.host(5),
    destinations: [
      { set: 1, uri, duid: 'fs1', attrs: 'weight=50', priority: 1 },
      { set: 1, uri: `sip:${network.host(12)}:5080` },
    ],
    pingIntervalMs: 0,
    ...more,
  });
}
const answerers: SipAnswerer[] = [];
async function answererAt(last: number): Promise<SipAnswerer> {
  const answerer = await startAnswerer({ host: network.host(last), port: 5080 }, { invite: 200 });
  answerers.push(answerer);
  return answerer;
}
afterEach(async () => {
  await Promise.all([proxy.stop(), ...answerers.splice(0).map((answerer) => answerer.close())]);
});

const disable = (): ReturnType<typeof callRpc> =>
  callRpc(proxy.rpcUrl, 'dispatcher.set_state', ['d', 1, uri]);
const flags = async (): Promise<string | undefined> => (await flagsOf(proxy.rpcUrl, 1))[0]?.[1];

async function resultOf(method: string, params?: unknown): Promise<unknown> {
  const { body } = await callRpc(proxy.rpcUrl, method, params);
  return (JSON.parse(body) as { result?: unknown }).result;
}

describe('a fault of the RPC', () => {
  beforeEach(() => start());

  test('silent: the connection is taken, and nothing comes', async () => {
    await proxy.command({ silent: true });
    const body = '{"jsonrpc":"2.0","method":"core.version","id":1}';
    await expect(postRpc(proxy.rpcUrl, body, { timeoutMs: 500 })).rejects.toThrow(/timeout/i);
    await proxy.command({ silent: false });
    expect((await postRpc(proxy.rpcUrl, body)).status).toBe(200);
  });

  test('refuse: nobody listens', async () => {
    await proxy.command({ refuse: true });
    const { hostname, port } = new URL(proxy.rpcUrl);
    const socket = connect({ host: hostname, port: Number(port) });
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
    await proxy.command({ refuse: false });
    expect(await flags()).toBe('AX');
  });

  test('lie: Ok, and nothing is done', async () => {
    await proxy.command({ lie: true });
    const { status, body } = await disable();
    expect([status, body.includes('Ok.')]).toEqual([200, true]);
    expect(await flags()).toBe('AX');
    const { writes } = await proxy.activity();
    expect(writes).toMatchObject([{ method: 'dispatcher.set_state', parameters: ['d', 1, uri] }]);
  });

  test('truncate: a list that is cut and a connection that is closed', async () => {
    await proxy.command({ truncate: true });
    await expect(callRpc(proxy.rpcUrl, 'dispatcher.list')).rejects.toThrow();
    expect((await callRpc(proxy.rpcUrl, 'core.version')).status).toBe(200);
  });

  test('emptyResult: 200 with {}, and nothing is done', async () => {
    await proxy.command({ emptyResult: true });
    expect(await disable()).toMatchObject({ status: 200, body: '{"jsonrpc":"2.0","result":{},"id":1}' });
    await proxy.command({ emptyResult: false });
    expect(await flags()).toBe('AX');
  });

  test('slow: the answer is late', async () => {
    await proxy.command({ slow: 300 });
    const before = performance.now();
    expect(await flags()).toBe('AX');
    expect(performance.now() - before).toBeGreaterThanOrEqual(290);
  });

  test('only: no other method is hit', async () => {
    await proxy.command({ only: ['dispatcher.set_state'] });
    await proxy.command({ emptyResult: true });
    expect((await disable()).body).toContain('"result":{}');
    expect(await flags()).toBe('AX');
  });

  test('an unknown command is refused', async () => {
    await expect(proxy.command({ explode: true } as never)).rejects.toThrow('no command explode');
  });
});

describe('a turn of events', () => {
  test('reload puts every state back, and nobody was told', async () => {
    await start();
    const [instance] = [await resultOf('core.psx')];
    await disable();
    await proxy.command({ reload: true });
    expect(await flags()).toBe('AX');
    expect(await resultOf('core.psx')).toEqual(instance);
  });

  test('restart does so too, with new processes', async () => {
    await start();
    const before = await resultOf('core.psx');
    await disable();
    await proxy.command({ restart: true });
    expect(await flags()).toBe('AX');
    expect(await resultOf('core.psx')).not.toEqual(before);
  });

  test('markDst overwrites disabled, and the next good ping makes it active', async () => {
    await start({ pingIntervalMs: 100 });
    await answererAt(11);
    await disable();
    await proxy.command({ pingsOff: true });
    await proxy.command({ markDst: { set: 1, uri, state: 'ip' } });
    expect(await flags()).toBe('IP');
    await proxy.command({ pingsOff: false });
    await eventually(flags, (now) => now === 'AP');
  });

  test('a destination that is disabled is not pinged; pings end in silence as in refusal', async () => {
    await start({ pingIntervalMs: 100, frTimerMs: 200 });
    const node = await answererAt(11);
    const other = await answererAt(12);
    await eventually(flags, (now) => now === 'AP');
    node.manner = { invite: 200, options: 503 };
    await eventually(flags, (now) => now === 'IP');
    node.manner = { invite: 200 };
    await eventually(flags, (now) => now === 'AP');
    node.manner = { invite: 'silent' };
    await eventually(flags, (now) => now === 'IP');
    await disable();
    // One that was under way may still arrive; five rounds later none does.
    const rounds = other.count('OPTIONS');
    await eventually(
      () => other.count('OPTIONS'),
      (count) => count > rounds,
    );
    const pings = node.count('OPTIONS');
    await eventually(
      () => other.count('OPTIONS'),
      (count) => count > rounds + 6,
    );
    expect(node.count('OPTIONS')).toBeLessThanOrEqual(pings + 1);
    expect(await flags()).toBe('DX');
  });
});

describe('versions', () => {
  test('5.5.0 says {} to what it did, and has no short list', async () => {
    await start({ version: '5.5.0' });
    expect((await disable()).body).toBe('{"jsonrpc":"2.0","result":{},"id":1}');
    expect(await flags()).toBe('DX');
    expect((await callRpc(proxy.rpcUrl, 'dispatcher.list', ['short'])).body).toContain('"ATTRS"');
    expect(await resultOf('core.version')).toBe('kamailio 5.5.0 (x86_64/linux) ');
  });

  test('6.1.4 adds keys, knows N, and its IUIDs are new after a reload', async () => {
    await start({ version: '6.1.4', destinations: [{ set: 1, uri, duid: 'fs1', flags: 16 }] });
    const iuid = async (): Promise<unknown> => {
      const { body } = await callRpc(proxy.rpcUrl, 'dispatcher.list');
      expect(body).toContain('"PROBING_COUNT":0');
      return /"IUID":"([^"]+)"/.exec(body)?.[1];
    };
    expect(await flags()).toBe('AN');
    const before = await iuid();
    expect(before).toBeDefined();
    expect(await resultOf('dispatcher.reload')).toBe('Ok. Dispatcher successfully reloaded.');
    expect(await iuid()).not.toBe(before);
    await disable();
    await callRpc(proxy.rpcUrl, 'dispatcher.set_state', ['a', 1, uri]);
    expect(await flags()).toBe('AX');
  });

  test('an empty list has no sets', async () => {
    await start({ destinations: [] });
    const { status, body } = await callRpc(proxy.rpcUrl, 'dispatcher.list');
    expect([status, body.includes('No Destination Sets')]).toEqual([500, true]);
  });

  test('Basic is asked for where it is configured', async () => {
    await start({ basic: { username: 'fsha', password: 'secret' } });
    expect((await callRpc(proxy.rpcUrl, 'core.version')).status).toBe(401);
    const authorization = `Basic ${Buffer.from('fsha:secret').toString('base64')}`;
    const body = '{"jsonrpc":"2.0","method":"core.version","id":1}';
    expect((await postRpc(proxy.rpcUrl, body, { headers: { authorization } })).status).toBe(200);
  });
});

describe('the process', () => {
  test('ends on SIGTERM with 0, whoever is connected', async () => {
    await start();
    const connection = connect(proxy.control);
    await once(connection, 'connect');
    const silent = connect({ host: network.host(5), port: 8080 });
    await once(silent, 'connect');
    const ended = [once(connection, 'close'), once(silent, 'close')];
    connection.on('error', () => undefined);
    silent.on('error', () => undefined);
    process.kill(proxy.pid, 'SIGTERM');
    await Promise.all(ended);
    await eventually(
      () => isAlive(proxy.pid),
      (alive) => !alive,
    );
  });

  test('says why it did not start, and ends with 1', async () => {
    await start();
    const directory = await mkdtemp(join(tmpdir(), 'fsha-lab-proxy-'));
    const file = join(directory, 'proxy.json');
    const listener = { host: network.host(5), port: 8080 };
    const free = { host: network.host(6), port: 5060 };
    // The SIP socket is free, the control port too; the RPC port belongs to the proxy above.
    await writeFile(file, JSON.stringify({ rpc: listener, sip: free, control: free, destinations: [] }));
    const bundle = join(process.env['FSHA_DIST'] ?? '', 'lab-proxy.js');
    const child = spawn(process.execPath, [bundle, file], { stdio: ['ignore', 'ignore', 'pipe'] });
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString('utf8')));
    const [code] = (await once(child, 'close')) as [number];
    expect([code, errors]).toEqual([1, expect.stringContaining('EADDRINUSE')]);
    await rm(directory, { recursive: true });
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
