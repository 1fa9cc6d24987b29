/** SIP URIs of dispatcher destinations (RFC 3261, section 19.1, without what a dispatcher list has no use for). */
import { isIPv6 } from 'node:net';
import { isHost } from './hosts.ts';
import { fitsWhole } from '../yaml/said-back.ts';

export interface SipUri {
  readonly host: string;
  readonly port: number;
  /** Lower case; `udp` where neither scheme nor parameter says otherwise. */
  readonly transport: string;
}

export type SipUriReading = { readonly uri: SipUri } | { readonly wrong: string };

const TRANSPORTS: readonly string[] = ['udp', 'tcp', 'tls', 'sctp', 'ws', 'wss'];

/** Reads `sip:[user@]host[:port][;parameters]`; what is wrong is said without the URI, which may hold a password. */
export function readSipUri(text: string): SipUriReading {
  if (/[\s\u0000-\u001f\u007f-\u009f"<>]/.test(text)) {
    return { wrong: 'A SIP URI holds no spaces, quotes, angle brackets or control characters.' };
  }
  const scheme = /^(sips?):/i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) {
    const looksLikeHost = /^[A-Za-z0-9.[\]_-]+(:\d*)?(;|$)/.test(text) && fitsWhole(text);
    return { wrong: `The sip: at the beginning is missing${looksLikeHost ? `: write sip:${text}` : ''}.` };
  }
  const rest = text.slice(scheme.length + 1);
  if (rest.startsWith('//')) return { wrong: 'A SIP URI has no slashes after sip:.' };
  if (rest.includes('?')) return { wrong: 'A destination has no headers: remove the ? and what follows it.' };
  const [address = '', ...parameters] = rest.split(';');
  const at = address.lastIndexOf('@');
  if (at === 0 || address.slice(0, Math.max(at, 0)).includes(':')) {
    return { wrong: 'What stands before the @ has to be a user without a password.' };
  }
  const match = /^(\[[^\]]*\]|[^:[\]]*)(?::(.*))?$/.exec(address.slice(at + 1));
  const written = match?.[1] ?? '';
  const host = written.startsWith('[') ? written.slice(1, -1) : written;
  if (host === '') return { wrong: 'The host is missing: write sip:HOST:PORT.' };
  if (written.startsWith('[') ? !isIPv6(host) : !isHost(host) || isIPv6(host)) {
    return { wrong: 'The host is neither a name nor an IP address (IPv6 in square brackets).' };
  }
  const transport = readTransport(scheme, parameters);
  if (typeof transport !== 'string') return transport;
  const secure = transport === 'tls' || transport === 'wss';
  const port = match?.[2] === undefined ? (secure ? 5061 : 5060) : Number(match[2]);
  if (match?.[2] !== undefined && !(/^\d{1,5}$/.test(match[2]) && port >= 1 && port <= 65_535)) {
    return { wrong: 'The port is not a number from 1 to 65535.' };
  }
  return { uri: { host, port, transport } };
}

function readTransport(scheme: string, parameters: readonly string[]): string | { readonly wrong: string } {
  let transport = scheme === 'sips' ? 'tls' : 'udp';
  for (const parameter of parameters) {
    if (!/^[A-Za-z0-9\-_.!~*'()%[\]/:&+$]+(=[A-Za-z0-9\-_.!~*'()%[\]/:&+$]*)?$/.test(parameter)) {
      return { wrong: 'A parameter is name or name=value, and ; stands before each.' };
    }
    const [name = '', value = ''] = parameter.toLowerCase().split('=');
    if (name !== 'transport') continue;
    if (!TRANSPORTS.includes(value))
      return { wrong: `The transport is not one of ${TRANSPORTS.join(', ')}.` };
    transport = value;
  }
  return transport;
}

/** Equal for two URIs that lead to the same socket: default port, letter case, transport and spelling of IPv6 do not count. */
export function socketKey({ host, port, transport }: SipUri): string {
  const name = isIPv6(host)
    ? new URL(`http://[${host.replace(/%.*$/, '')}]/`).hostname
    : host.toLowerCase().replace(/\.$/, '');
  return `${transport}:${name}:${port}`;
}
