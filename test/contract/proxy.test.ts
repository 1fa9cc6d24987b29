import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { claimNetwork, type LabNetwork } from '../../src/lab/network.ts';
import { eventually } from '../support/eventually.ts';
import { startLabProxy, type LabProxy } from '../support/lab-proxy.ts';
import { startKamailio, type RunningKamailio } from '../support/real-kamailio.ts';
import { callRpc, postRpc, type RpcAnswer } from '../support/rpc-call.ts';

/** The same list for both; nobody answers there, and nobody is pinged. */
const FIRST = 'sip:192.0.2.11:5080';
const SECOND = 'sip:192.0.2.12:5080';
const OTHER_PORT = 'sip:192.0.2.11:5090';
const DESTINATIONS = [
  { set: 1, uri: FIRST, attrs: 'duid=fs1;weight=50', priority: 5 },
  { set: 1, uri: SECOND, priority: 10 },
  { set: 1, uri: FIRST, attrs: 'duid=twin', priority: 1 },
  { set: 1, uri: 'sip:192.0.2.13:5080', priority: 1 },
  { set: 2, uri: OTHER_PORT, flags: 8 },
  { set: 2, uri: SECOND, flags: 4 },
  { set: 2, uri: 'sip:192.0.2.14:5080;transport=tcp', flags: 1, attrs: 'maxload=7' },
];

let network: LabNetwork;
let real: RunningKamailio;
let standIn: LabProxy;

beforeAll(async () => {
  network = await claimNetwork();
  [real, standIn] = await Promise.all([
    startKamailio({
      host: network.host(6),
      destinations: DESTINATIONS,
      pingInterval: 0,
    }),
    startLabProxy({
      host: network.host(5),
      destinations: DESTINATIONS,
      pingIntervalMs: 0,
    }),
  ]);
});
afterAll(async () => {
  await Promise.all([real.stop(), standIn.stop()]);
  await network.release();
});

/** Both answers, with what must differ taken out: the address, and where `loosely` the numbers and times. */
async function both(
  ask: (url: string) => Promise<RpcAnswer>,
  loosely = false,
): Promise<[real: unknown, standIn: unknown]> {
  const [fromReal, fromStandIn] = await Promise.all([ask(real.rpcUrl), ask(standIn.rpcUrl)]);
  return [compared(fromReal, network.host(6), loosely), compared(fromStandIn, network.host(5), loosely)];
}

function compared(answer: RpcAnswer, host: string, loosely: boolean): unknown {
  const body = answer.body.replaceAll(host, 'HOST');
  const shape = body
    .replaceAll(/\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}/g, 'TIME')
    .replaceAll(/\d+(?:\.\d+)?/g, '0');
  return { ...answer, body: loosely ? shape : body };
}

const rpc = (method: string, params?: unknown) => (url: string) => callRpc(url, method, params);
const raw = (body: string) => (url: string) => postRpc(url, body);
const text = (request: object): string => JSON.stringify(request);

/** In this order: each leaves something behind for the next. */
const WRITES: [method: string, params: unknown][] = [
  ...[
    'd',
    'dp',
    'drain',
    'Disabled',
    'ap',
    'a',
    'AP',
    'ax',
    'i',
    'ip',
    'ip ',
    'inactive',
    't',
    'tp',
    '0p',
    '1',
    '2',
  ]
    .concat(['3p', 'xyz', '', ' d'])
    .map((state): [string, unknown] => ['dispatcher.set_state', [state, 1, SECOND]]),
  ['dispatcher.set_state', [2, 1, SECOND]],
  ['dispatcher.set_state', [1, 1, SECOND]],
  // The URI is there twice: the first match only.
  ['dispatcher.set_state', ['d', 1, FIRST]],
  ['dispatcher.set_state', ['d', 1, FIRST]],
  ['dispatcher.set_duid_state', ['ip', 1, 'twin']],
  ['dispatcher.set_duid_state', ['tp', 1, 'FS1']],
  ['dispatcher.set_duid_state', ['d', 1, 'nobody']],
  ['dispatcher.set_duid_state', ['d', 1, FIRST]],
  ['dispatcher.set_state', ['d', 1, FIRST.toUpperCase()]],
  // What does not name a destination.
  ['dispatcher.set_state', ['d', 9, SECOND]],
  ['dispatcher.set_state', ['d', '1', SECOND]],
  ['dispatcher.set_state', ['d', null, SECOND]],
  ['dispatcher.set_state', ['d', true, SECOND]],
  ['dispatcher.set_state', ['a', 1.7, SECOND]],
  ['dispatcher.set_state', ['d', 1, `${SECOND};transport=tcp`]],
  ['dispatcher.set_state', ['d', 1, '192.0.2.12:5080']],
  ['dispatcher.set_state', ['d', 1, 'sip:node-2:5080']],
  ['dispatcher.set_state', ['d', 1, OTHER_PORT]],
  ['dispatcher.set_state', ['d', 1, 'ALL']],
  ['dispatcher.set_state', ['d', 1, 5]],
  ['dispatcher.set_state', ['d', 1]],
  ['dispatcher.set_state', ['d']],
  ['dispatcher.set_state', []],
  ['dispatcher.set_state', undefined],
  ['dispatcher.set_state', [null, 1, SECOND]],
  // All of a set, and all of one that does not exist.
  ['dispatcher.set_state', ['ip', 2, 'all']],
  ['dispatcher.set_state', ['a', 99, 'all']],
  ['dispatcher.set_duid_state', ['ap', 1, 'all']],
  // More than is wanted, and by name.
  ['dispatcher.set_state', ['d', 1, SECOND, 'more']],
  ['dispatcher.set_state', { state: 'ip', group: 1, address: SECOND }],
  ['dispatcher.set_state', { address: SECOND, group: 1, state: 'a' }],
  ['dispatcher.set_state', 'd'],
  ['dispatcher.set_state', 5],
  ['dispatcher.set_state', null],
  ['dispatcher.ping_active', undefined],
  ['dispatcher.ping_active', [0]],
  ['dispatcher.ping_active', ['1']],
  ['dispatcher.ping_active', [5]],
  ['dispatcher.ping_active', [1]],
];

