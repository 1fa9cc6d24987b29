/** The one SIP request that fsha sends by itself (RFC 3261). */

export interface OptionsRequest {
  readonly target: SipHost;
  /** Where the answer is to go. */
  readonly local: SipHost;
  /** Hexadecimal text that no other request has. */
  readonly unique: string;
  readonly cseq: number;
}

export interface SipHost {
  readonly host: string;
  readonly port: number;
}

/** `host:port` as it stands in a URI or a Via: an IPv6 address in brackets. */
export function sipHostText({ host, port }: SipHost): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The Call-ID of a request, by which its answers are known. */
export function callIdOf({ unique, local }: OptionsRequest): string {
  return `${unique}@${local.host.includes(':') ? `[${local.host}]` : local.host}`;
}

/** A whole request; sent again, it is the same to the byte, as a retransmission has to be. */
export function optionsRequest(request: OptionsRequest): string {
  const target = `sip:${sipHostText(request.target)}`;
  const local = sipHostText(request.local);
  return [
    `OPTIONS ${target} SIP/2.0`,
    `Via: SIP/2.0/UDP ${local};rport;branch=z9hG4bK${request.unique}`,
    'Max-Forwards: 70',
    `From: <sip:fsha@${local}>;tag=${request.unique.slice(0, 12)}`,
    `To: <${target}>`,
    `Call-ID: ${callIdOf(request)}`,
    `CSeq: ${request.cseq} OPTIONS`,
    `Contact: <sip:fsha@${local}>`,
    'Accept: application/sdp',
    'User-Agent: fsha',
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
}
