/** SIP messages as text: read, looked into, changed a header at a time, printed. Good for UDP, where a datagram is one. */

export interface SipHeader {
  readonly name: string;
  readonly value: string;
}

interface SipCommon {
  readonly headers: readonly SipHeader[];
  readonly body: string;
}

export interface SipRequest extends SipCommon {
  readonly kind: 'request';
  readonly method: string;
  readonly uri: string;
}

export interface SipReply extends SipCommon {
  readonly kind: 'reply';
  readonly status: number;
  readonly reason: string;
}

export type SipMessage = SipRequest | SipReply;

const COMPACT: Readonly<Record<string, string>> = {
  v: 'Via',
  f: 'From',
  t: 'To',
  i: 'Call-ID',
  m: 'Contact',
  l: 'Content-Length',
  c: 'Content-Type',
};

/** Headers whose values may stand in one line, parted by commas, and whose order counts: one entry for each value. */
const LISTS = new Set(['via', 'route', 'record-route']);

/** Undefined for what is no SIP message: a keep-alive, noise. */
export function parseSip(datagram: Buffer): SipMessage | undefined {
  // latin1 keeps every byte, so that a body goes on as it came.
  const text = datagram.toString('latin1');
  const split = text.indexOf('\r\n\r\n');
  const head = split === -1 ? text : text.slice(0, split);
  const body = split === -1 ? '' : text.slice(split + 4);
  const [start = '', ...lines] = head.replaceAll(/\r\n[ \t]+/g, ' ').split('\r\n');
  const headers = lines.flatMap(readHeader);
  const reply = /^SIP\/2\.0 (\d{3}) ?(.*)$/.exec(start);
  if (reply !== null)
    return { kind: 'reply', status: Number(reply[1]), reason: reply[2] ?? '', headers, body };
  const request = /^([A-Z]+) (\S+) SIP\/2\.0$/.exec(start);
  if (request === null) return undefined;
  return { kind: 'request', method: request[1] ?? '', uri: request[2] ?? '', headers, body };
}

function readHeader(line: string): SipHeader[] {
  const colon = line.indexOf(':');
  if (colon < 1) return [];
  const written = line.slice(0, colon).trim();
  const name = COMPACT[written.toLowerCase()] ?? written;
  const value = line.slice(colon + 1).trim();
  if (!LISTS.has(name.toLowerCase())) return [{ name, value }];
  return splitList(value).map((part) => ({ name, value: part }));
}

function splitList(value: string): string[] {
  const parts = value.match(/(?:<[^>]*>|"(?:[^"\\]|\\.)*"|[^,<"])+/g) ?? [];
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

