/**
 * One INVITE on its way: tried at one destination after the other, retransmissions absorbed on both sides, everything
 * but a 2xx acknowledged hop by hop.
 */
import { randomBytes } from 'node:crypto';
import { startRetransmission, T1_MS } from './retransmission.ts';
import {
  addressOf,
  header,
  prepended,
  replaced,
  replyTo,
  withoutFirst,
  type HostPort,
  type SipMessage,
  type SipReply,
  type SipRequest,
} from './sip-message.ts';

/** How long an answered transaction is kept for retransmissions: 64 × T1. */
const LINGER_MS = 64 * T1_MS;
/** tm's fr_inv_timer: how long a call may ring. */
const RINGING_MS = 120_000;

export interface InviteOptions {
  /** As it came in, with the source in its top Via. */
  readonly request: SipRequest;
  readonly source: HostPort;
  readonly self: HostPort;
  /** Destinations in the order of the choice, frozen then. */
  readonly candidates: readonly string[];
  readonly frTimerMs: number;
  readonly send: (message: SipMessage, to: HostPort) => void;
  /** Asked before each failover: the list is old by then. */
  isActive(uri: string): boolean;
  onForward(uri: string, branch: string): void;
  /** The final answer went back to the caller. */
  onFinal(status: number): void;
  /** Nothing of it is needed any more. */
  onEnd(branches: readonly string[]): void;
}

export interface InviteTransaction {
  start(): void;
  /** The same INVITE once more. */
  repeat(): void;
  acknowledge(): void;
  cancel(request: SipRequest, source: HostPort): void;
  /** @param reply without the proxy's own Via */
  reply(reply: SipReply, branch: string): void;
  /** The destination has heard of the CANCEL. */
  cancelAnswered(): void;
  stop(): void;
}

interface Branch {
  readonly id: string;
  readonly request: SipRequest;
  readonly address: HostPort;
  provisional: boolean;
  canceling: { stop(): void } | null;
}

