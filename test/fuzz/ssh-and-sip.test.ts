/** What `ssh -G` prints, jump hosts, and answers to SIP requests. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseSipResponse } from '../../src/sip/sip-response.ts';
import { parseJump } from '../../src/ssh/route.ts';
import { parseConfigOutput } from '../../src/ssh/ssh-config.ts';
import { holds } from './support/fuzzing.ts';
import { anyText, mutatedText } from './support/mutations.ts';
import { valueOr } from './support/said.ts';
import { expectLinear, watched } from './support/watched.ts';

const CONFIG = [
  'host node-1',
  'user ops',
  'hostname 10.0.1.10',
  'port 2222',
  'identitiesonly yes',
  'identityfile ~/.ssh/%h',
  'identityfile /keys/two words',
  'userknownhostsfile /home/ops/a /home/ops/b c/d ~/e',
  'proxyjump u@j1:2222,ssh://v@j2,[::1]:33',
  'identityagent none',
  '',
].join('\n');

describe('the ssh configuration', () => {
  const text = fc.oneof(
    anyText,
    mutatedText([CONFIG], ['port ', 'none', 'proxyjump ', '__proto__ x\n', 'constructor y\n']),
  );

  test('output of any kind is read, or refused for its port', () => {
    holds(
      fc.property(text, (output) => {
        const config = valueOr(['ssh.config'], () => watched(() => parseConfigOutput(output)));
        if (config === undefined) return;
        expect(config.port).toSatisfy(Number.isInteger);
        expect(config.port > 0 && config.port < 65_536).toBe(true);
        for (const jump of config.proxyJump) expectJump(jump);
      }),
      { share: 3, examples: [['port 0\n'], ['port ssh\n'], ['port 22 23\n'], ['port 99999\n'], ['port \n']] },
    );
  });

  test('a jump host of any kind is one, or is refused', () => {
    holds(
      fc.property(fc.oneof(anyText, mutatedText(['u@j1:2222', 'ssh://v@j2/', '[::1]:33', 'j'])), expectJump),
      { share: 2 },
    );
  });
});

function expectJump(jump: string): void {
  const hop = valueOr(['ssh.config'], () => watched(() => parseJump(jump, 'node-1')));
  if (hop === undefined) return;
  expect(hop.host).not.toBe('');
  if (hop.port !== undefined) expect(hop.port > 0 && hop.port < 65_536).toBe(true);
}

const RESPONSE = [
  'SIP/2.0 200 OK',
  'Via: SIP/2.0/UDP 127.0.0.1:5060;rport=5060;branch=z9hG4bK0123456789abcdef',
  'From: <sip:fsha@127.0.0.1:5060>;tag=0123456789ab',
  'To: <sip:10.0.1.10:5080>;tag=x',
  'Call-ID: 0123456789abcdef@127.0.0.1',
  'CSeq: 17 OPTIONS',
  'Contact: <sip:10.0.1.10:5080>',
  'Allow: INVITE, ACK,',
  ' BYE, OPTIONS',
  'Content-Length: 0',
  '',
  '',
].join('\r\n');

describe('a SIP response', () => {
  test('a datagram of any kind is a response to some request, or none', () => {
    const words = ['SIP/2.0 ', 'CSeq: ', 'i: ', 'Call-ID: ', '\r\n ', '\r\n\r\n', '__proto__: x\r\n'];
    holds(
      fc.property(fc.oneof(anyText, mutatedText([RESPONSE], words)), (text) => {
        const response = watched(() => parseSipResponse(text));
        if (response === null) return;
        expect(text).toMatch(/^sip\/2\.0 [1-6]\d\d/i);
        expect(response.status).toBe(Number(text.slice(8, 11)));
        expect(response.cseq).toSatisfy(Number.isSafeInteger);
        expect(response.method).toMatch(/^\S+$/);
        // Whose answer it is stands in one line of the head.
        const [head = ''] = text.split(/\r?\n\r?\n/);
        expect(head).toContain(response.callId.split(' ')[0]);
        expect(head).toContain(String(response.cseq));
      }),
      { share: 4, examples: [[RESPONSE.replace(' 200', '\r\n 200')]] },
    );
  });

  test('cut short of its CSeq it is none', () => {
    const whole = parseSipResponse(RESPONSE);
    holds(
      fc.property(fc.nat({ max: RESPONSE.length }), (length) => {
        const read = parseSipResponse(RESPONSE.slice(0, length));
        if (read !== null && length > RESPONSE.indexOf(' OPTIONS\r\n') + 8) expect(read).toEqual(whole);
      }),
    );
  });
});

test('the time it takes grows with the text', () => {
  const starts = [
    '',
    'a ',
    'a b',
    'port ',
    'identityfile ',
    'proxyjump ',
    'SIP/2.0 200 OK\r\n',
    'SIP/2.0 200 OK\r\nA: b',
    'SIP/2.0 200 OK\r\nCSeq: 1',
    'u@',
  ];
  const units = [
    ' ',
    '\t',
    '\r',
    '\n',
    '\r\n',
    '\r\n ',
    'a',
    'a b\n',
    ':',
    '@',
    ',',
    '[',
    'a: b\r\n',
    'identityfile x\n',
    '/ ',
    'ssh://',
  ];
  holds(
    fc.property(
      fc.constantFrom(...starts),
      fc.constantFrom(...units),
      fc.constantFrom('', 'y', '\n'),
      (start, unit, end) => {
        for (const read of [parseConfigOutput, parseSipResponse, (text: string) => parseJump(text, 'x')])
          expectLinear(20_000, (size) => {
            const text = start + unit.repeat(Math.ceil(size / unit.length)) + end;
            return () => read(text);
          });
      },
    ),
    {
      share: 0.3,
      examples: [
        ['a b', ' ', 'y'],
        ['', 'identityfile x\n', ''],
        ['SIP/2.0 200 OK\r\nA: b', ' ', 'y'],
      ],
    },
  );
});
