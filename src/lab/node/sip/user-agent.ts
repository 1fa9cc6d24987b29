import type { Platform } from '../api/command.ts';
import type { Endpoint } from '../config.ts';
import { routed } from '../dialplan.ts';
import type { InviteLog } from '../invite-log.ts';
import { parseUri } from './address.ts';
import { ALLOW, InboundCall } from './inbound-call.ts';
import { asRequest, header, parameter, statusOf, type SipMessage, type SipRequest } from './message.ts';
import { register } from './registrar.ts';
import { Transactions, transactionKey, type ServerTransaction } from './transactions.ts';
import { SipTransport } from './transport.ts';

const KNOWN = ['INFO', 'UPDATE', 'PRACK', 'REFER', 'MESSAGE', 'NOTIFY', 'SUBSCRIBE', 'PUBLISH'];

/** The SIP profile: takes requests apart into calls, registrations and refusals. */
export class UserAgent {
  readonly #platform: Platform;
  readonly #log: InviteLog;
  readonly #transport: SipTransport;
  readonly #transactions: Transactions;
  /** By Call-ID, the node's tag and the caller's. */
  readonly #dialogs = new Map<string, InboundCall>();
  readonly #pending = new Map<string, InboundCall>();
  refused = 0;

  constructor(platform: Platform, log: InviteLog) {
    const { sip, name } = platform.core.config;
    this.#platform = platform;
    this.#log = log;
    this.#transport = new SipTransport(sip, (message, source) => this.#receive(message, source));
    this.#transactions = new Transactions(this.#transport, `FreeSWITCH/${name}`);
  }

  bind(): Promise<void> {
    return this.#transport.bind();
  }

  async close(): Promise<void> {
    this.#transactions.stop();
    await this.#transport.close();
  }

  /** BYEs that nobody has answered yet. */
  get openRequests(): number {
    return this.#transactions.open;
  }

  /** Settles every call that rings, and says how many these were. */
  settleRinging(how: 'answer' | 'fail'): number {
    const ringing = [...this.#pending.values()];
    for (const call of ringing) {
      if (how === 'answer') call.answerNow();
      else call.failNow();
    }
    return ringing.length;
  }

  #receive(message: SipMessage, source: Endpoint): void {
    // A profile that did not come up has no socket; nobody hears anything from it.
    if (this.#platform.core.faults.is('noProfile')) return;
    if (statusOf(message) !== undefined) {
      this.#transactions.answered(message);
      return;
    }
    const request = asRequest(message);
    if (request) this.#request(request, source);
  }

  #request(request: SipRequest, source: Endpoint): void {
    if (['via', 'from', 'to', 'call-id', 'cseq'].some((name) => header(request, name) === undefined)) return;
    if (request.method === 'ACK') {
      this.#acknowledge(request);
      return;
    }
    const again = this.#transactions.find(transactionKey(request));
    if (again) {
      again.repeated();
      return;
    }
    const invite =
      request.method === 'CANCEL' ? this.#transactions.find(transactionKey(request, 'INVITE')) : undefined;
    const call = this.#dialogs.get(dialogKey(request));
    const transaction = this.#transactions.begin(request, source, invite?.localTag);
    if (request.method === 'CANCEL') this.#cancel(transaction, invite);
    else if (call) call.handle(transaction);
    else if (parameter(header(request, 'to') ?? '', 'tag') !== undefined) {
      transaction.respond(481, 'Call/Transaction Does Not Exist');
    } else this.#outsideDialog(transaction);
  }

  #acknowledge(request: SipRequest): void {
    this.#transactions.find(transactionKey(request, 'INVITE'))?.acknowledged();
    this.#dialogs.get(dialogKey(request))?.acknowledged();
  }

  #cancel(transaction: ServerTransaction, invite: ServerTransaction | undefined): void {
    if (!invite) {
      transaction.respond(481, 'Call/Transaction Does Not Exist');
      return;
    }
    transaction.respond(200, 'OK');
    this.#pending.get(transactionKey(invite.request))?.cancel();
  }

  /** Fenced, full or booting, the node refuses whatever it is (measured on 1.10.12). */
  #outsideDialog(transaction: ServerTransaction): void {
    const { core, registrations } = this.#platform;
    const { method, uri } = transaction.request;
    const takes =
      method === 'INVITE'
        ? core.takesSession('inbound')
        : core.takesRequests() && !(method === 'OPTIONS' && core.faults.is('refuseOptions'));
    if (!takes) {
      this.refused += 1;
      transaction.respond(503, 'Maximum Calls In Progress', [['Retry-After', '300']]);
      if (method === 'INVITE') this.#seen(transaction, 503);
    } else if (method === 'INVITE') {
      if (routed(parseUri(uri).user)) this.#call(transaction);
      else {
        transaction.respond(404, 'Not Found');
        this.#seen(transaction, 404);
      }
    } else if (method === 'OPTIONS')
      transaction.respond(200, 'OK', [
        ['Allow', ALLOW],
        ['Accept', 'application/sdp'],
      ]);
    else if (method === 'REGISTER') register(core, registrations, transaction);
    else if (method === 'BYE') transaction.respond(481, 'Call/Transaction Does Not Exist');
    else if (KNOWN.includes(method)) transaction.respond(405, 'Method Not Allowed', [['Allow', ALLOW]]);
    else transaction.respond(501, 'Not Implemented');
  }

  #call(transaction: ServerTransaction): void {
    const { core, channels } = this.#platform;
    const { request, localTag } = transaction;
    const at = Date.now();
    const dialog = dialogKey(request, localTag);
    const pending = transactionKey(request);
    const life = { ended: false };
    const call = new InboundCall(
      {
        core,
        channels,
        transactions: this.#transactions,
        settled: (code) => {
          this.#pending.delete(pending);
          this.#seen(transaction, code, at);
        },
        ended: () => {
          life.ended = true;
          this.#dialogs.delete(dialog);
        },
      },
      transaction,
    );
    if (life.ended) return;
    this.#dialogs.set(dialog, call);
    if (transaction.status < 200) this.#pending.set(pending, call);
  }

  #seen(transaction: ServerTransaction, code: number, at = Date.now()): void {
    this.#log.invite({ at, callId: header(transaction.request, 'call-id') ?? '', code });
  }
}

function dialogKey(request: SipRequest, localTag = parameter(header(request, 'to') ?? '', 'tag')): string {
  const remoteTag = parameter(header(request, 'from') ?? '', 'tag');
  return `${header(request, 'call-id') ?? ''} ${localTag ?? ''} ${remoteTag ?? ''}`;
}
