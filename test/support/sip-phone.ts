import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { eventually } from './eventually.ts';

export interface SipTarget {
  readonly host: string;
  readonly port: number;
}

export interface SipLine {
  readonly start: string;
  readonly text: string;
  readonly source: SipTarget;
  header(name: string): string | undefined;
  headers(name: string): string[];
}

/** A SIP client of a few lines, so that no code is shared with what it tests. It answers BYE with 200 by itself. */
export class SipPhone {
  readonly host: string;
  readonly user: string;
  readonly received: SipLine[] = [];
  readonly #socket: Socket = createSocket('udp4');
  port = 0;
  #calls = 0;
  /** Off: a BYE is heard and not answered. */
  answersBye = true;

  private constructor(host: string, user: string) {
    this.host = host;
    this.user = user;
    this.#socket.on('message', (bytes, source) => this.#receive(bytes, source));
  }

  static async open(host: string, user = 'sipp'): Promise<SipPhone> {
    const phone = new SipPhone(host, user);
    await new Promise<void>((resolve) => phone.#socket.bind(0, host, resolve));
    phone.port = phone.#socket.address().port;
    return phone;
  }

  close(): void {
    this.#socket.close();
  }

  send(text: string, target: SipTarget): void {
    this.#socket.send(Buffer.from(text), target.port, target.host);
  }

  /** Prepares a call or any other request: nothing is sent yet. */
  dialog(target: SipTarget, user: string, extra: readonly string[] = [], callId?: string): PhoneDialog {
    this.#calls += 1;
    return new PhoneDialog(this, target, user, this.#calls, extra, callId);
  }

  /** Calls, waits for the 200 and acknowledges it. */
  async call(target: SipTarget, user = 'echo', extra: readonly string[] = []): Promise<PhoneDialog> {
    const dialog = this.dialog(target, user, extra);
    dialog.invite();
    await dialog.answer('INVITE', 200);
    dialog.acknowledge();
    return dialog;
  }

  /** Registers this phone for its user, and waits for the 200. */
  async register(target: SipTarget, callId: string, expires = 3600): Promise<SipLine> {
    const dialog = this.dialog(target, this.user, [`Expires: ${expires}`], callId);
    dialog.request('REGISTER');
    return dialog.answer('REGISTER', 200);
  }

  /** Waits for a message that fits. */
  async heard(fits: (line: SipLine) => boolean, what: string): Promise<SipLine> {
    const found = await eventually(
      () => this.received.find(fits),
      (line) => line !== undefined,
    );
    if (!found) throw new Error(`not heard: ${what}`);
    return found;
  }

  #receive(bytes: Buffer, source: RemoteInfo): void {
    const text = bytes.toString('utf8');
    const [start = '', ...lines] = (text.split('\r\n\r\n')[0] ?? '').split('\r\n');
    const headers = (name: string): string[] =>
      lines
        .filter((line) => line.toLowerCase().startsWith(`${name}:`))
        .map((line) => line.slice(name.length + 1).trim());
    const line = {
      start,
      text,
      source: { host: source.address, port: source.port },
      headers,
      header: (name: string) => headers(name)[0],
    };
    this.received.push(line);
    if (!start.startsWith('BYE ') || !this.answersBye) return;
    const copied = lines.filter((one) => /^(Via|From|To|Call-ID|CSeq):/i.test(one));
    this.send(`SIP/2.0 200 OK\r\n${copied.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`, line.source);
  }
}

/** One Call-ID. Requests look as those of SIPp's own uac scenario do. */
export class PhoneDialog {
  readonly callId: string;
  readonly #phone: SipPhone;
  readonly #target: SipTarget;
  readonly #user: string;
  readonly #number: number;
  readonly #extra: readonly string[];
  #sequence = 1;
  #branch = 0;
  #inviteBranch = 0;

  constructor(
    phone: SipPhone,
    target: SipTarget,
    user: string,
    number: number,
    extra: readonly string[],
    callId?: string,
  ) {
    this.#phone = phone;
    this.#target = target;
    this.#user = user;
    this.#number = number;
    this.#extra = extra;
    this.callId = callId ?? `${number}-${process.pid}@${phone.host}`;
  }

