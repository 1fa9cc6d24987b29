import { describe, expect, it } from 'vitest';
import {
  arrivalsOf,
  type ArrivalsSoFar,
  type ChannelBegan,
  MOST,
  noArrivals,
  OTHERS,
  sourceOf,
  stillArriving,
  withActivity,
} from '../../src/domain/arrivals.ts';
import { cluster, node, proxy } from './builders.ts';

function from(address: string | null, changes: Partial<ChannelBegan> = {}): ChannelBegan {
  return { direction: 'inbound', address, furtherLeg: false, ...changes };
}

/** Folds channels that began one second after the other, the first at 1 s. */
function after(channels: readonly ChannelBegan[]): ArrivalsSoFar {
  return channels.reduce(
    (soFar, began, index) => withActivity(soFar, began, (index + 1) * 1000),
    noArrivals(),
  );
}

describe('withActivity', () => {
  const rows: readonly (readonly [string, readonly ChannelBegan[], ArrivalsSoFar])[] = [
    ['nothing', [], { sources: {}, originated: 0 }],
    [
      'calls by where they came from, with the time of the last',
      [from('10.0.1.5'), from('203.0.113.7'), from('10.0.1.5')],
      {
        sources: { '10.0.1.5': { calls: 2, lastAt: 3000 }, '203.0.113.7': { calls: 1, lastAt: 2000 } },
        originated: 0,
      },
    ],
    [
      'a call that the node began',
      [from(null, { direction: 'outbound' }), from('10.0.1.5', { direction: 'outbound' })],
      { sources: {}, originated: 2 },
    ],
    [
      'further legs are no calls',
      [from(null, { direction: 'outbound', furtherLeg: true }), from('10.0.1.5', { furtherLeg: true })],
      { sources: {}, originated: 0 },
    ],
    ['a leg of mod_loopback', [from(null)], { sources: {}, originated: 0 }],
  ];
  it.each(rows)('%s', (_, channels, expected) => {
    expect(after(channels)).toEqual(expected);
  });

  it.each(['__proto__', 'constructor'])('counts from 1 for an address that says %s', (address) => {
    const { sources } = after([from(address), from(address)]);
    expect(Object.entries(sources)).toEqual([[address, { calls: 2, lastAt: 2000 }]]);
  });

  it('changes nothing that was there before', () => {
    const before = after([from('10.0.1.5')]);
    withActivity(before, from('10.0.1.5'), 9);
    expect(before).toEqual(after([from('10.0.1.5')]));
  });

  it('tells so many sources apart, and counts every call', () => {
    const addresses = Array.from({ length: MOST + 30 }, (_, index) => `10.9.${index >> 8}.${index & 255}`);
    const { sources } = after([...addresses, ...addresses].map((address) => from(address)));
    expect(Object.keys(sources)).toHaveLength(MOST + 1);
    expect(sources[OTHERS]?.calls).toBe(60);
    const total = Object.values(sources).reduce((sum, { calls }) => sum + calls, 0);
    expect(total).toBe(2 * addresses.length);
  });
});

describe('stillArriving', () => {
  const soFar: ArrivalsSoFar = {
    sources: {
      early: { calls: 9, lastAt: 30_999 },
      edge: { calls: 1, lastAt: 31_000 },
      late: { calls: 1, lastAt: 31_001 },
    },
    originated: 5,
  };
  it('is surprised only by what came when no INVITE could be under way any more', () => {
    expect(stillArriving(soFar, 1_000, 30_000)).toEqual(['late']);
    expect(stillArriving(soFar, 999, 30_000)).toEqual(['edge', 'late']);
    expect(stillArriving(soFar, 60_000, 30_000)).toEqual([]);
    expect(stillArriving(noArrivals(), 0, 0)).toEqual([]);
  });
});

