import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Platform } from '../api/command.ts';
import { runApi } from '../api/registry.ts';
import { jsonFrame, plainFrame, type EslEvent } from './event.ts';
import type { EventHub, EventListener } from './event-hub.ts';

const GOODBYE = 'Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n';
const REJECTION = 'Access Denied, go away.\n';
const SHUTDOWN = 'The system is being shut down.\n';

/** One client of the event socket, answering to the byte as mod_event_socket of 1.10.12 does. */
export class EslConnection implements EventListener {
  readonly #socket: Socket;
  readonly #platform: Platform;
  readonly #hub: EventHub;
  readonly #events = new Set<string>();
  #format: 'plain' | 'json' = 'plain';
  #authenticated = false;
  #mute = false;
  #input = '';
  #turn: Promise<void> = Promise.resolve();

  constructor(socket: Socket, platform: Platform, hub: EventHub) {
    this.#socket = socket;
    this.#platform = platform;
    this.#hub = hub;
    socket.setEncoding('utf8');
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => hub.remove(this));
    socket.on('data', (text: string) => this.#read(text));
    // The server allows half-open connections, so that a fault can leave one; usually it closes along.
    socket.on('end', () => {
      if (!this.#silent) socket.end();
    });
  }

  greet(allowed: boolean): void {
    if (allowed) this.#write('Content-Type: auth/request\n\n');
    else this.#close(`Content-Type: text/rude-rejection\n${body(REJECTION)}${notice(GOODBYE)}`);
  }

  /** From here on nothing is answered and nothing is closed, as when the peer is gone from the network. */
  fallSilent(): void {
    this.#mute = true;
  }

  reset(): void {
    this.#socket.resetAndDestroy();
  }

  sayShutdown(): void {
    this.#close(notice(SHUTDOWN));
  }

  wants(name: string): boolean {
    return this.#events.has(name) || this.#events.has('ALL');
  }

  send(event: EslEvent): void {
    this.#write(this.#format === 'json' ? jsonFrame(event) : plainFrame(event));
  }

  #read(text: string): void {
    this.#input += text.replaceAll('\r', '');
    for (;;) {
      this.#input = this.#input.replace(/^\n+/, '');
      const end = this.#input.indexOf('\n\n');
      if (end < 0) return;
      const request = this.#input.slice(0, end);
      this.#input = this.#input.slice(end + 2);
      this.#turn = this.#turn.then(() => this.#serve(request));
    }
  }

  async #serve(request: string): Promise<void> {
    const delay = this.#platform.core.faults.number('slowEsl');
    if (delay > 0) await sleep(delay, undefined, { ref: false });
    if (this.#socket.destroyed || this.#socket.writableEnded) return;
    const [line = '', ...headers] = request.split('\n');
    const space = line.indexOf(' ');
    const verb = (space < 0 ? line : line.slice(0, space)).toLowerCase();
    const argument = space < 0 ? '' : line.slice(space + 1).trim();
    if (verb === 'exit') this.#close(`${reply('+OK bye')}${notice(GOODBYE)}`);
    else if (verb === 'auth' && !this.#authenticated) this.#authenticate(argument);
    else if (!this.#authenticated) this.#write(reply('-ERR command not found'));
    else this.#command(verb, argument, headers);
  }

  #authenticate(password: string): void {
    const { config, faults } = this.#platform.core;
    if (password !== config.esl.password || faults.is('wrongPassword')) {
      this.#close(`${reply('-ERR invalid')}${notice(GOODBYE)}`);
      return;
    }
    this.#authenticated = true;
    this.#hub.add(this);
    this.#write(reply('+OK accepted'));
  }

  #command(verb: string, argument: string, headers: readonly string[]): void {
    if (verb === 'api') this.#write(`Content-Type: api/response\n${body(runApi(this.#platform, argument))}`);
    else if (verb === 'bgapi') this.#background(argument, headers);
    else this.#write(reply(this.#listenerCommand(verb, argument)));
  }

  #listenerCommand(verb: string, argument: string): string {
    switch (verb) {
      case 'event':
        return this.#subscribe(argument);
      case 'noevents':
        this.#events.clear();
        return '+OK no longer listening for events';
      case 'nixevent':
        return this.#unsubscribe(argument);
      case 'linger':
      case 'nolinger':
        return '-ERR not controlling a session';
      default:
        return '-ERR command not found';
    }
  }

  #background(line: string, headers: readonly string[]): void {
    const own = headers.find((header) => header.toLowerCase().startsWith('job-uuid:'));
    const job = own?.slice(own.indexOf(':') + 1).trim() ?? randomUUID();
    this.#write(`Content-Type: command/reply\nReply-Text: +OK Job-UUID: ${job}\nJob-UUID: ${job}\n\n`);
    const [command = '', ...argument] = line.split(' ');
    this.#hub.backgroundJob(job, command, argument.join(' '), runApi(this.#platform, line));
  }

  #subscribe(argument: string): string {
    const names = argument.split(' ').filter((name) => name !== '');
    const format = names[0]?.toLowerCase();
    if (format === 'json' || format === 'plain') {
      this.#format = format;
      names.shift();
    }
    if (names.length === 0) return '-ERR no keywords supplied';
    for (const name of names) this.#events.add(name.toUpperCase());
    return `+OK event listener enabled ${this.#format}`;
  }

  #unsubscribe(argument: string): string {
    const names = argument.split(' ').filter((name) => name !== '');
    if (names.length === 0) return '-ERR no keywords supplied';
    for (const name of names) this.#events.delete(name.toUpperCase());
    return '+OK events nixed';
  }

  get #silent(): boolean {
    return this.#mute || this.#platform.core.faults.is('silentEsl');
  }

  #write(text: string): void {
    if (!this.#silent && this.#socket.writable) this.#socket.write(text);
  }

  #close(text: string): void {
    this.#write(text);
    this.#hub.remove(this);
    if (!this.#silent) this.#socket.end();
  }
}

const reply = (text: string): string => `Content-Type: command/reply\nReply-Text: ${text}\n\n`;
const body = (text: string): string => `Content-Length: ${Buffer.byteLength(text)}\n\n${text}`;
const notice = (text: string): string => `Content-Type: text/disconnect-notice\n${body(text)}`;
