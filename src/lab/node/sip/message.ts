/** A SIP message as it is on the wire, no more understood than its lines. */
export interface SipMessage {
  readonly start: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

export interface SipRequest extends SipMessage {
  readonly method: string;
  readonly uri: string;
}

const COMPACT: Readonly<Record<string, string>> = {
  v: 'via',
  f: 'from',
  t: 'to',
  i: 'call-id',
  m: 'contact',
  l: 'content-length',
  c: 'content-type',
  s: 'subject',
  k: 'supported',
};

/** Undefined for what is no SIP message, such as a keep-alive of line breaks. */
export function parseMessage(text: string): SipMessage | undefined {
  const end = text.indexOf('\r\n\r\n');
  const head = end < 0 ? text : text.slice(0, end);
  const [start = '', ...lines] = head.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/);
  if (!/^SIP\/2\.0 \d{3}|^[A-Z]+ \S+ SIP\/2\.0$/.test(start)) return undefined;
  const headers = lines.flatMap((line): [string, string][] => {
    const colon = line.indexOf(':');
    return colon < 1 ? [] : [[line.slice(0, colon).trim(), line.slice(colon + 1).trim()]];
  });
  return { start, headers, body: end < 0 ? '' : text.slice(end + 4) };
}

export function asRequest(message: SipMessage): SipRequest | undefined {
  const [method = '', uri = ''] = message.start.split(' ');
  return method.startsWith('SIP/') ? undefined : { ...message, method, uri };
}

/** The status of a response, undefined for a request. */
export function statusOf(message: SipMessage): number | undefined {
  return message.start.startsWith('SIP/2.0 ') ? Number(message.start.slice(8, 11)) : undefined;
}

/** All values of a header, in order. Via, Route, Record-Route and Contact lines are split at their commas. */
export function headerValues(message: SipMessage, name: string): string[] {
  const values: string[] = [];
  for (const [key, value] of message.headers) {
    const lower = key.toLowerCase();
    if ((COMPACT[lower] ?? lower) !== name) continue;
    if (LISTS.has(name)) values.push(...splitList(value));
    else values.push(value);
  }
  return values;
}

export function header(message: SipMessage, name: string): string | undefined {
  return headerValues(message, name)[0];
}

const LISTS = new Set(['via', 'route', 'record-route', 'contact']);

/** Splits at commas that stand neither in quotes nor in angle brackets. */
function splitList(value: string): string[] {
  if (!value.includes(',')) return [value];
  const matches = value.match(/(?:"(?:\\.|[^"\\])*"|<[^>]*>|[^,"<])+/g) ?? [];
  return matches.map((part) => part.trim()).filter((part) => part !== '');
}

export function serialise(start: string, headers: readonly (readonly [string, string])[], body = ''): Buffer {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.from(`${start}\r\n${lines}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

/** A parameter after the address, such as `tag` or `branch`. */
export function parameter(value: string, name: string): string | undefined {
  const outside = value.includes('>') ? value.slice(value.lastIndexOf('>')) : value;
  return new RegExp(`;\\s*${name}\\s*(?:=\\s*([^;,\\s]*))?(?=[;,\\s]|$)`, 'i').exec(outside)?.[1];
}
