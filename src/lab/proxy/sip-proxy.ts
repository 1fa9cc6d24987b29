/** The proxy's routing: what the reference configuration's request_route does with each kind of message. */
import { randomBytes } from 'node:crypto';
import { isSelectable } from './dispatcher-state-machine.ts';
import type { DispatcherTable } from './dispatcher-table.ts';
import { nextHop, withoutOwnRoutes } from './in-dialog.ts';
import { createInviteTransaction, towardsCaller, type InviteTransaction } from './invite-transaction.ts';
import {
  cseqMethod,
  header,
  readVia,
  replyTo,
  tagOf,
  withSource,
  type HostPort,
  type SipMessage,
  type SipReply,
  type SipRequest,
} from './sip-message.ts';
import { countFinal, type Statistics } from './statistics.ts';

/** The set that new calls go to. */
const CALLS_SET = 1;

export interface SipProxy {
  receive(message: SipMessage, source: HostPort): void;
  /** Forgets every call under way, as a restart does. */
  forget(): void;
}

export interface SipProxyOptions {
  readonly self: HostPort;
  readonly table: DispatcherTable;
  readonly statistics: Statistics;
  readonly frTimerMs: number;
  readonly send: (message: SipMessage, to: HostPort) => void;
  /** An INVITE was sent to a destination. */
  onForward(uri: string, callId: string): void;
}

export function createSipProxy(options: SipProxyOptions): SipProxy {
  const { self, table, statistics, send } = options;
  const byCaller = new Map<string, InviteTransaction>();
  const byBranch = new Map<string, InviteTransaction>();
  let turn = 0;

  /** Round robin: the next one that takes calls, then the others after it for failover. */
  function choose(): string[] {
    const destinations = table.destinations(CALLS_SET);
    const ring = destinations.map((_, step) => destinations[(turn + step) % destinations.length]);
    const chosen = ring.flatMap((each) => (each !== undefined && isSelectable(each.state) ? [each.uri] : []));
    const skipped = ring.findIndex((each) => each !== undefined && isSelectable(each.state));
    if (destinations.length > 0) turn = (turn + Math.max(skipped, 0) + 1) % destinations.length;
    return chosen;
  }

  function reply(request: SipRequest, status: number, reason: string, source: HostPort): void {
    statistics.repliesGenerated += 1;
    statistics.repliesSent += 1;
    send(replyTo(request, status, reason, randomBytes(6).toString('hex')), source);
  }

  function invite(request: SipRequest, source: HostPort, key: string): void {
    const candidates = choose();
    if (candidates.length === 0) {
      reply(request, 503, 'No Media Node', source);
      return;
    }
    const callId = header(request, 'Call-ID');
    statistics.total += 1;
    statistics.current += 1;
    const transaction = createInviteTransaction({
      request: withoutOwnRoutes(request, self),
      source,
      self,
      candidates,
      frTimerMs: options.frTimerMs,
      send,
      isActive: (uri) => table.isActive(CALLS_SET, uri),
      onForward(uri, branch) {
        byBranch.set(branch, transaction);
        options.onForward(uri, callId);
      },
      onFinal(status) {
        countFinal(statistics, status);
        statistics.current -= 1;
        statistics.waiting += 1;
      },
      onEnd(branches) {
        statistics.waiting -= 1;
        byCaller.delete(key);
        for (const branch of branches) byBranch.delete(branch);
      },
    });
    byCaller.set(key, transaction);
    transaction.start();
  }

  function inDialog(request: SipRequest, source: HostPort): void {
    const hop = nextHop(request, self);
    if (hop !== undefined) send(hop.request, hop.to);
    else if (request.method !== 'ACK') reply(request, 481, 'Call/Transaction Does Not Exist', source);
  }

  function receiveRequest(asReceived: SipRequest, source: HostPort): void {
    statistics.requestsReceived += 1;
    const request = withSource(asReceived, source);
    const via = readVia(header(request, 'Via'));
    if (via === undefined) return;
    const key = `${via.host}:${via.port}:${via.branch}`;
    const transaction = byCaller.get(key);
    if (transaction !== undefined && request.method === 'INVITE') transaction.repeat();
    else if (transaction !== undefined && request.method === 'ACK') transaction.acknowledge();
    else if (transaction !== undefined && request.method === 'CANCEL') transaction.cancel(request, source);
    else if (Number(header(request, 'Max-Forwards') || '70') <= 0)
      reply(request, 483, 'Too Many Hops', source);
    else if (tagOf(header(request, 'To')) !== '') inDialog(request, source);
    else if (request.method === 'OPTIONS') reply(request, 200, 'OK', source);
    else if (request.method === 'INVITE') invite(request, source, key);
    // An ACK or CANCEL of nothing known is dropped, as t_check_trans does.
    else if (request.method !== 'ACK' && request.method !== 'CANCEL') {
      reply(request, 405, 'Method Not Allowed', source);
    }
  }

  function receiveReply(received: SipReply): void {
    const via = readVia(header(received, 'Via'));
    if (via?.host !== self.host || via.port !== self.port) return;
    statistics.repliesReceived += 1;
    const stripped = towardsCaller(received);
    const transaction = byBranch.get(via.branch);
    if (transaction !== undefined) {
      if (cseqMethod(received) === 'CANCEL') transaction.cancelAnswered();
      else transaction.reply(stripped, via.branch);
      return;
    }
    const next = readVia(header(stripped, 'Via'));
    if (next !== undefined) send(stripped, next.answerTo);
  }

  return {
    receive(message, source) {
      if (message.kind === 'request') receiveRequest(message, source);
      else receiveReply(message);
    },
    forget() {
      for (const transaction of byCaller.values()) transaction.stop();
      byCaller.clear();
      byBranch.clear();
      statistics.current = 0;
      statistics.waiting = 0;
    },
  };
}
