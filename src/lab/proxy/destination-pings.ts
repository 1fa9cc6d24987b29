/** OPTIONS pings: who is pinged, and what an answer or silence makes of the destination's state. */
import { randomBytes } from 'node:crypto';
import { isPinged } from './dispatcher-state-machine.ts';
import type { DispatcherTable } from './dispatcher-table.ts';
import type { ProxyConfig } from './proxy-config.ts';
import { startRetransmission } from './retransmission.ts';
import { addressOf, type HostPort, type SipReply, type SipRequest } from './sip-message.ts';

export interface DestinationPings {
  /** @param branch that of the reply's top Via; false where it answers no ping */
  receive(reply: SipReply, branch: string): boolean;
  stop(): void;
}

interface Ping {
  readonly set: number;
  readonly uri: string;
  readonly sentAt: number;
  end(): void;
}

/**
 * @param active asked before each round; dispatcher.ping_active and the fault `pingsOff` say no
 * @param sent called for each ping
 */
export function startPings(
  config: ProxyConfig,
  table: DispatcherTable,
  send: (message: SipRequest, to: HostPort) => void,
  active: () => boolean,
  sent: () => void,
): DestinationPings {
  const underWay = new Map<string, Ping>();

  function settle(branch: string, good: boolean): void {
    const ping = underWay.get(branch);
    if (ping === undefined) return;
    underWay.delete(branch);
    ping.end();
    table.pinged(ping.set, ping.uri, good, performance.now() - ping.sentAt);
  }

  function ping(set: number, uri: string): void {
    const branch = `z9hG4bKping${randomBytes(8).toString('hex')}`;
    const address = addressOf(uri);
    if (address === undefined) {
      table.pinged(set, uri, false, 0);
      return;
    }
    const request = optionsRequest(uri, config.sip, branch);
    const retransmission = startRetransmission(() => send(request, address));
    const timer = setTimeout(() => settle(branch, false), config.frTimerMs);
    const end = (): void => {
      clearTimeout(timer);
      retransmission.stop();
    };
    underWay.set(branch, { set, uri, sentAt: performance.now(), end });
    sent();
  }

  function round(): void {
    if (!active()) return;
    for (const set of table.sets()) {
      for (const { uri, state } of table.destinations(set)) {
        if (isPinged(state, config.probingMode)) ping(set, uri);
      }
    }
  }

  const interval = config.pingIntervalMs > 0 ? setInterval(round, config.pingIntervalMs) : undefined;
  return {
    receive(reply, branch) {
      if (!underWay.has(branch)) return false;
      if (reply.status >= 200) settle(branch, reply.status < 300);
      return true;
    },
    stop() {
      clearInterval(interval);
      for (const each of underWay.values()) each.end();
      underWay.clear();
    },
  };
}

function optionsRequest(uri: string, from: HostPort, branch: string): SipRequest {
  const tag = randomBytes(8).toString('hex');
  return {
    kind: 'request',
    method: 'OPTIONS',
    uri,
    headers: [
      { name: 'Via', value: `SIP/2.0/UDP ${from.host}:${from.port};branch=${branch}` },
      { name: 'To', value: `<${uri}>` },
      { name: 'From', value: `<sip:ping@${from.host}>;tag=${tag}` },
      { name: 'CSeq', value: '10 OPTIONS' },
      { name: 'Call-ID', value: `${tag}@${from.host}` },
      { name: 'Max-Forwards', value: '70' },
      { name: 'User-Agent', value: 'kamailio (stand-in)' },
    ],
    body: '',
  };
}
