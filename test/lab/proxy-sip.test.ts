import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startCaller, type CallerOptions } from '../../src/lab/caller/caller.ts';
import { claimNetwork, type LabNetwork } from '../../src/lab/network.ts';
import { openSipSocket, type SipSocket } from '../../src/lab/proxy/sip-socket.ts';
import { type SipMessage, type SipRequest } from '../../src/lab/proxy/sip-message.ts';
import { eventually } from '../support/eventually.ts';
import { startLabProxy, type LabProxy } from '../support/lab-proxy.ts';
import { callRpc, flagsOf } from '../support/rpc-call.ts';
import { byeFrom, startAnswerer, type SipAnswerer } from '../support/sip-answerer.ts';

let network: LabNetwork;
let one: SipAnswerer;
let two: SipAnswerer;
let proxy: LabProxy;

beforeAll(async () => {
  network = await claimNetwork();
});
afterAll(() => network.release());

beforeEach(async () => {
  one = await startAnswerer({ host: network.host(11), port: 5080 }, { invite: 200 });
  two = await startAnswerer({ host: network.host(12), port: 5080 }, { invite: 200 });
  proxy = await startLabProxy({
    host: network.host(5),
    destinations: [
      { set: 1, uri: one.uri, priority: 2 },
      { set: 1, uri: two.uri, priority: 1 },
    ],
    pingIntervalMs: 0,
    frTimerMs: 400,
  });
});
afterEach(async () => {
  await Promise.all([proxy.stop(), one.close(), two.close()]);
});

/** Places so many calls, lets them end, and returns the books. */
async function calls(
  count: number,
  more: Partial<CallerOptions> = {},
): Promise<Awaited<ReturnType<Caller['stop']>>> {
  const caller = await startCaller({
    from: { host: network.host(20) },
    proxy: proxy.sip,
    callsPerSecond: 50,
    holdMs: [50, 100],
    maxCalls: count,
    transactionMs: 5_000,
    ...more,
  });
  await eventually(
    () => caller.stats(),
    ({ attempted }) => attempted === count,
  );
  return caller.stop({ letCallsEnd: true });
}
type Caller = Awaited<ReturnType<typeof startCaller>>;

const setState = (state: string, uri: string): Promise<unknown> =>
  callRpc(proxy.rpcUrl, 'dispatcher.set_state', [state, 1, uri]);

describe('new calls', () => {
  test('go to the destinations in turn, and end through the proxy', async () => {
    const stats = await calls(10);
    expect(stats).toMatchObject({ attempted: 10, answered: 10, ended: 10, failed: [], active: 0 });
    expect([one.count('INVITE'), two.count('INVITE')]).toEqual([5, 5]);
    expect([one.count('BYE'), two.count('BYE')]).toEqual([5, 5]);
    expect([one.up, two.up]).toEqual([0, 0]);
    const { invites } = await proxy.activity();
    expect(invites.map(({ uri }) => uri)).toEqual(Array.from({ length: 5 }, () => [one.uri, two.uri]).flat());
  });

  test('never go to one that is disabled, and do to one that is trying', async () => {
    await setState('d', one.uri);
    expect((await calls(4)).failed).toEqual([]);
    expect([one.count('INVITE'), two.count('INVITE')]).toEqual([0, 4]);
    await setState('t', one.uri);
    expect((await calls(4)).failed).toEqual([]);
    expect([one.count('INVITE'), two.count('INVITE')]).toEqual([2, 6]);
  });

  test('are refused when no destination is left', async () => {
    await setState('d', 'all');
    const { failed } = await calls(2);
    expect(failed.map(({ why }) => why)).toEqual(['INVITE: 503 No Media Node', 'INVITE: 503 No Media Node']);
  });
});

