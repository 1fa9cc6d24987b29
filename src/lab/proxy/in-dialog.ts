/** Requests inside a dialog go on without any state: by Route, else by request URI. */
import { createHash } from 'node:crypto';
import {
  addressOf,
  header,
  headerValues,
  prepended,
  readVia,
  replaced,
  uriOf,
  withoutFirst,
  type HostPort,
  type SipRequest,
} from './sip-message.ts';

/** Takes off the Routes that name this proxy. */
export function withoutOwnRoutes(request: SipRequest, self: HostPort): SipRequest {
  let left = request;
  for (;;) {
    const [route] = headerValues(left, 'Route');
    if (route === undefined || !isSelf(uriOf(route), self)) return left;
    left = withoutFirst(left, 'Route');
  }
}

/** Undefined where it leads nowhere but back to this proxy. */
export function nextHop(
  request: SipRequest,
  self: HostPort,
): { readonly request: SipRequest; readonly to: HostPort } | undefined {
  const routed = withoutOwnRoutes(request, self);
  const [route] = headerValues(routed, 'Route');
  const target = route === undefined ? routed.uri : uriOf(route);
  const to = addressOf(target);
  if (to === undefined || isSelf(target, self)) return undefined;
  const hops = Number(header(request, 'Max-Forwards') || '70') - 1;
  const counted = replaced(routed, 'Max-Forwards', String(hops));
  const via = `SIP/2.0/UDP ${self.host}:${self.port};branch=${branchFor(request)}`;
  return { request: prepended(counted, 'Via', via), to };
}

/** The same for a request, its retransmission, its CANCEL and its ACK: RFC 3261, 16.11. */
function branchFor(request: SipRequest): string {
  const via = readVia(header(request, 'Via'));
  const origin = `${via?.host ?? ''}:${via?.port ?? 0}:${via?.branch ?? ''}`;
  return `z9hG4bK${createHash('sha1').update(origin).digest('hex').slice(0, 20)}`;
}

function isSelf(uri: string, self: HostPort): boolean {
  const address = addressOf(uri);
  return address?.host === self.host && address.port === self.port;
}
