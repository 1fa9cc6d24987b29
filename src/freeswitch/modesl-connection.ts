/** The only way to modesl. What is taken from it: the wiring of socket, parser and events. What it decides is not. */
import type { Duplex } from 'node:stream';
import modesl from 'modesl';
import { StrictParser } from './modesl-parser.ts';

/** A frame as far as fsha looks into it. */
export interface EslFrame {
  readonly contentType: string;
  /** Of a command/reply. */
  readonly replyText: string;
  /** Of an event: the Event-Name header; modesl's own event names carry a UUID, which differs from kind to kind. */
  readonly eventName: string | null;
  /** Of an event in JSON: its text, not parsed. */
  readonly body: string;
}

export interface WireListener {
  frame(frame: EslFrame): void;
  /** The stream broke, or what came is not ESL (a FramingError). */
  failed(error: unknown): void;
  /** The other side closed the stream. */
  ended(): void;
}

/** One stream that speaks ESL. After `stop` the listener hears nothing more, and errors that come late are dropped. */
export interface Wire {
  /** One write; the caller has made sure that there is no line break in it. */
  send(command: string): void;
  /** Destroys the stream at once; more often than once does no harm. */
  stop(): void;
}

/** Takes over a connected stream. */
export function openWire(socket: Duplex, listener: WireListener): Wire {
  return new GuardedConnection(socket, listener);
}

class GuardedConnection extends modesl.Connection implements Wire {
  declare parser: StrictParser;
  readonly #stream: Duplex;
  readonly #listener: WireListener;
  #stopped = false;

  constructor(socket: Duplex, listener: WireListener) {
    super(socket);
    this.#stream = socket;
    this.#listener = listener;
    // modesl hears `end` only, and takes a connection that was reset for open.
    const onEnd = (): void => {
      if (!this.#stopped) this.#listener.ended();
    };
    socket.on('end', onEnd);
    socket.on('close', onEnd);
    // A stream that died before it was taken over says nothing any more.
    if (socket.destroyed || socket.readableEnded) queueMicrotask(onEnd);
  }

  /** Called by modesl's constructor, before there are fields here. */
  override _onConnect(): void {
    if (this.socket === null) throw new Error('modesl called _onConnect without a socket');
    const parser = new StrictParser(this.socket);
    this.parser = parser;
    parser.on('esl::event', (event: modesl.Event, headers: Record<string, string>, body?: string) =>
      this._onEvent(event, headers, body),
    );
    parser.on('error', (error: unknown) => this._onError(error));
  }

  /** Nothing: modesl's constructor says `connect` to every socket it is given, and keeps callbacks that never fire. */
  override sendRecv(): void {
    // Commands go through `send`, and their answers are matched by the command queue.
  }

  /** One write: modesl's three cost 44 ms a command under Nagle's algorithm. */
  override send(command: string): void {
    if (!this.#stopped) this.#stream.write(`${command}\n\n`);
  }

  override _onEvent(
    event: modesl.Event,
    headers: Readonly<Record<string, string>>,
    body: string | undefined,
  ): void {
    if (this.#stopped) return;
    const contentType = headers['Content-Type'] ?? '';
    this.#listener.frame({
      contentType,
      replyText: headers['Reply-Text'] ?? '',
      eventName: contentType.startsWith('text/event-') ? String(event.getHeader('Event-Name')) : null,
      // Of an event in JSON modesl was given the name only.
      body: contentType === 'text/event-json' ? (body ?? '') : event.getBody(),
    });
  }

  /** modesl emits `error`, which ends the process where nobody listens. */
  override _onError(error: unknown): void {
    if (!this.#stopped) this.#listener.failed(error);
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.parser.stop();
    this.#stream.destroy();
  }
}
