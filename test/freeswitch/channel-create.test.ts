import { describe, expect, test } from 'vitest';
import { readChannelCreate } from '../../src/freeswitch/channel-create.ts';
import type { EventHeaders } from '../../src/freeswitch/esl-connection.ts';
import { serverBytes } from './transcript.ts';

const RECORDED = /\{"Event-Name":"CHANNEL_CREATE"[^\n]*?\}(?=Content-Length)/.exec(
  serverBytes('events').toString(),
)?.[0];

test('the recorded one is a call that came in over SIP', () => {
  expect(readChannelCreate(JSON.parse(RECORDED ?? '') as EventHeaders)).toEqual({
    kind: 'created',
    direction: 'inbound',
    address: '127.0.0.1',
    furtherLeg: false,
  });
});

const SIP = {
  'Channel-Name': 'sofia/external/1000@203.0.113.9',
  'Unique-ID': 'a',
  'Channel-Call-UUID': 'a',
  'Call-Direction': 'inbound',
  'Caller-Source': 'mod_sofia',
  'Caller-Network-Addr': '203.0.113.9',
  variable_sip_network_ip: '203.0.113.9',
};
const without = (name: keyof typeof SIP): EventHeaders =>
  Object.fromEntries(Object.entries(SIP).filter(([key]) => key !== name));

describe('where the SIP came from', () => {
  test.each<[string, EventHeaders, string | null]>([
    ['over SIP', SIP, '203.0.113.9'],
    ['over SIP by its source alone', without('variable_sip_network_ip'), '203.0.113.9'],
    ['over SIP by its variable alone', without('Caller-Source'), '203.0.113.9'],
    ['without an address in its profile', without('Caller-Network-Addr'), '203.0.113.9'],
    ['over IPv6', { ...SIP, 'Caller-Network-Addr': '2001:db8::9' }, '2001:db8::9'],
    ['over IPv6 in brackets', { ...SIP, 'Caller-Network-Addr': '[2001:db8::9]' }, '2001:db8::9'],
    ['begun by FreeSWITCH', { ...SIP, 'Call-Direction': 'outbound' }, null],
    ['of another endpoint', { ...without('variable_sip_network_ip'), 'Caller-Source': 'mod_verto' }, null],
    // mod_loopback clones the profile of the leg that it was begun with, address and all.
    ['a loopback leg with a copied profile', { ...SIP, 'Channel-Name': 'loopback/9196-b' }, null],
    ['a loopback leg by its variable', { ...SIP, variable_other_loopback_leg_uuid: 'x' }, null],
    ['a host name', { ...SIP, 'Caller-Network-Addr': 'proxy.example.org' }, null],
    ['an address with a port', { ...SIP, 'Caller-Network-Addr': '203.0.113.9:5060' }, null],
    ['an address that is none', { ...SIP, 'Caller-Network-Addr': '203.0.113.999' }, null],
    ['control characters', { ...SIP, 'Caller-Network-Addr': '203.0.113.9\u001b[2J' }, null],
    ['control characters in a zone', { ...SIP, 'Caller-Network-Addr': 'fe80::1%\u001b[2J' }, null],
    ['a novel', { ...SIP, 'Caller-Network-Addr': `fe80::1%${'x'.repeat(5_000)}` }, null],
    ['a list', { ...SIP, 'Caller-Network-Addr': ['10.0.0.1'], variable_sip_network_ip: 5 }, null],
  ])('%s', (_what, headers, address) => {
    expect(readChannelCreate(headers)?.address).toBe(address);
  });
});

describe('whether it belongs to a call that was there', () => {
  test.each<[string, EventHeaders, boolean]>([
    ['a call of its own', SIP, false],
    ['one that FreeSWITCH began', { ...SIP, 'Call-Direction': 'outbound' }, false],
    ['no Channel-Call-UUID', without('Channel-Call-UUID'), false],
    ['the leg of another call', { ...SIP, 'Channel-Call-UUID': 'b' }, true],
    ['begun by another leg', { ...SIP, 'Other-Leg-Unique-ID': 'b' }, true],
    ['begun by another leg, by its type', { ...SIP, 'Other-Type': 'originator' }, true],
    // What it begins itself makes no further leg of it.
    ['one that began another leg', { ...SIP, 'Other-Type': 'originatee' }, false],
  ])('%s', (_what, headers, furtherLeg) => {
    expect(readChannelCreate(headers)?.furtherLeg).toBe(furtherLeg);
  });
});

test.each<[string, EventHeaders | undefined]>([
  ['what is no JSON', undefined],
  ['no headers', {}],
  ['no direction', without('Call-Direction')],
  ['another direction', { ...SIP, 'Call-Direction': 'sideways' }],
  ['a direction that is no text', { ...SIP, 'Call-Direction': ['inbound'] }],
])('%s says nothing', (_what, headers) => {
  expect(readChannelCreate(headers)).toBeUndefined();
});