export function createInviteTransaction(options: InviteOptions): InviteTransaction {
  const { request, source, self, send } = options;
  const candidates = [...options.candidates];
  const branches = new Map<string, Branch>();
  const toTag = randomBytes(6).toString('hex');
  let current: Branch | null = null;
  let state: 'proceeding' | 'accepted' | 'refused' = 'proceeding';
  let cancelled = false;
  let lastAnswer: SipReply | null = null;
  let sending: { stop(): void } | null = null;
  let timer: NodeJS.Timeout | undefined;

  function rest(): void {
    sending?.stop();
    sending = null;
    clearTimeout(timer);
  }

  function stop(): void {
    rest();
    for (const branch of branches.values()) branch.canceling?.stop();
  }

  function end(): void {
    stop();
    options.onEnd([...branches.keys()]);
  }

  function answer(reply: SipReply): void {
    lastAnswer = reply;
    send(reply, source);
  }

  function forward(uri: string): boolean {
    const address = addressOf(uri);
    if (address === undefined) return false;
    const id = `z9hG4bK${randomBytes(10).toString('hex')}`;
    const hops = Number(header(request, 'Max-Forwards') || '70') - 1;
    const routed = prepended(
      replaced(request, 'Max-Forwards', String(hops)),
      'Record-Route',
      `<sip:${self.host}:${self.port};lr>`,
    );
    const outgoing = prepended(routed, 'Via', `SIP/2.0/UDP ${self.host}:${self.port};branch=${id}`);
    const branch: Branch = { id, request: outgoing, address, provisional: false, canceling: null };
    current = branch;
    branches.set(id, branch);
    options.onForward(uri, id);
    sending = startRetransmission(() => send(outgoing, address));
    timer = setTimeout(() => {
      if (cancelled) refuse(replyTo(request, 487, 'Request Terminated', toTag));
      else tryNext();
    }, options.frTimerMs);
    return true;
  }

  function tryNext(): void {
    rest();
    while (candidates.length > 0) {
      const uri = candidates.shift() ?? '';
      // The first one was chosen this instant; a later one may have been drained since.
      if ((branches.size === 0 || options.isActive(uri)) && forward(uri)) return;
    }
    refuse(replyTo(request, 503, 'No Media Node', toTag));
  }

  function refuse(reply: SipReply): void {
    rest();
    state = 'refused';
    lastAnswer = reply;
    options.onFinal(reply.status);
    sending = startRetransmission(() => send(reply, source));
    timer = setTimeout(end, LINGER_MS);
  }

  function sendCancel(branch: Branch): void {
    if (branch.canceling !== null) return;
    const { headers, uri } = branch.request;
    const number = header(branch.request, 'CSeq').split(/\s+/)[0] ?? '1';
    const cancel: SipRequest = {
      kind: 'request',
      method: 'CANCEL',
      uri,
      headers: [
        ...headers.filter(({ name }) => name.toLowerCase() === 'via').slice(0, 1),
        ...headers.filter(({ name }) =>
          ['from', 'to', 'call-id', 'route', 'max-forwards'].includes(name.toLowerCase()),
        ),
        { name: 'CSeq', value: `${number} CANCEL` },
      ],
      body: '',
    };
    branch.canceling = startRetransmission(() => send(cancel, branch.address));
  }

  function acknowledgeFinal(branch: Branch, reply: SipReply): void {
    branch.canceling?.stop();
    const { headers, uri } = branch.request;
    const number = header(branch.request, 'CSeq').split(/\s+/)[0] ?? '1';
    const ack: SipRequest = {
      kind: 'request',
      method: 'ACK',
      uri,
      headers: [
        ...headers.filter(({ name }) => name.toLowerCase() === 'via').slice(0, 1),
        ...headers.filter(({ name }) =>
          ['from', 'call-id', 'route', 'max-forwards'].includes(name.toLowerCase()),
        ),
        { name: 'To', value: header(reply, 'To') },
        { name: 'CSeq', value: `${number} ACK` },
      ],
      body: '',
    };
    send(ack, branch.address);
  }

  function provisional(branch: Branch, reply: SipReply): void {
    sending?.stop();
    if (!branch.provisional) {
      branch.provisional = true;
      clearTimeout(timer);
      timer = setTimeout(() => {
        sendCancel(branch);
        refuse(replyTo(request, 408, 'Request Timeout', toTag));
      }, RINGING_MS);
    }
    if (cancelled) sendCancel(branch);
    if (reply.status > 100) answer(reply);
  }

  return {
    start() {
      // 100 says nothing about a destination: it stops the caller's retransmissions, and goes no further than one hop.
      answer(replyTo(request, 100, 'trying -- your call is important to us', ''));
      tryNext();
    },
    repeat() {
      if (lastAnswer !== null && state !== 'accepted') send(lastAnswer, source);
    },
    acknowledge() {
      if (state !== 'refused') return;
      rest();
      timer = setTimeout(end, 10 * T1_MS);
    },
    cancel(cancelRequest, from) {
      send(replyTo(cancelRequest, 200, 'canceling', toTag), from);
      if (state !== 'proceeding') return;
      cancelled = true;
      if (current?.provisional === true) sendCancel(current);
    },
    reply(reply, id) {
      const branch = branches.get(id);
      if (branch === undefined) return;
      if (reply.status >= 300) acknowledgeFinal(branch, reply);
      if (branch !== current || (state === 'refused' && reply.status < 300)) {
        // A destination that was given up and wakes up late: its call has gone elsewhere.
        if (reply.status < 200) sendCancel(branch);
        return;
      }
      if (state === 'accepted') {
        if (reply.status >= 200 && reply.status < 300) send(reply, source);
        return;
      }
      if (state === 'refused') return;
      if (reply.status < 200) {
        provisional(branch, reply);
      } else if (reply.status < 300) {
        stop();
        state = 'accepted';
        options.onFinal(reply.status);
        answer(reply);
        timer = setTimeout(end, LINGER_MS);
      } else if ((reply.status === 500 || reply.status === 503) && !cancelled) {
        tryNext();
      } else {
        refuse(reply);
      }
    },
    cancelAnswered: () => current?.canceling?.stop(),
    stop,
  };
}

/** Takes the proxy's own Via off. */
export function towardsCaller(reply: SipReply): SipReply {
  return withoutFirst(reply, 'Via');
}