  invite(): void {
    this.#inviteBranch = this.#nextBranch();
    this.#send('INVITE', this.#inviteBranch, 'Subject: Performance Test', sdp(this.#phone.host));
  }

  /** The same INVITE, branch and all. */
  inviteAgain(): void {
    this.#send('INVITE', this.#inviteBranch, 'Subject: Performance Test', sdp(this.#phone.host));
  }

  /** For a 2xx a transaction of its own, for any other final answer that of the INVITE. */
  acknowledge(): void {
    const answered = this.last('INVITE')?.start.startsWith('SIP/2.0 2');
    this.#send('ACK', answered ? this.#nextBranch() : this.#inviteBranch);
  }

  cancel(): void {
    this.#send('CANCEL', this.#inviteBranch);
  }

  /** Any request, in the dialog if there is one. */
  request(method: string, extra = '', body = ''): void {
    this.#sequence += 1;
    const branch = this.#nextBranch();
    if (method === 'INVITE') this.#inviteBranch = branch;
    this.#send(method, branch, extra, body);
  }

  /** Hangs up and waits for the 200. */
  async bye(): Promise<void> {
    this.request('BYE');
    await this.answer('BYE', 200);
  }

  /** All answers to the latest request of that method. */
  answers(method: string): SipLine[] {
    const cseq = `${this.#sequence} ${method}`;
    return this.#heard().filter((line) => line.start.startsWith('SIP/2.0') && line.header('cseq') === cseq);
  }

  #heard(): SipLine[] {
    return this.#phone.received.filter((line) => line.header('call-id') === this.callId);
  }

  last(method: string): SipLine | undefined {
    return this.answers(method).at(-1);
  }

  /** Waits for an answer; a final one that is not `status` fails at once. */
  async answer(method: string, status: number): Promise<SipLine> {
    const line = await eventually(
      () => this.answers(method).find((one) => codeOf(one) === status || codeOf(one) >= 200),
      (one) => one !== undefined,
    );
    if (!line || codeOf(line) !== status)
      throw new Error(`${method} got "${line?.start ?? ''}", not ${status}`);
    return line;
  }

  #nextBranch(): number {
    this.#branch += 1;
    return this.#branch;
  }

  #send(method: string, branch: number, extra = '', body = ''): void {
    const { host, port, user } = this.#phone;
    const { host: there, port: thereAt } = this.#target;
    const tag = this.#heard().flatMap((line) => /;tag=[^;>\s]+/.exec(line.header('to') ?? '') ?? [])[0] ?? '';
    const ofFirstInvite = method === 'CANCEL' || (method === 'INVITE' && this.#sequence === 1);
    const to = `${this.#user} <sip:${this.#user}@${there}:${thereAt}>${ofFirstInvite ? '' : tag}`;
    const lines = [
      `${method} sip:${this.#user}@${there}:${thereAt} SIP/2.0`,
      `Via: SIP/2.0/UDP ${host}:${port};branch=z9hG4bK-${process.pid}-${this.#number}-${branch}`,
      ...this.#extra,
      `From: ${user} <sip:${user}@${host}:${port}>;tag=${process.pid}SIPpTag00${this.#number}`,
      `To: ${to}`,
      `Call-ID: ${this.callId}`,
      `CSeq: ${this.#sequence} ${method}`,
      `Contact: sip:${user}@${host}:${port}`,
      'Max-Forwards: 70',
      ...(extra === '' ? [] : [extra]),
      ...(body === '' ? [] : ['Content-Type: application/sdp']),
      `Content-Length: ${Buffer.byteLength(body)}`,
    ];
    this.#phone.send(`${lines.join('\r\n')}\r\n\r\n${body}`, this.#target);
  }
}

export const codeOf = (line: SipLine): number => Number(line.start.split(' ')[1]);

function sdp(host: string): string {
  return [
    'v=0',
    `o=user1 53655765 2353687637 IN IP4 ${host}`,
    's=-',
    `c=IN IP4 ${host}`,
    't=0 0',
    'm=audio 6000 RTP/AVP 0',
    'a=rtpmap:0 PCMU/8000',
    '',
  ].join('\r\n');
}
