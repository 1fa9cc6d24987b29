import { openSipSocket } from '../../src/lab/proxy/sip-socket.ts';
import {
  header,
  headerValues,
  replyTo,
  uriOf,
  type HostPort,
  type SipMessage,
  type SipRequest,
} from '../../src/lab/proxy/sip-message.ts';

/** How a destination behaves: to a new INVITE, to OPTIONS, and to BYE (default 200). */
export interface AnswererManner {
  /** `ring`: 180 and then nothing. `silent`: not a word, to OPTIONS neither. */
  readonly invite: number | 'ring' | 'silent';
  readonly options?: number | 'silent';
  readonly bye?: number | 'silent';
}

export interface SipAnswerer {
  readonly uri: string;
  readonly address: HostPort;
  manner: AnswererManner;
  /** Every request in the order of arrival, retransmissions included. */
  readonly requests: readonly SipRequest[];
  /** Every reply that reached it: to its own requests. */
  readonly replies: readonly SipMessage[];
  count(method: string): number;
  /** Dialogs that were acknowledged and not ended. */
  readonly up: number;
  /** Sends something of its own, as a node does that hangs up. */
  send(message: SipMessage, to: HostPort): void;
  close(): Promise<void>;
}

/** A SIP destination in the test's own process, that does what it is told. */
export async function startAnswerer(address: HostPort, manner: AnswererManner): Promise<SipAnswerer> {
  const requests: SipRequest[] = [];
  const replies: SipMessage[] = [];
  const up = new Set<string>();
  const ringing = new Map<string, SipRequest>();
  const tag = `a${address.host.replaceAll('.', '')}${address.port}`;

  const socket = await openSipSocket(address, (message, source) => {
    if (message.kind === 'reply') {
      replies.push(message);
      return;
    }
    requests.push(message);
    answer(message, source);
  });
  const contact = { name: 'Contact', value: `<sip:node@${address.host}:${address.port}>` };

  function answer(request: SipRequest, source: HostPort): void {
    const callId = header(request, 'Call-ID');
    const reply = (status: number, reason: string, to = request): void =>
      socket.send(replyTo(to, status, reason, tag, status < 300 ? [contact] : []), source);
    if (request.method === 'ACK') {
      if (typeof answerer.manner.invite === 'number' && answerer.manner.invite < 300) up.add(callId);
    } else if (request.method === 'OPTIONS') {
      const how = answerer.manner.options ?? (answerer.manner.invite === 'silent' ? 'silent' : 200);
      if (how !== 'silent') reply(how, 'As Told');
    } else if (request.method === 'INVITE') {
      const how = answerer.manner.invite;
      if (how === 'silent') return;
      if (how === 'ring') {
        ringing.set(callId, request);
        reply(180, 'Ringing');
      } else {
        reply(how, 'As Told');
      }
    } else if (request.method === 'CANCEL') {
      reply(200, 'OK');
      const invite = ringing.get(callId);
      if (invite !== undefined) reply(487, 'Request Terminated', invite);
    } else if (request.method === 'BYE') {
      const how = answerer.manner.bye ?? 200;
      up.delete(callId);
      if (how !== 'silent') reply(how, 'As Told');
    } else {
      reply(200, 'OK');
    }
  }

  const answerer: SipAnswerer = {
    uri: `sip:${address.host}:${address.port}`,
    address,
    manner,
    requests,
    replies,
    count: (method) => requests.filter((request) => request.method === method).length,
    get up() {
      return up.size;
    },
    send: (message, to) => socket.send(message, to),
    close: () => socket.close(),
  };
  return answerer;
}

/** What a node sends that hangs up: the roles of From and To turned round, the way back by Record-Route. */
export function byeFrom(node: SipAnswerer, invite: SipRequest, reason?: string): SipMessage {
  const { host, port } = node.address;
  return {
    kind: 'request',
    method: 'BYE',
    uri: uriOf(header(invite, 'Contact')),
    headers: [
      {
        name: 'Via',
        value: `SIP/2.0/UDP ${host}:${port};rport;branch=z9hG4bK-bye-${header(invite, 'Call-ID')}`,
      },
      ...headerValues(invite, 'Record-Route').map((value) => ({ name: 'Route', value })),
      { name: 'Max-Forwards', value: '70' },
      { name: 'From', value: `${header(invite, 'To')};tag=a${host.replaceAll('.', '')}${port}` },
      { name: 'To', value: header(invite, 'From') },
      { name: 'Call-ID', value: header(invite, 'Call-ID') },
      { name: 'CSeq', value: '1 BYE' },
      ...(reason === undefined ? [] : [{ name: 'Reason', value: reason }]),
    ],
    body: '',
  };
}
