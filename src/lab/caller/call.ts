/** One call of the caller's: INVITE to BYE, as a state machine over the messages and timers of RFC 3261. */
import { startRetransmission, T1_MS } from '../proxy/retransmission.ts';
import {
  addressOf,
  cseqMethod,
  header,
  headerValues,
  replyTo,
  tagOf,
  uriOf,
  type HostPort,
  type SipHeader,
  type SipMessage,
  type SipReply,
  type SipRequest,
} from '../proxy/sip-message.ts';

export interface CallOptions {
  readonly callId: string;
  readonly self: HostPort;
  readonly proxy: HostPort;
  /** Who is called: the user part of the request URI. */
  readonly destination: string;
  /** From the answer to the caller's BYE. */
  readonly holdMs: number;
  /** How long a transaction waits for its final answer. */
  readonly transactionMs: number;
  readonly send: (message: SipMessage, to: HostPort) => void;
  onAnswer(): void;
  /** @param failure null where it ended as it should */
  onEnd(failure: string | null): void;
}

export interface Call {
  start(): void;
  receive(message: SipMessage, source: HostPort): void;
  /** Hangs up now: CANCEL while it rings, BYE when it is up. */
  hangUp(): void;
  /** Stops its timers and says nothing more to anybody. */
  abandon(): void;
}

interface Dialog {
  readonly target: string;
  readonly routes: readonly string[];
  readonly to: string;
  readonly next: HostPort;
}

/** How long an ended call still answers retransmissions. */
const LINGER_MS = 5_000;
/** Q.850: normal call clearing. */
const NORMAL_CLEARING = '16';

