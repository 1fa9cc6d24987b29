import { BlockList, isIP } from 'node:net';
import { describe, expect, it } from 'vitest';
import { isInNetwork, isLoopback, maskedIp, parseIp, sameIp } from '../../src/domain/ip-address.ts';

const WRITTEN = [
  '0.0.0.0',
  '10.0.1.5',
  '255.255.255.255',
  '127.0.0.1',
  '256.0.0.1',
  '10.0.1',
  '10.0.1.5.6',
  '',
  ':',
  '::',
  '::1',
  '1::',
  '2001:db8::1',
  '2001:db8:0:0:0:0:0:1',
  '2001:DB8::0:1',
  '1:2:3:4:5:6:7:8',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1::2::3',
  '1:2:3:4:5:6:7::8',
  '12345::',
  'g::',
  '::ffff:10.0.1.5',
  '::ffff:a00:105',
  '64:ff9b::10.0.1.5',
  'fe80::1%eth0',
  'lb-1.example',
];

function ip(text: string): NonNullable<ReturnType<typeof parseIp>> {
  const address = parseIp(text);
  if (address === undefined) throw new Error(`${text} is no address`);
  return address;
}

describe('parseIp', () => {
  it.each(WRITTEN)('agrees with Node on %j', (text) => {
    expect(parseIp(text) !== undefined).toBe(isIP(text) !== 0);
  });

  it.each([
    ['2001:db8::1', '2001:DB8:0:0:0:0:0:1'],
    ['10.0.1.5', '::ffff:10.0.1.5'],
    ['10.0.1.5', '[::ffff:a00:105]'],
    ['::1', '[::1]'],
    ['fe80::1', 'fe80::1%eth0'],
  ])('%s is %s', (one, other) => {
    expect(sameIp(ip(one), ip(other))).toBe(true);
  });

  it('tells IPv4 from IPv6 of the same value', () => {
    expect(sameIp(ip('0.0.0.1'), ip('::1'))).toBe(false);
  });
});

describe('isInNetwork', () => {
  const networks = [
    '10.0.1.0/24',
    '10.0.1.7/32',
    '10.0.0.0/9',
    '0.0.0.0/0',
    '2001:db8::/32',
    'fe80::/10',
    '::ffff:10.0.1.0/120',
  ];
  const addresses = [
    '10.0.1.0',
    '10.0.1.7',
    '10.0.1.255',
    '10.0.2.0',
    '10.128.0.0',
    '2001:db8:ffff::1',
    '2001:db9::',
    'fe80::1',
    'febf::1',
    'fec0::1',
  ];
  it.each(networks)('agrees with Node on %s', (network) => {
    const [base = '', length = ''] = network.split('/');
    const list = new BlockList();
    list.addSubnet(base, Number(length), isIP(base) === 4 ? 'ipv4' : 'ipv6');
    for (const address of addresses) {
      const inside = list.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6');
      expect([address, isInNetwork(ip(address), network)]).toEqual([address, inside]);
    }
  });

  it('keeps the families apart: all of IPv6 holds no IPv4 address', () => {
    expect(isInNetwork(ip('2001:db8::1'), '::/0')).toBe(true);
    expect(isInNetwork(ip('10.0.1.7'), '::/0')).toBe(false);
    expect(isInNetwork(ip('::1'), '0.0.0.0/0')).toBe(false);
  });

  it.each(['', '10.0.1.7', '10.0.1.7/33', '10.0.1.0/x', '10.0.1.0/', 'lb-1/24', '10.0.1.0/-1'])(
    'is false for %j, which is no network',
    (network) => {
      expect(isInNetwork(ip('10.0.1.7'), network)).toBe(false);
    },
  );
});

it.each([
  ['127.0.0.1', true],
  ['127.9.9.9', true],
  ['::1', true],
  ['::ffff:127.0.0.1', true],
  ['128.0.0.1', false],
  ['0.0.0.1', false],
  ['::2', false],
])('%s is loopback: %s', (text, expected) => {
  expect(isLoopback(ip(text))).toBe(expected);
});

it.each([
  ['203.0.113.77', '203.0.113.x'],
  ['::ffff:203.0.113.77', '203.0.113.x'],
  ['2001:db8:17:2a::99', '2001:db8:17:…'],
  ['2001:db8::1', '2001:db8:0:…'],
])('%s is masked as %s', (text, expected) => {
  expect(maskedIp(ip(text))).toBe(expected);
});
