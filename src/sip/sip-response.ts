/** SIP responses as they come in a datagram: what is needed to know whose answer it is, and nothing more (RFC 3261 7). */

export interface SipResponse {
  /** 100 to 699. */
  readonly status: number;
  readonly callId: string;
  readonly cseq: number;
  /** In upper case. */
  readonly method: string;
}

const STATUS_LINE = /^SIP\/2\.0 ([1-6]\d\d)(?: |$)/i;
const COMPACT: ReadonlyMap<string, string> = new Map([['i', 'call-id']]);

/** @returns null for anything that is not a response with a Call-ID and a CSeq */
export function parseSipResponse(text: string): SipResponse | null {
  const lines = unfolded(text);
  // The first line is never continued.
  const status = STATUS_LINE.exec(text.split(/\r?\n/, 1)[0] ?? '')?.[1];
  const headers = headersOf(lines.slice(1));
  const callId = headers.get('call-id');
  const [, number, method] = /^(\d{1,10})\s+(\S+)$/.exec(headers.get('cseq') ?? '') ?? [];
  if (status === undefined || callId === undefined || number === undefined || method === undefined)
    return null;
  return { status: Number(status), callId, cseq: Number(number), method: method.toUpperCase() };
}

/** The lines of the head; one that begins with white space continues the one before. */
function unfolded(text: string): string[] {
  const head = text.split(/\r?\n\r?\n/, 1)[0] ?? '';
  return head.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/);
}

/** The first of each name, in lower case. */
function headersOf(lines: readonly string[]): Map<string, string> {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).trimEnd().toLowerCase();
    if (name === '' || /\s/.test(name)) continue;
    const full = COMPACT.get(name) ?? name;
    if (!headers.has(full)) headers.set(full, line.slice(colon + 1).trim());
  }
  return headers;
}
