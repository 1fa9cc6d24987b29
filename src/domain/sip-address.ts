/** SIP URIs as far as a dispatcher needs them: who is meant, at which address. */

export interface SipAddress {
  readonly scheme: 'sip' | 'sips';
  /** Lower case; IPv6 without its brackets. */
  readonly host: string;
  readonly port: number;
  /** Lower case; `udp` where the URI names none (`tls` for sips). */
  readonly transport: string;
}

const SHAPE = /^(sips?):(?:[^@\s]*@)?(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?((?:[;?]\S*)?)$/i;

/** Reads a SIP URI; undefined for what is none. */
export function parseSipAddress(uri: string): SipAddress | undefined {
  const match = SHAPE.exec(uri);
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  const scheme = match[1].toLowerCase() === 'sips' ? 'sips' : 'sip';
  const transport =
    /;transport=([a-z0-9]+)/i.exec(match[4] ?? '')?.[1]?.toLowerCase() ?? (scheme === 'sips' ? 'tls' : 'udp');
  const port = match[3] === undefined ? (transport === 'tls' ? 5061 : 5060) : Number(match[3]);
  if (port < 1 || port > 65_535) return undefined;
  return { scheme, host: match[2].toLowerCase().replace(/^\[|\]$/g, ''), port, transport };
}

/** Whether two URIs name one host, port and transport, however they are written. */
export function sameSipAddress(one: string, other: string): boolean {
  const a = parseSipAddress(one);
  const b = parseSipAddress(other);
  if (a === undefined || b === undefined) return one === other;
  return a.host === b.host && a.port === b.port && a.transport === b.transport;
}