export function printSip(message: SipMessage): Buffer {
  const start =
    message.kind === 'request'
      ? `${message.method} ${message.uri} SIP/2.0`
      : `SIP/2.0 ${message.status} ${message.reason}`;
  const body = Buffer.from(message.body, 'latin1');
  const headers = message.headers.filter(({ name }) => name.toLowerCase() !== 'content-length');
  const lines = [start, ...headers.map(({ name, value }) => `${name}: ${value}`)];
  const head = `${lines.join('\r\n')}\r\nContent-Length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), body]);
}

/** The first value of that name; empty where there is none. */
export function header(message: SipMessage, name: string): string {
  return headerValues(message, name)[0] ?? '';
}

export function headerValues(message: SipMessage, name: string): string[] {
  const wanted = name.toLowerCase();
  return message.headers.filter((each) => each.name.toLowerCase() === wanted).map(({ value }) => value);
}

export function prepended<M extends SipMessage>(message: M, name: string, value: string): M {
  return { ...message, headers: [{ name, value }, ...message.headers] };
}

export function withoutFirst<M extends SipMessage>(message: M, name: string): M {
  const index = message.headers.findIndex((each) => each.name.toLowerCase() === name.toLowerCase());
  return index === -1 ? message : { ...message, headers: message.headers.toSpliced(index, 1) };
}

/** Replaces the first one of that name, or adds it where there is none. */
export function replaced<M extends SipMessage>(message: M, name: string, value: string): M {
  const index = message.headers.findIndex((each) => each.name.toLowerCase() === name.toLowerCase());
  if (index === -1) return { ...message, headers: [...message.headers, { name, value }] };
  return { ...message, headers: message.headers.with(index, { name, value }) };
}

/** CSeq's method: of a reply, the method that it answers. */
export function cseqMethod(message: SipMessage): string {
  return header(message, 'CSeq').split(/\s+/)[1] ?? '';
}

/** The tag of a From or To; empty where there is none. */
export function tagOf(value: string): string {
  const parameters = value.includes('>') ? value.slice(value.lastIndexOf('>')) : value;
  return /;\s*tag=([^;\s>]+)/i.exec(parameters)?.[1] ?? '';
}

/** The URI of a From, To, Contact or Route. */
export function uriOf(value: string): string {
  return /<([^>]*)>/.exec(value)?.[1] ?? value.split(';')[0]?.trim() ?? '';
}

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Where a SIP URI points: port 5060 where it names none. Undefined for another scheme or IPv6. */
export function addressOf(uri: string): HostPort | undefined {
  const match = /^sips?:(?:[^@]*@)?([^:;?>\s]+)(?::(\d+))?/i.exec(uri);
  if (match?.[1] === undefined) return undefined;
  return { host: match[1], port: match[2] === undefined ? 5060 : Number(match[2]) };
}

export interface Via extends HostPort {
  readonly branch: string;
  /** Where an answer goes: `received` and `rport`, else what the sender wrote. */
  readonly answerTo: HostPort;
}

export function readVia(value: string): Via | undefined {
  const match = /^SIP\/2\.0\/\w+\s+([^:;\s]+)(?::(\d+))?/i.exec(value);
  if (match?.[1] === undefined) return undefined;
  const host = match[1];
  const port = match[2] === undefined ? 5060 : Number(match[2]);
  const received = /;received=([^;\s]+)/i.exec(value)?.[1] ?? host;
  const rport = /;rport=(\d+)/i.exec(value)?.[1];
  return {
    host,
    port,
    branch: /;branch=([^;\s]+)/i.exec(value)?.[1] ?? '',
    answerTo: { host: received, port: rport === undefined ? port : Number(rport) },
  };
}

/** The request with its top Via completed by where the datagram really came from (RFC 3581). */
export function withSource(request: SipRequest, source: HostPort): SipRequest {
  const written = header(request, 'Via');
  const via = readVia(written);
  if (via === undefined) return request;
  const bare = written.replace(/;rport(?:=\d+)?(?=;|$)/i, '').replace(/;received=[^;\s]+/i, '');
  const received = via.host === source.host ? '' : `;received=${source.host}`;
  const rport = /;rport(?=;|=|$)/i.test(written) ? `;rport=${source.port}` : '';
  return replaced(request, 'Via', `${bare}${received}${rport}`);
}

/** An answer to a request: its Vias, From, To (with `toTag` where it has none), Call-ID and CSeq. */
export function replyTo(
  request: SipRequest,
  status: number,
  reason: string,
  toTag: string,
  more: readonly SipHeader[] = [],
  body = '',
): SipReply {
  const copied = request.headers.filter(({ name }) =>
    ['via', 'from', 'to', 'call-id', 'cseq', ...(status < 300 ? ['record-route'] : [])].includes(
      name.toLowerCase(),
    ),
  );
  const headers = copied.map(({ name, value }) =>
    name.toLowerCase() === 'to' && tagOf(value) === '' && toTag !== ''
      ? { name, value: `${value};tag=${toTag}` }
      : { name, value },
  );
  return { kind: 'reply', status, reason, headers: [...headers, ...more], body };
}
