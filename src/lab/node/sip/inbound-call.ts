import { randomInt } from 'node:crypto';
import type { Channel, ChannelTable, EndedBy } from '../channels.ts';
import {
  answerVariables,
  byeVariables,
  hangupVariables,
  inviteVariables,
  playbackVariables,
} from '../channel-variables.ts';
import type { Core } from '../core.ts';
import { bridged, ringTime } from '../dialplan.ts';
import { parseParty, parseUri, targetOf, uriOf } from './address.ts';
import type { SipLeg } from './leg.ts';
import { header, headerValues, type SipRequest } from './message.ts';
import { answerSdp, mediaOf } from './sdp.ts';
import { sentBy, type ServerTransaction, type Transactions } from './transactions.ts';

export const ALLOW = 'INVITE, ACK, BYE, CANCEL, OPTIONS, MESSAGE, INFO, UPDATE, REGISTER, REFER, NOTIFY';

export interface CallSurroundings {
  readonly core: Core;
  readonly channels: ChannelTable;
  readonly transactions: Transactions;
  /** The final answer to the INVITE went out. */
  settled(code: number): void;
  ended(): void;
}

/** One call from its INVITE to its end, seen from the node: one dialog, one channel. */
export class InboundCall {
  readonly channel: Channel;
  readonly #around: CallSurroundings;
  readonly #leg: SipLeg;
  readonly #routes: readonly string[];
  readonly #first: ServerTransaction;
  #invite: ServerTransaction;
  #remoteTarget: string;
  #lastVia: string;
  #timer: NodeJS.Timeout | undefined;
  #sequence = 100;

