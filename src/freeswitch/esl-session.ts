/** The states of one ESL connection: greeted, authenticating, ready, ended. */
import type { Duplex } from 'node:stream';
import { FshaError } from '../domain/errors.ts';
import type { Secret } from '../domain/secret.ts';
import type { Clock } from '../workflow/ports.ts';
import { CommandQueue, type CommandOptions } from './command-queue.ts';
import type { EslConnection, EslEnd, EventHeaders, EventListener } from './esl-connection.ts';
import {
  commandRefused,
  connectionFailure,
  lostBeforeLogin,
  notEsl,
  rejectedByAcl,
  wrongPassword,
} from './esl-errors.ts';
import { FramingError } from './frame-reader.ts';
import { asRecord, parseJson } from './json-values.ts';
import { openWire, type EslFrame, type Wire, type WireListener } from './modesl-connection.ts';
import { isRefusal } from './plain-replies.ts';

/** Of the `text/disconnect-notice` that FreeSWITCH sends when it stops (measured on 1.10.12). */
const SHUTTING_DOWN = /being shut down/i;

interface LoginWait {
  readonly password: Secret;
  readonly done: () => void;
  readonly failed: (error: FshaError) => void;
}

export class EslSession implements EslConnection, WireListener {
  readonly closed: Promise<EslEnd>;
  readonly #where: string;
  readonly #wire: Wire;
  readonly #queue: CommandQueue;
  readonly #listeners = new Set<EventListener>();
  #state: 'greeting' | 'authenticating' | 'ready' | 'ended' = 'greeting';
  #login: LoginWait | null = null;
  #end: FshaError | null = null;
  #shuttingDown = false;
  #settleClosed: (end: EslEnd) => void = () => undefined;

  constructor(stream: Duplex, where: string, clock: Clock) {
    this.#where = where;
    this.closed = new Promise((resolve) => (this.#settleClosed = resolve));
    this.#wire = openWire(stream, this);
    this.#queue = new CommandQueue({
      where,
      clock,
      write: (command) => this.#wire.send(command),
      abandoned: (error) => this.fail(error),
    });
  }

  get open(): boolean {
    return this.#state === 'ready';
  }

  /** Waits for the greeting and answers it. Has no deadline of its own: {@link fail} ends it. */
  login(password: Secret): Promise<void> {
    return new Promise((done, failed) => {
      if (this.#end !== null) failed(this.#end);
      else this.#login = { password, done, failed };
    });
  }

  async api(command: string, options: CommandOptions): Promise<string> {
    const body = await this.apiRaw(command, options);
    if (isRefusal(body)) throw commandRefused(this.#where, command, body);
    return body;
  }

  async apiRaw(command: string, options: CommandOptions): Promise<string> {
    const frame = await this.#queue.run(`api ${command}`, options);
    // Denied by an ACL, or not logged in: FreeSWITCH answers a command/reply, without a body.
    if (frame.contentType === 'command/reply') throw commandRefused(this.#where, command, frame.replyText);
    return frame.body;
  }

  async subscribe(events: readonly string[], options: CommandOptions): Promise<void> {
    await this.#command(`event json ${events.join(' ')}`, options);
  }

  async unsubscribe(options: CommandOptions): Promise<void> {
    await this.#command('noevents', options);
  }

  onEvent(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close(): void {
    this.#finish(
      'closed',
      new FshaError('connection.lost', `The ESL connection to ${this.#where} was closed.`),
    );
  }

  /** Ends the connection for that reason. */
  fail(error: FshaError): void {
    this.#finish(this.#shuttingDown ? 'shutdown' : 'failed', error);
  }

  frame(frame: EslFrame): void {
    switch (frame.contentType) {
      case 'auth/request':
        this.#authenticate();
        return;
      case 'text/rude-rejection':
        this.fail(rejectedByAcl(this.#where));
        return;
      case 'text/disconnect-notice':
        this.#shuttingDown ||= SHUTTING_DOWN.test(frame.body);
        this.ended();
        return;
      case 'command/reply':
      case 'api/response':
        this.#answer(frame);
        return;
      default:
        if (this.#state !== 'ready') this.#surprise(`a frame of type ${frame.contentType} before the login`);
        else if (frame.eventName !== null) this.#event(frame.eventName, frame.body);
    }
  }

  failed(thrown: unknown): void {
    if (this.#state === 'ready') this.fail(connectionFailure(this.#where, thrown));
    else if (!(thrown instanceof FramingError)) this.fail(lostBeforeLogin(this.#where, thrown));
    // Once the password was sent, what comes may be its echo: nothing of it is shown any more.
    else this.#surprise(thrown.message, this.#state === 'greeting' ? thrown.excerpt : '');
  }

  ended(): void {
    this.fail(
      this.#state === 'ready' ? connectionFailure(this.#where, undefined) : lostBeforeLogin(this.#where),
    );
  }

  async #command(command: string, options: CommandOptions): Promise<void> {
    const frame = await this.#queue.run(command, options);
    if (!frame.replyText.startsWith('+OK')) throw commandRefused(this.#where, command, frame.replyText);
  }

  #authenticate(): void {
    if (this.#state !== 'greeting' || this.#login === null) {
      this.#surprise('a second auth/request');
      return;
    }
    this.#state = 'authenticating';
    this.#wire.send(`auth ${this.#login.password.reveal()}`);
  }

  #answer(frame: EslFrame): void {
    if (this.#state === 'ready') {
      if (!this.#queue.answer(frame)) this.#surprise('an answer to nothing');
    } else if (this.#state !== 'authenticating') {
      this.#surprise('an answer before the greeting');
    } else if (frame.contentType === 'command/reply' && frame.replyText.startsWith('+OK')) {
      this.#state = 'ready';
      this.#login?.done();
      this.#login = null;
    } else if (frame.contentType === 'command/reply' && frame.replyText.startsWith('-ERR')) {
      this.fail(wrongPassword(this.#where));
    } else {
      this.#surprise('an answer to the password that says neither yes nor no');
    }
  }

  #event(name: string, body: string): void {
    if (name === 'SHUTDOWN') this.#shuttingDown = true;
    const headers = (): EventHeaders | undefined => asRecord(parseJson(body));
    for (const listener of [...this.#listeners]) listener(name, headers);
  }

  #surprise(what: string, excerpt = ''): void {
    this.fail(notEsl(this.#where, what, excerpt));
  }

  #finish(how: EslEnd['how'], error: FshaError): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#end = error;
    this.#wire.stop();
    this.#queue.close(error);
    this.#login?.failed(error);
    this.#login = null;
    this.#listeners.clear();
    this.#settleClosed({ how, error });
  }
}
