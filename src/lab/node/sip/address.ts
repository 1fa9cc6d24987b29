import type { SipAddress, SipParty } from './leg.ts';
import { parameter } from './message.ts';

/** The URI in a header value: what is in angle brackets, else what stands before the parameters. */
export function uriOf(value: string): string {
  const bracketed = /<([^>]*)>/.exec(value)?.[1];
  return bracketed ?? value.split(';')[0]?.trim() ?? '';
}

export function parseUri(uri: string): SipAddress {
  const match = /^sips?:(?:([^@]*)@)?(\[[^\]]*\]|[^:;?]*)(?::(\d+))?/i.exec(uri);
  return { user: (match?.[1] ?? '').split(/[:;]/)[0] ?? '', host: match?.[2] ?? '', port: match?.[3] };
}

export function parseParty(value: string): SipParty {
  const display = /^\s*(?:"((?:\\.|[^"\\])*)"|([^<"]*))\s*</.exec(value);
  return {
    ...parseUri(uriOf(value)),
    display: (display?.[1] ?? display?.[2] ?? '').trim(),
    tag: parameter(value, 'tag'),
    full: value,
  };
}

/** Where a request to that URI goes, over UDP. */
export function targetOf(uri: string): { host: string; port: number } {
  const { host, port } = parseUri(uri);
  return { host, port: port === undefined ? 5060 : Number(port) };
}