describe('the stand-in proxy answers as Kamailio does', () => {
  test.each(WRITES)('%s %j, and the list afterwards', async (method, params) => {
    const [fromReal, fromStandIn] = await both(rpc(method, params));
    expect(fromStandIn).toEqual(fromReal);
    const [realList, standInList] = await both(rpc('dispatcher.list'));
    expect(standInList).toEqual(realList);
  });

  test.each([['short'], ['full'], ['SHORT'], ['sh'], [5], [null]])('dispatcher.list [%j]', async (mode) => {
    const [fromReal, fromStandIn] = await both(rpc('dispatcher.list', [mode]));
    expect(fromStandIn).toEqual(fromReal);
  });

  test.each([
    ['core.version', undefined],
    ['core.pwd', undefined],
    ['dispatcher.nothing', undefined],
    ['', undefined],
    ['modparam.getn', ['dispatcher', 'ds_probing_mode']],
    ['dlg.profile_get_size', ['node', 'x']],
    ['cfg.get', ['dispatcher', 'probing_threshold']],
    ['cfg.get', ['dispatcher', 'inactive_threshold']],
    ['cfg.get', ['dispatcher', 'probing_mode']],
    ['cfg.get', ['tm', 'fr_timer']],
    ['stats.get_statistics', undefined],
    ['stats.get_statistics', ['tm:']],
    ['stats.get_statistics', ['nonsense']],
    ['stats.get_statistics', ['core:rcv_requests']],
  ])('%s %j', async (method, params) => {
    const [fromReal, fromStandIn] = await both(rpc(method, params));
    expect(fromStandIn).toEqual(fromReal);
  });

  test.each([
    ['core.uptime', undefined],
    ['core.ps', undefined],
    ['core.psx', undefined],
    ['core.runinfo', undefined],
    ['tm.stats', undefined],
    ['stats.get_statistics', ['all']],
    ['stats.get_statistics', ['core:']],
    ['stats.get_statistics', ['shmem:', 'tmx:']],
  ])('%s %j, up to numbers and times', async (method, params) => {
    const [fromReal, fromStandIn] = await both(rpc(method, params), true);
    expect(fromStandIn).toEqual(fromReal);
  });

  test.each([
    ['a string of parameters', text({ jsonrpc: '2.0', method: 'dispatcher.list', params: 'short', id: 1 })],
    ['jsonrpc 1.0', text({ jsonrpc: '1.0', method: 'core.version', id: 1 })],
    ['no jsonrpc', text({ method: 'core.version', id: 1 })],
    ['no method', text({ jsonrpc: '2.0', id: 1 })],
    ['a method that is a number', text({ jsonrpc: '2.0', method: 5, id: 1 })],
    ['a batch', text([{ jsonrpc: '2.0', method: 'core.version', id: 1 }])],
    ['an empty batch', '[]'],
    ['an empty object', '{}'],
    ['a number', '5'],
    ['a string', '"x"'],
    ['null', 'null'],
    ['no JSON', '{'],
    ['nothing at all', ''],
    ['no id', text({ jsonrpc: '2.0', method: 'core.version' })],
    ['no id, and an error', text({ jsonrpc: '2.0', method: 'nix' })],
    ['a string id', text({ jsonrpc: '2.0', method: 'core.version', id: 'a"b' })],
    ['a null id', text({ jsonrpc: '2.0', method: 'core.version', id: null })],
    ['a boolean id', text({ jsonrpc: '2.0', method: 'core.version', id: true })],
    ['an id with a fraction', text({ jsonrpc: '2.0', method: 'core.version', id: 1.5 })],
    ['an array for an id', text({ jsonrpc: '2.0', method: 'core.version', id: [1] })],
    ['a large id', text({ jsonrpc: '2.0', method: 'core.version', id: 123_456_789_012 })],
  ])('%s', async (_, body) => {
    const [fromReal, fromStandIn] = await both(raw(body));
    expect(fromStandIn).toEqual(fromReal);
  });

  test.each([
    ['POST', '/other'],
    ['GET', '/other'],
    ['GET', '/RPC'],
    ['PUT', '/RPC'],
    ['POST', '/RPC2'],
  ])('%s %s', async (method, path) => {
    const [fromReal, fromStandIn] = await both((url) => postRpc(url.replace('/RPC', path), 'x', { method }));
    expect(fromStandIn).toEqual(fromReal);
  });
});