describe('failover', () => {
  test('on 503, acknowledged hop by hop', async () => {
    one.manner = { invite: 503 };
    expect(await calls(4)).toMatchObject({ answered: 4, ended: 4, failed: [] });
    expect([one.count('INVITE'), two.count('INVITE')]).toEqual([2, 4]);
    expect(one.count('ACK')).toBe(2);
  });

  test('after silence', async () => {
    one.manner = { invite: 'silent' };
    expect(await calls(4)).toMatchObject({ answered: 4, ended: 4, failed: [] });
    expect(two.count('INVITE')).toBe(4);
  });

  test('skips a destination that was drained while the call waited at another one', async () => {
    one.manner = { invite: 'silent' };
    const waiting = calls(1);
    await eventually(
      () => one.count('INVITE'),
      (seen) => seen > 0,
    );
    await setState('d', two.uri);
    const { failed } = await waiting;
    expect(failed.map(({ why }) => why)).toEqual(['INVITE: 503 No Media Node']);
    expect(two.count('INVITE')).toBe(0);
  });

  test('passes another refusal on', async () => {
    one.manner = { invite: 486 };
    const { failed, ended } = await calls(2);
    expect([ended, failed.map(({ why }) => why)]).toEqual([1, ['INVITE: 486 As Told']]);
    expect([one.count('INVITE'), one.count('ACK'), two.count('INVITE')]).toEqual([1, 1, 1]);
  });
});

test('a caller who hangs up while it rings cancels at the destination', async () => {
  one.manner = { invite: 'ring' };
  const caller = await startCaller({
    from: { host: network.host(20) },
    proxy: proxy.sip,
    callsPerSecond: 50,
    holdMs: [50, 50],
    maxCalls: 1,
  });
  await eventually(
    () => one.count('INVITE'),
    (seen) => seen === 1,
  );
  const stats = await caller.stop({ letCallsEnd: false });
  expect(stats).toMatchObject({ answered: 0, ended: 1, failed: [], active: 0 });
  expect([one.count('CANCEL'), two.count('INVITE')]).toEqual([1, 0]);
  await eventually(
    () => one.count('ACK'),
    (seen) => seen === 1,
  );
});

test('a destination that is drained keeps its calls: their requests still reach it, both ways', async () => {
  const caller = await startCaller({
    from: { host: network.host(20) },
    proxy: proxy.sip,
    callsPerSecond: 50,
    holdMs: [60_000, 60_000],
    maxCalls: 2,
  });
  await eventually(
    () => [one.up, two.up],
    ([first, second]) => first === 1 && second === 1,
  );
  await setState('d', 'all');
  // Node two hangs up its call itself.
  const invite = two.requests.find(({ method }) => method === 'INVITE');
  if (invite === undefined) throw new Error('no INVITE came');
  two.send(byeFrom(two, invite), proxy.sip);
  await eventually(
    () => caller.stats().ended,
    (ended) => ended === 1,
  );
  await eventually(
    () => two.replies.length,
    (count) => count === 1,
  );
  expect(two.replies).toMatchObject([{ status: 200 }]);
  // Node one's is hung up by the caller.
  expect(await caller.stop({ letCallsEnd: false })).toMatchObject({ ended: 2, failed: [] });
  expect(one.count('BYE')).toBe(1);
});

describe('the caller counts as failed', () => {
  test('a call that the other side cut, not one that it ended', async () => {
    const caller = await startCaller({
      from: { host: network.host(20) },
      proxy: proxy.sip,
      callsPerSecond: 50,
      holdMs: [60_000, 60_000],
      maxCalls: 2,
    });
    await eventually(
      () => one.up + two.up,
      (up) => up === 2,
    );
    for (const [node, reason] of [
      [one, 'Q.850;cause=16;text="NORMAL_CLEARING"'],
      [two, 'Q.850;cause=503;text="SYSTEM_SHUTDOWN"'],
    ] as const) {
      const invite = node.requests.find(({ method }) => method === 'INVITE');
      if (invite !== undefined) node.send(byeFrom(node, invite, reason), proxy.sip);
    }
    const stats = await caller.stop({ letCallsEnd: true });
    expect([stats.ended, stats.failed.map(({ why }) => why)]).toEqual([
      1,
      ['cut by the other side: Q.850;cause=503;text="SYSTEM_SHUTDOWN"'],
    ]);
  });

  test('a BYE that nobody answers', async () => {
    const caller = await startCaller({
      from: { host: network.host(20) },
      proxy: proxy.sip,
      callsPerSecond: 50,
      holdMs: [60_000, 60_000],
      maxCalls: 1,
      transactionMs: 1_000,
    });
    await eventually(
      () => one.up,
      (up) => up === 1,
    );
    await one.close();
    const { failed } = await caller.stop({ letCallsEnd: false });
    expect(failed.map(({ why }) => why)).toEqual(['BYE: no answer']);
  });
});

