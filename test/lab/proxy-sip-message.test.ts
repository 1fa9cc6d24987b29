import { describe, expect, test } from 'vitest';
import { nextHop } from '../../src/lab/proxy/in-dialog.ts';
import {
  addressOf,
  header,
  headerValues,
  parseSip,
  printSip,
  readVia,
  tagOf,
  withSource,
  type SipRequest,
} from '../../src/lab/proxy/sip-message.ts';

const lines = (...text: string[]): Buffer => Buffer.from(text.join('\r\n'), 'latin1');

function request(...headers: string[]): SipRequest {
  const message = parseSip(lines('BYE sip:1000@127.0.0.9:5070 SIP/2.0', ...headers, '', ''));
  if (message?.kind !== 'request') throw new Error('no request');
  return message;
}

describe('reading', () => {
  test('compact names, folded lines, lists in one line, a body of any bytes', () => {
    const message = parseSip(
      lines(
        'INVITE sip:1000@10.0.0.1 SIP/2.0',
        'v: SIP/2.0/UDP 10.0.0.2;branch=z9hG4bKa, SIP/2.0/UDP 10.0.0.3:5070;branch=z9hG4bKb',
        'Record-Route: <sip:10.0.0.1;lr>,',
        '  <sip:10.0.0.9;lr;x=1,2>',
        'f: "A, B" <sip:a@b>;tag=1',
        't: <sip:c@d;tag=no>',
        'i: abc',
        'l: 3',
        '',
        '\xe9\r\n',
      ),
    );
    if (message === undefined) throw new Error('not read');
    expect(headerValues(message, 'via')).toHaveLength(2);
    expect(headerValues(message, 'record-route')).toEqual(['<sip:10.0.0.1;lr>', '<sip:10.0.0.9;lr;x=1,2>']);
    expect([tagOf(header(message, 'From')), tagOf(header(message, 'To'))]).toEqual(['1', '']);
    expect(header(message, 'Call-ID')).toBe('abc');
    expect(printSip(message).toString('latin1')).toContain('Content-Length: 3\r\n\r\n\xe9\r\n');
  });

  test.each([['\r\n\r\n'], [''], ['noise'], ['GET / HTTP/1.1\r\n\r\n'], ['SIP/2.0 banana\r\n\r\n']])(
    'is undefined for %j',
    (text) => {
      expect(parseSip(Buffer.from(text))).toBeUndefined();
    },
  );

  test.each([
    ['sip:10.0.0.1', { host: '10.0.0.1', port: 5060 }],
    ['sip:a@10.0.0.1:5080;transport=udp', { host: '10.0.0.1', port: 5080 }],
    ['tel:112', undefined],
  ])('%s points to %j', (uri, address) => {
    expect(addressOf(uri)).toEqual(address);
  });
});

test('an answer goes where the request came from, where the sender asks for it', () => {
  const via = 'SIP/2.0/UDP 10.0.0.2:5060;rport;branch=z9hG4bKa';
  const received = withSource(request(`Via: ${via}`), { host: '127.0.0.7', port: 4000 });
  expect(readVia(header(received, 'Via'))).toMatchObject({
    branch: 'z9hG4bKa',
    answerTo: { host: '127.0.0.7', port: 4000 },
  });
});

describe('a request in a dialog', () => {
  const self = { host: '127.0.0.5', port: 5060 };
  const via = 'Via: SIP/2.0/UDP 127.0.0.2;branch=z9hG4bKa';

  test('goes to the request URI when the only Route is this proxy', () => {
    const hop = nextHop(request(via, 'Route: <sip:127.0.0.5:5060;lr>', 'Max-Forwards: 70'), self);
    expect(hop?.to).toEqual({ host: '127.0.0.9', port: 5070 });
    expect(hop === undefined ? [] : headerValues(hop.request, 'Route')).toEqual([]);
    expect(hop === undefined ? '' : header(hop.request, 'Max-Forwards')).toBe('69');
  });

  test('goes to the next Route otherwise', () => {
    const hop = nextHop(request(via, 'Route: <sip:127.0.0.5;lr>, <sip:127.0.0.6;lr>'), self);
    expect(hop?.to).toEqual({ host: '127.0.0.6', port: 5060 });
  });

  test('has the same branch when it comes again, and another one for another request', () => {
    const branch = (...headers: string[]): string =>
      header(nextHop(request(...headers), self)?.request ?? request(), 'Via');
    expect(branch(via)).toBe(branch(via));
    expect(branch(via)).not.toBe(branch(`${via}b`));
  });

  test('leads nowhere when it leads back', () => {
    const back = parseSip(lines('BYE sip:127.0.0.5 SIP/2.0', via, '', ''));
    expect(back?.kind === 'request' ? nextHop(back, self) : 'not read').toBeUndefined();
  });
});