export function createCall(options: CallOptions): Call {
  const { callId, self, proxy, send } = options;
  const from = `<sip:caller@${self.host}:${self.port}>;tag=${callId.slice(0, 8)}`;
  const target = `sip:${options.destination}@${proxy.host}:${proxy.port}`;
  const contact = { name: 'Contact', value: `<sip:caller@${self.host}:${self.port}>` };
  let phase: 'calling' | 'up' | 'hanging up' | 'ended' = 'calling';
  let provisional = false;
  let wantsEnd = false;
  let dialog: Dialog | null = null;
  let ack: SipRequest | null = null;
  let sequence = 1;
  let sending: { stop(): void } | null = null;
  let canceling: { stop(): void } | null = null;
  let timer: NodeJS.Timeout | undefined;

  function via(branch: string): SipHeader {
    return {
      name: 'Via',
      value: `SIP/2.0/UDP ${self.host}:${self.port};rport;branch=z9hG4bK${callId.replaceAll(/[^\w.-]/g, '-')}-${branch}`,
    };
  }

  function request(
    method: string,
    uri: string,
    branch: string,
    number: number,
    to: string,
    more: readonly SipHeader[] = [],
    body = '',
  ): SipRequest {
    const headers = [
      via(branch),
      { name: 'Max-Forwards', value: '70' },
      { name: 'From', value: from },
      { name: 'To', value: to },
      { name: 'Call-ID', value: callId },
      { name: 'CSeq', value: `${number} ${method}` },
      ...more,
    ];
    return { kind: 'request', method, uri, headers, body };
  }

  function rest(): void {
    sending?.stop();
    canceling?.stop();
    clearTimeout(timer);
  }

  function end(failure: string | null): void {
    if (phase === 'ended') return;
    rest();
    phase = 'ended';
    options.onEnd(failure);
  }

  function invite(): void {
    const body = sessionDescription(self);
    const type = { name: 'Content-Type', value: 'application/sdp' };
    const message = request('INVITE', target, 'i', sequence, `<${target}>`, [contact, type], body);
    sending = startRetransmission(() => send(message, proxy));
    timer = setTimeout(() => {
      end(provisional ? 'INVITE: no final answer' : 'INVITE: no answer');
    }, options.transactionMs);
  }

  function cancel(): void {
    const message = request('CANCEL', target, 'i', sequence, `<${target}>`);
    canceling ??= startRetransmission(() => send(message, proxy));
  }

  function bye(): void {
    if (dialog === null) return;
    const { next } = dialog;
    phase = 'hanging up';
    clearTimeout(timer);
    sequence += 1;
    const message = inDialog(dialog, 'BYE', 'b', sequence);
    sending = startRetransmission(() => send(message, next));
    timer = setTimeout(() => end('BYE: no answer'), options.transactionMs);
  }

  function inDialog(within: Dialog, method: string, branch: string, number: number): SipRequest {
    const routes = within.routes.map((value) => ({ name: 'Route', value }));
    return request(method, within.target, branch, number, within.to, routes);
  }

  function answered(reply: SipReply): void {
    sending?.stop();
    clearTimeout(timer);
    const routes = headerValues(reply, 'Record-Route').toReversed();
    const remote = uriOf(header(reply, 'Contact')) || target;
    const next = addressOf(routes[0] === undefined ? remote : uriOf(routes[0])) ?? proxy;
    dialog = { target: remote, routes, to: header(reply, 'To'), next };
    ack = inDialog(dialog, 'ACK', 'a', sequence);
    phase = 'up';
    send(ack, next);
    options.onAnswer();
    if (wantsEnd) bye();
    else timer = setTimeout(bye, options.holdMs);
  }

  function refused(reply: SipReply): void {
    const message = request('ACK', target, 'i', sequence, header(reply, 'To'));
    send(message, proxy);
    if (phase !== 'calling') return;
    end(wantsEnd && reply.status === 487 ? null : `INVITE: ${reply.status} ${reply.reason}`);
  }

  function receiveInviteReply(reply: SipReply): void {
    if (reply.status < 200) {
      if (phase !== 'calling') return;
      sending?.stop();
      provisional = true;
      if (wantsEnd) cancel();
    } else if (reply.status >= 300) {
      refused(reply);
    } else if (phase === 'calling') {
      answered(reply);
    } else if (ack !== null && dialog !== null && tagOf(header(reply, 'To')) === tagOf(dialog.to)) {
      send(ack, dialog.next);
    }
  }

  function receiveRequest(message: SipRequest, source: HostPort): void {
    if (message.method === 'ACK') return;
    const known = dialog !== null && phase !== 'calling';
    if (!known) {
      send(replyTo(message, 481, 'Call/Transaction Does Not Exist', ''), source);
      return;
    }
    const sdp = message.method === 'INVITE' ? sessionDescription(self) : '';
    const more = sdp === '' ? [] : [contact, { name: 'Content-Type', value: 'application/sdp' }];
    send(replyTo(message, 200, 'OK', '', more, sdp), source);
    if (message.method === 'BYE') end(cutShort(message));
  }

  return {
    start: invite,
    receive(message, source) {
      if (message.kind === 'request') {
        receiveRequest(message, source);
        return;
      }
      const method = cseqMethod(message);
      if (method === 'INVITE') receiveInviteReply(message);
      else if (method === 'CANCEL') canceling?.stop();
      else if (method === 'BYE' && message.status >= 200 && phase === 'hanging up') {
        end(message.status < 300 ? null : `BYE: ${message.status} ${message.reason}`);
      }
    },
    hangUp() {
      wantsEnd = true;
      if (phase === 'up') bye();
      else if (phase === 'calling' && provisional) cancel();
    },
    abandon() {
      rest();
      phase = 'ended';
    },
  };
}

/** How long the caller keeps a call that has ended, to answer what is sent again. */
export const CALL_LINGER_MS = LINGER_MS;

/** RFC 3261's 64 × T1: how long a transaction waits unless told otherwise. */
export const TRANSACTION_MS = 64 * T1_MS;

/** Why a BYE from the other side was no normal end: a node that stops says so in its Reason. Null where it was one. */
function cutShort(bye: SipRequest): string | null {
  const reason = header(bye, 'Reason');
  const cause = /cause=(\d+)/.exec(reason)?.[1];
  return cause === undefined || cause === NORMAL_CLEARING ? null : `cut by the other side: ${reason}`;
}

function sessionDescription(self: HostPort): string {
  const lines = [
    'v=0',
    `o=caller 1 1 IN IP4 ${self.host}`,
    's=-',
    `c=IN IP4 ${self.host}`,
    't=0 0',
    'm=audio 40000 RTP/AVP 8 0',
    'a=rtpmap:8 PCMA/8000',
    'a=rtpmap:0 PCMU/8000',
    'a=sendrecv',
  ];
  return `${lines.join('\r\n')}\r\n`;
}
