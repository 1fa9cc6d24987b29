import { describe, expect, test } from 'vitest';
import { optionsRequest } from '../../src/sip/sip-request.ts';
import { parseSipResponse } from '../../src/sip/sip-response.ts';

function response(...lines: string[]): string {
  return [...lines, '', ''].join('\r\n');
}

const GOOD = [
  'SIP/2.0 200 OK',
  'Via: SIP/2.0/UDP 127.0.0.1:5080',
  'Call-ID: abc@127.0.0.1',
  'CSeq: 7 OPTIONS',
];

describe('a response', () => {
  test.each([
    ['as RFC 3261 has it', GOOD, 200],
    ['with a reason of its own', ['SIP/2.0 503 Maximum Calls In Progress', ...GOOD.slice(1)], 503],
    ['without a reason', ['SIP/2.0 404', ...GOOD.slice(1)], 404],
    ['provisional', ['SIP/2.0 100 Trying', ...GOOD.slice(1)], 100],
    ['with compact and odd names', ['sip/2.0 200 OK', 'i : abc@127.0.0.1', 'CSEQ:7 options'], 200],
    ['with a folded header', ['SIP/2.0 200 OK', 'Call-ID:', ' abc@127.0.0.1', 'CSeq: 7', '\tOPTIONS'], 200],
  ])('%s', (_name, lines, status) => {
    expect(parseSipResponse(response(...lines))).toEqual({
      status,
      callId: 'abc@127.0.0.1',
      cseq: 7,
      method: 'OPTIONS',
    });
  });

  test('with lone line feeds, and a body', () => {
    expect(parseSipResponse(`${GOOD.join('\n')}\n\nCall-ID: other\n`)).toMatchObject({
      callId: 'abc@127.0.0.1',
    });
  });

  test('of two headers of one name the first counts', () => {
    expect(parseSipResponse(response(...GOOD, 'Call-ID: other'))).toMatchObject({ callId: 'abc@127.0.0.1' });
  });
});

test.each([
  ['nothing', ''],
  ['rubbish', '\u0000\u0001\u0002'],
  [
    'a request',
    optionsRequest({
      target: { host: '::1', port: 1 },
      local: { host: '::1', port: 2 },
      unique: 'ab',
      cseq: 1,
    }),
  ],
  ['another version', response('SIP/3.0 200 OK', ...GOOD.slice(1))],
  ['a status that is none', response('SIP/2.0 700 Odd', ...GOOD.slice(1))],
  ['no Call-ID', response('SIP/2.0 200 OK', 'CSeq: 7 OPTIONS')],
  ['no CSeq', response('SIP/2.0 200 OK', 'Call-ID: abc')],
  ['a CSeq that is none', response('SIP/2.0 200 OK', 'Call-ID: abc', 'CSeq: seven OPTIONS')],
  ['HTTP', response('HTTP/1.1 200 OK', ...GOOD.slice(1))],
])('%s is no response', (_name, text) => {
  expect(parseSipResponse(text)).toBeNull();
});