describe('messages outside of a dialog', () => {
  let socket: SipSocket;
  const received: SipMessage[] = [];
  beforeEach(async () => {
    received.length = 0;
    socket = await openSipSocket({ host: network.host(21), port: 5070 }, (message) => received.push(message));
  });
  afterEach(() => socket.close());

  function request(method: string, more: { name: string; value: string }[] = [], tag = ''): SipRequest {
    return {
      kind: 'request',
      method,
      uri: `sip:1000@${proxy.sip.host}`,
      headers: [
        { name: 'Via', value: `SIP/2.0/UDP ${network.host(21)}:5070;branch=z9hG4bK-${method}${tag}` },
        { name: 'From', value: '<sip:probe@example.com>;tag=p' },
        { name: 'To', value: `<sip:1000@example.com>${tag}` },
        { name: 'Call-ID', value: `probe-${method}` },
        { name: 'CSeq', value: `1 ${method}` },
        ...more,
      ],
      body: '',
    };
  }

  test.each([
    ['OPTIONS', [], '', 200],
    ['REGISTER', [], '', 405],
    ['INFO', [], ';tag=unknown', 481],
    ['INVITE', [{ name: 'Max-Forwards', value: '0' }], '', 483],
  ])('%s %j%s is answered %i', async (method, more, tag, status) => {
    socket.send(request(method, more, tag), proxy.sip);
    await eventually(
      () => received.length,
      (count) => count > 0,
    );
    expect(received).toMatchObject([{ status }]);
  });

  test('an INVITE sent twice is forwarded once, and answered twice', async () => {
    one.manner = { invite: 'ring' };
    socket.send(request('INVITE'), proxy.sip);
    await eventually(
      () => received.map((message) => (message.kind === 'reply' ? message.status : 0)),
      (statuses) => statuses.includes(180),
    );
    socket.send(request('INVITE'), proxy.sip);
    await eventually(
      () => received.filter((message) => message.kind === 'reply' && message.status === 180).length,
      (count) => count === 2,
    );
    expect([one.count('INVITE'), two.count('INVITE')]).toEqual([1, 0]);
  });
});

test('a restart forgets every state and every call that rings; those that are up go on', async () => {
  await setState('d', one.uri);
  const caller = await startCaller({
    from: { host: network.host(20) },
    proxy: proxy.sip,
    callsPerSecond: 50,
    holdMs: [60_000, 60_000],
    maxCalls: 1,
  });
  await eventually(
    () => two.up,
    (up) => up === 1,
  );
  await proxy.command({ restart: true });
  expect(await flagsOf(proxy.rpcUrl, 1)).toEqual([
    [one.uri, 'AX'],
    [two.uri, 'AX'],
  ]);
  expect(await caller.stop({ letCallsEnd: false })).toMatchObject({ ended: 1, failed: [] });
});

test('100 calls a second go through', { timeout: 60_000 }, async () => {
  const stats = await calls(300, { callsPerSecond: 100, holdMs: [500, 1_000] });
  expect(stats).toMatchObject({ attempted: 300, answered: 300, ended: 300, failed: [] });
  expect([one.up, two.up]).toEqual([0, 0]);
});
