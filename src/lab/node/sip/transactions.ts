import { randomBytes } from 'node:crypto';
import type { Endpoint } from '../config.ts';
import {
  header,
  headerValues,
  parameter,
  serialise,
  statusOf,
  type SipMessage,
  type SipRequest,
} from './message.ts';
import type { SipTransport } from './transport.ts';

// RFC 3261, 17: T1, T2 and how long anything is tried or remembered (64 × T1).
const T1 = 500;
const T2 = 4000;
const LIFETIME = 64 * T1;

export const newTag = (): string => randomBytes(9).toString('base64url').replace(/[-_]/g, 'x');

/** Sends again and again, at T1 and doubling, until it is stopped or 32 s are over. */
class Retransmission {
  #timer: NodeJS.Timeout | undefined;

  constructor(send: () => void, longest: number, expired: () => void) {
    const started = Date.now();
    const again = (after: number): void => {
      this.#timer = setTimeout(() => {
        if (Date.now() - started + after > LIFETIME) {
          expired();
          return;
        }
        send();
        again(Math.min(after * 2, longest));
      }, after).unref();
    };
    again(T1);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

/** A request that came in, and its answers. A final answer to an INVITE is repeated until its ACK. */
export class ServerTransaction {
  readonly request: SipRequest;
  readonly source: Endpoint;
  readonly localTag: string;
  readonly #transport: SipTransport;
  readonly #agent: string;
  #last: Buffer | undefined;
  #repeat: Retransmission | undefined;
  status = 0;

  constructor(
    transport: SipTransport,
    request: SipRequest,
    source: Endpoint,
    localTag: string,
    agent: string,
  ) {
    this.#transport = transport;
    this.request = request;
    this.source = source;
    this.localTag = localTag;
    this.#agent = agent;
  }

  respond(
    status: number,
    reason: string,
    headers: readonly (readonly [string, string])[] = [],
    body = '',
    unacknowledged?: () => void,
  ): void {
    this.status = status;
    this.#last = serialise(`SIP/2.0 ${status} ${reason}`, [...this.#copied(status), ...headers], body);
    this.#send();
    this.#repeat?.stop();
    if (this.request.method !== 'INVITE' || status < 200) return;
    this.#repeat = new Retransmission(
      () => this.#send(),
      T2,
      () => unacknowledged?.(),
    );
  }

  /** The request came once more. */
  repeated(): void {
    this.#send();
  }

  acknowledged(): void {
    this.#repeat?.stop();
  }

  #send(): void {
    if (this.#last) this.#transport.send(this.#last, replyTarget(this.request, this.source));
  }

  #copied(status: number): [string, string][] {
    const { request } = this;
    const [top = '', ...vias] = headerValues(request, 'via');
    const to = header(request, 'to') ?? '';
    const tagged = status === 100 || parameter(to, 'tag') !== undefined ? to : `${to};tag=${this.localTag}`;
    const inDialog = request.method === 'INVITE' && status > 100 && status < 300;
    return [
      ['Via', received(top, this.source)],
      ...vias.map((via): [string, string] => ['Via', via]),
      ...(inDialog
        ? headerValues(request, 'record-route').map((route): [string, string] => ['Record-Route', route])
        : []),
      ['From', header(request, 'from') ?? ''],
      ['To', tagged],
      ['Call-ID', header(request, 'call-id') ?? ''],
      ['CSeq', header(request, 'cseq') ?? ''],
      ['User-Agent', this.#agent],
    ];
  }
}

function wantsSourcePort(via: string): boolean {
  return /;\s*rport\s*(?=;|$)/i.test(via);
}

/** RFC 3261, 18.2.1 and RFC 3581: says where the request really came from. */
function received(via: string, source: Endpoint): string {
  if (wantsSourcePort(via))
    return `${via.replace(/;\s*rport\s*(?=;|$)/i, `;rport=${source.port}`)};received=${source.host}`;
  return sentBy(via).host === source.host ? via : `${via};received=${source.host}`;
}

function replyTarget(request: SipRequest, source: Endpoint): Endpoint {
  const via = header(request, 'via') ?? '';
  return { host: source.host, port: wantsSourcePort(via) ? source.port : sentBy(via).port };
}

/** Host and port of a Via. */
export function sentBy(via: string): Endpoint {
  const match = /^SIP\s*\/\s*2\.0\s*\/\s*\w+\s+(\[[^\]]*\]|[^:;\s]+)(?::(\d+))?/i.exec(via);
  return { host: match?.[1] ?? '', port: Number(match?.[2] ?? 5060) };
}

/** Tells one server transaction from another (RFC 3261, 17.2.3). ACK and CANCEL find that of their INVITE. */
export function transactionKey(request: SipRequest, method = request.method): string {
  const via = header(request, 'via') ?? '';
  const { host, port } = sentBy(via);
  return `${method} ${parameter(via, 'branch') ?? ''} ${host}:${port} ${header(request, 'call-id') ?? ''}`;
}

/** All transactions of the profile, both ways. */
export class Transactions {
  readonly #transport: SipTransport;
  readonly #agent: string;
  readonly #servers = new Map<string, ServerTransaction>();
  readonly #clients = new Map<string, Retransmission>();

  constructor(transport: SipTransport, agent: string) {
    this.#transport = transport;
    this.#agent = agent;
  }

  find(key: string): ServerTransaction | undefined {
    return this.#servers.get(key);
  }

  begin(request: SipRequest, source: Endpoint, localTag = newTag()): ServerTransaction {
    const key = transactionKey(request);
    const transaction = new ServerTransaction(this.#transport, request, source, localTag, this.#agent);
    this.#servers.set(key, transaction);
    setTimeout(() => this.#servers.delete(key), LIFETIME + T2).unref();
    return transaction;
  }

  /** Sends a request of the node's own. Its answer only ends the repetition. */
  request(start: string, headers: readonly (readonly [string, string])[], target: Endpoint): void {
    const branch = `z9hG4bK${newTag()}`;
    const { host, port } = this.#transport.local;
    const bytes = serialise(start, [
      ['Via', `SIP/2.0/UDP ${host}:${port};rport;branch=${branch}`],
      ...headers,
    ]);
    const send = (): void => this.#transport.send(bytes, target);
    send();
    this.#clients.set(branch, new Retransmission(send, T2, () => this.#clients.delete(branch)));
  }

  answered(response: SipMessage): void {
    const branch = parameter(header(response, 'via') ?? '', 'branch') ?? '';
    if ((statusOf(response) ?? 0) < 200) return;
    this.#clients.get(branch)?.stop();
    this.#clients.delete(branch);
  }

  /** Requests of the node's own that nobody has answered yet. */
  get open(): number {
    return this.#clients.size;
  }

  stop(): void {
    for (const repeat of this.#clients.values()) repeat.stop();
    for (const transaction of this.#servers.values()) transaction.acknowledged();
  }
}