const CLUSTER = cluster({
  proxies: [
    proxy('lb-1', { rpc: { url: 'http://10.0.1.5:5060/RPC' }, networks: ['10.0.1.0/24', '2001:db8:5::/48'] }),
    proxy('lb-2', { rpc: { url: 'https://[2001:db8::6]/RPC' }, networks: ['198.51.100.0/24'] }),
    proxy('lb-3', {
      rpc: { url: 'http://127.0.0.1/RPC' },
      via: { host: '10.0.1.7' },
      networks: ['198.51.100.0/25'],
    }),
    proxy('lb-4', { rpc: { url: 'http://lb-4.example/RPC' } }),
  ],
  nodes: [
    node('node-1', '10.0.1.10', {
      sip: { profile: 'external', ip: '10.0.1.110', port: 5080, extIp: '192.0.2.10' },
      esl: { ...node('x', '10.0.1.210').esl },
    }),
    node('node-2', '10.0.1.11', {
      esl: { ...node('x', '127.0.0.1').esl, via: 'ssh' },
      sip: { profile: 'external', port: 5080, extIp: '192.0.2.10' },
      destinations: [
        { set: 1, duid: 'fs2' },
        { set: 1, uri: 'sip:node-2.example:5080' },
        { set: 2, uri: 'sip:10.0.1.11' },
      ],
    }),
  ],
});

describe('sourceOf', () => {
  const rows: readonly (readonly [string, string, string])[] = [
    ['where the RPC is', '10.0.1.5', 'lb-1'],
    ['the same, mapped into IPv6', '::ffff:10.0.1.5', 'lb-1'],
    ['the RPC over IPv6, otherwise written', '2001:DB8:0::6', 'lb-2'],
    ['a network', '10.0.1.99', 'lb-1'],
    ['an IPv6 network', '2001:db8:5:1::1', 'lb-1'],
    ['networks of two', '198.51.100.3', 'lb-2 or lb-3'],
    ['one of these networks', '198.51.100.200', 'lb-2'],
    ['where a destination is, within a network of a proxy', '10.0.1.10', 'node-1'],
    ['where the profile listens', '10.0.1.110', 'node-1'],
    ['where ESL is', '10.0.1.210', 'node-1'],
    ['a destination of several', '10.0.1.11', 'node-2'],
    ['one public address of two', '192.0.2.10', 'node-1 or node-2'],
    ['loopback as seen from other hosts', '127.0.0.1', '127.0.0.x'],
    ['a stranger', '203.0.113.77', '203.0.113.x'],
    ['a stranger over IPv6', '2001:db8:17:2a::99', '2001:db8:17:…'],
    ['no address', 'sip.example\u001b[2J', '********2J'],
    ['all the rest', OTHERS, 'other addresses'],
  ];
  it.each(rows)('%s', (_, address, expected) => {
    expect(sourceOf(CLUSTER, address, false)).toBe(expected);
  });

  it.each([
    ['203.0.113.77', '203.0.113.77'],
    ['2001:db8:17:2a::99', '2001:db8:17:2a::99'],
    ['sip.example\u001b[2J', 'sip.example\ufffd[2J'],
    ['10.0.1.5', 'lb-1'],
  ])('shows %s where the user wanted to see it', (address, expected) => {
    expect(sourceOf(CLUSTER, address, true)).toBe(expected);
  });

  it('takes loopback for what it is where all runs on one host', () => {
    const one = cluster({ proxies: [proxy('lb-1', { rpc: { url: 'http://127.0.0.1/RPC' } })], nodes: [] });
    expect(sourceOf(one, '127.0.0.1', false)).toBe('lb-1');
  });
});

describe('arrivalsOf', () => {
  const soFar = after(
    ['203.0.113.7', '10.0.1.5', '203.0.113.8', '10.0.1.99', '203.0.113.8', '198.51.99.1'].map((one) =>
      from(one),
    ),
  );
  it('adds up what has one name, the busiest first', () => {
    expect(arrivalsOf(soFar, CLUSTER, false)).toEqual([
      { from: '203.0.113.x', calls: 3 },
      { from: 'lb-1', calls: 2 },
      { from: '198.51.99.x', calls: 1 },
    ]);
  });
  it('keeps addresses apart where they are shown', () => {
    expect(arrivalsOf(soFar, CLUSTER, true)).toEqual([
      { from: '203.0.113.8', calls: 2 },
      { from: 'lb-1', calls: 2 },
      { from: '198.51.99.1', calls: 1 },
      { from: '203.0.113.7', calls: 1 },
    ]);
  });
  it('is empty where nothing came', () => {
    expect(arrivalsOf(noArrivals(), CLUSTER, false)).toEqual([]);
  });
});