/** Sends bytes to both and tells what came back by the time that both have answered other requests ten times. */
async function written(request: string): Promise<[real: string, standIn: string]> {
  const listen = (url: string): { came: () => string; end: () => void } => {
    const { hostname, port } = new URL(url);
    let bytes = '';
    const socket = connect({ host: hostname, port: Number(port) }, () => socket.write(request));
    socket.on('data', (chunk: Buffer) => (bytes += chunk.toString('latin1')));
    socket.on('close', () => (bytes += '(closed)'));
    socket.on('error', () => undefined);
    return { came: () => bytes, end: () => socket.destroy() };
  };
  const [fromReal, fromStandIn] = [listen(real.rpcUrl), listen(standIn.rpcUrl)];
  for (let round = 0; round < 10; round += 1) await both(rpc('core.version'));
  const came: [string, string] = [fromReal.came(), fromStandIn.came()];
  fromReal.end();
  fromStandIn.end();
  return came;
}

test('a chunked body gets no answer', async () => {
  const body = text({ jsonrpc: '2.0', method: 'core.version', id: 1 });
  const head = 'POST /RPC HTTP/1.1\r\nHost: proxy\r\nTransfer-Encoding: chunked\r\n\r\n';
  const chunked = `${head}${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  expect(await written(chunked)).toEqual(['', '']);
});

describe('a reload', () => {
  const again = (method: string, params?: unknown) => async (url: string) =>
    eventually(
      () => callRpc(url, method, params),
      ({ body }) => !body.includes('Ongoing reload'),
    );

  test('puts every state back, and is refused when another one was seconds ago', async () => {
    await both(rpc('dispatcher.set_state', ['d', 1, 'all']));
    const [fromReal, fromStandIn] = await both(rpc('dispatcher.reload'));
    expect(fromReal).toMatchObject({ status: 200 });
    expect(fromStandIn).toEqual(fromReal);
    const [realList, standInList] = await both(rpc('dispatcher.list'));
    expect(standInList).toEqual(realList);
    expect(JSON.stringify(realList)).not.toContain('DX","PRIORITY":10');
    for (const [method, params] of [
      ['dispatcher.reload', []],
      ['dispatcher.add', [3, 'sip:192.0.2.31:5080']],
      ['dispatcher.remove', [1, FIRST]],
    ] as const) {
      const [realRefusal, standInRefusal] = await both(rpc(method, params));
      expect(realRefusal).toMatchObject({ status: 500 });
      expect(standInRefusal).toEqual(realRefusal);
    }
  });

  test('so are add and remove, which turn equal priorities round', async () => {
    for (const [method, params] of [
      ['dispatcher.add', [2, 'sip:192.0.2.31:5080', 8]],
      ['dispatcher.remove', [2, 'sip:192.0.2.99:5080']],
      ['dispatcher.remove', [1, SECOND]],
    ] as const) {
      const [fromReal, fromStandIn] = await both(again(method, params));
      expect(fromReal).toMatchObject({ status: 200 });
      expect(fromStandIn).toEqual(fromReal);
      const [realList, standInList] = await both(rpc('dispatcher.list'));
      expect(inSetOrder(standInList)).toEqual(inSetOrder(realList));
    }
  });
});

/** Sets come in any order. */
function inSetOrder(answer: unknown): unknown {
  const { body } = answer as RpcAnswer;
  const { result } = JSON.parse(body) as { result: { RECORDS: { SET: { ID: number } }[] } };
  return result.RECORDS.toSorted((one, other) => one.SET.ID - other.SET.ID);
}