  constructor(around: CallSurroundings, invite: ServerTransaction) {
    const { core, channels } = around;
    this.#around = around;
    this.#first = invite;
    this.#invite = invite;
    this.#routes = headerValues(invite.request, 'record-route');
    this.#remoteTarget = uriOf(header(invite.request, 'contact') ?? header(invite.request, 'from') ?? '');
    this.#leg = readLeg(core, invite);
    this.#lastVia = this.#leg.via.full;
    invite.respond(100, 'Trying');
    this.channel = channels.start(setupOf(core, this.#leg), (channel) => {
      channel.set(inviteVariables(channel, this.#leg, profileOf(core), core.config.sip));
      channel.onEnd = (by) => this.#onEnd(channel, by);
    });
    this.#ring();
  }

  #ring(): void {
    const after = ringTime(this.#leg.request.user, this.#around.core.config.ringMs);
    if (after === 0) {
      this.#answer();
      return;
    }
    this.#first.respond(180, 'Ringing', [['Contact', this.#contact()]]);
    if (Number.isFinite(after)) this.#timer = setTimeout(() => this.#answer(), after);
  }

  #answer(): void {
    const { core, channels } = this.#around;
    const { channel } = this;
    this.#accept(this.#first);
    this.#around.settled(200);
    channel.set(answerVariables(channel, this.#leg));
    channels.answer(channel);
    channel.application = 'playback';
    channel.applicationData = 'silence_stream://-1';
    channel.set(playbackVariables());
    if (bridged(this.#leg.request.user)) this.#bridge();
    const range = core.config.hangupAfterMs;
    if (!range) return;
    const after = range[1] > range[0] ? randomInt(range[0], range[1] + 1) : range[0];
    this.#timer = setTimeout(() => channels.end(channel, 'NORMAL_CLEARING', 'node'), after);
  }

  /** The second leg lives in memory only: nobody is rung. */
  #bridge(): void {
    const { channels, core } = this.#around;
    const { channel } = this;
    const { user } = this.#leg.request;
    const setup = {
      ...channel.setup,
      direction: 'outbound',
      name: `sofia/${profileOf(core)}/${user}`,
      calleeName: 'Outbound Call',
      calleeNumber: user,
    } as const;
    const callee = channels.start(setup, (one) => {
      one.set([
        ['direction', 'outbound'],
        ['uuid', one.uuid],
        ['call_uuid', channel.uuid],
        ['originator', channel.uuid],
      ]);
      one.onEnd = () => one.set(hangupVariables(one));
      one.isCallee = true;
      one.callUuid = channel.uuid;
      one.originator = channel;
      one.partner = channel;
    });
    channel.callUuid = channel.uuid;
    channel.partner = callee;
    channel.application = 'bridge';
    channel.applicationData = `sofia/${profileOf(core)}/${user}`;
    channels.answer(callee);
  }

  /** Sends the 200 of an INVITE, the first or one inside the dialog. */
  #accept(transaction: ServerTransaction): void {
    this.#invite = transaction;
    const headers: [string, string][] = [
      ['Contact', this.#contact()],
      ['Allow', ALLOW],
      ['Content-Type', 'application/sdp'],
      ['Content-Disposition', 'session'],
    ];
    // Nobody acknowledges: the caller is gone (RFC 3261, 13.3.1.4).
    transaction.respond(200, 'OK', headers, this.#leg.localSdp, () =>
      this.#around.channels.end(this.channel, 'RECOVERY_ON_TIMER_EXPIRE', 'timeout'),
    );
  }

  acknowledged(): void {
    this.#invite.acknowledged();
  }

  /** What rings is answered now. */
  answerNow(): void {
    if (this.#first.status >= 200) return;
    clearTimeout(this.#timer);
    this.#answer();
  }

  /** What rings is refused now, as by a node whose far side failed: the caller's proxy may try the next one. */
  failNow(): void {
    if (this.#first.status >= 200) return;
    this.#first.respond(503, 'Service Unavailable');
    this.#around.settled(503);
    this.#around.channels.end(this.channel, 'NORMAL_TEMPORARY_FAILURE', 'node');
  }

  /** A CANCEL for the INVITE. Too late, it changes nothing. */
  cancel(): void {
    if (this.#first.status >= 200) return;
    this.#first.respond(487, 'Request Terminated');
    this.#around.settled(487);
    this.#around.channels.end(this.channel, 'ORIGINATOR_CANCEL', 'cancelled');
  }

  /** A request inside the dialog. */
  handle(transaction: ServerTransaction): void {
    const { request } = transaction;
    this.#lastVia = header(request, 'via') ?? '';
    if (request.method === 'INVITE' || request.method === 'UPDATE') this.#refreshTarget(request);
    switch (request.method) {
      case 'INVITE':
        this.#accept(transaction);
        break;
      case 'BYE':
        transaction.respond(200, 'OK');
        this.#around.channels.end(this.channel, 'NORMAL_CLEARING', 'caller');
        break;
      case 'UPDATE':
        transaction.respond(200, 'OK', [['Contact', this.#contact()]]);
        break;
      case 'INFO':
      case 'OPTIONS':
      case 'MESSAGE':
      case 'NOTIFY':
        transaction.respond(200, 'OK');
        break;
      default:
        transaction.respond(405, 'Method Not Allowed', [['Allow', ALLOW]]);
    }
  }

  #refreshTarget(request: SipRequest): void {
    const contact = header(request, 'contact');
    if (contact !== undefined) this.#remoteTarget = uriOf(contact);
  }

  #onEnd(channel: Channel, by: EndedBy): void {
    clearTimeout(this.#timer);
    if (this.#first.status < 200) {
      const busy = channel.cause === 'USER_BUSY';
      this.#first.respond(busy ? 486 : 480, busy ? 'Busy Here' : 'Temporarily Unavailable');
      this.#around.settled(this.#first.status);
    } else if (this.#first.status < 300) {
      this.#invite.acknowledged();
      if (by !== 'caller') this.#sendBye(channel.cause);
    }
    const via = by === 'caller' ? this.#lastVia : this.#leg.via.full;
    channel.set(byeVariables(this.#leg, by, via));
    channel.set(hangupVariables(channel));
    this.#around.ended();
  }

  #sendBye(cause: string): void {
    const { request, localTag } = this.#first;
    const [next] = this.#routes;
    const to = header(request, 'to') ?? '';
    this.#sequence += 1;
    this.#around.transactions.request(
      `BYE ${this.#remoteTarget} SIP/2.0`,
      [
        ...this.#routes.map((route): [string, string] => ['Route', route]),
        ['Max-Forwards', '70'],
        ['From', `${to};tag=${localTag}`],
        ['To', header(request, 'from') ?? ''],
        ['Call-ID', this.#leg.callId],
        ['CSeq', `${this.#sequence} BYE`],
        ['User-Agent', `FreeSWITCH/${this.#around.core.config.name}`],
        ['Reason', `Q.850;cause=16;text="${cause}"`],
      ],
      targetOf(next === undefined ? this.#remoteTarget : uriOf(next)),
    );
  }

  #contact(): string {
    const { host, port } = this.#around.core.config.sip;
    return `<sip:${this.#leg.request.user}@${host}:${port};transport=udp>`;
  }
}

function profileOf(core: Core): string {
  return core.config.profiles[0] ?? 'external';
}

function setupOf(core: Core, leg: SipLeg) {
  const { user, host, port } = leg.from;
  return {
    direction: 'inbound',
    name: `sofia/${profileOf(core)}/${user}@${host}${port === undefined ? '' : `:${port}`}`,
    cidName: leg.from.display || user,
    cidNumber: user,
    ip: leg.source.host,
    destination: leg.request.user,
    dialplan: 'XML',
    codec: 'PCMU',
    leg,
  } as const;
}

let nextPort = 0;

function readLeg(core: Core, { request, source, localTag }: ServerTransaction): SipLeg {
  const via = header(request, 'via') ?? '';
  const { host } = core.config.sip;
  // The reference system's RTP range; no socket is behind it.
  nextPort = (nextPort + 2) % 16_384;
  const localMedia = { host, port: 16_384 + nextPort };
  const contact = header(request, 'contact') ?? header(request, 'from') ?? '';
  return {
    callId: header(request, 'call-id') ?? '',
    from: parseParty(header(request, 'from') ?? ''),
    to: parseParty(header(request, 'to') ?? ''),
    request: parseUri(request.uri),
    contact: parseUri(uriOf(contact)),
    via: { host: sentBy(via).host, port: String(sentBy(via).port), full: via },
    source,
    maxForwards: header(request, 'max-forwards') ?? '70',
    subject: header(request, 'subject'),
    remoteSdp: request.body,
    remoteMedia: mediaOf(request.body, source.host),
    localSdp: answerSdp(request.body, localMedia, Math.floor(Date.now() / 1000)),
    localMedia,
    localTag,
    cseq: Number.parseInt(header(request, 'cseq') ?? '0', 10),
  };
}
