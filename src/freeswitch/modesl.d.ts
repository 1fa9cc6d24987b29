/** The part of modesl 1.2.1 that fsha inherits from. It ships no types; these were read from its source. */
declare module 'modesl' {
  import type { Duplex } from 'node:stream';

  namespace modesl {
    class Event {
      constructor(headers: Readonly<Record<string, string>>, body?: string);
      getHeader(name: string): string | number | null;
      getBody(): string;
    }

    class Parser {
      /** An EventEmitter2 with wildcards, delimiter `::`: emitting `error` without a listener throws. */
      on(event: string, listener: (...args: never[]) => void): this;
      emit(event: string, ...args: unknown[]): boolean;
      /** Attaches `_onData` to the socket's `data`. */
      constructor(socket: Duplex);
      _onData(data: Buffer): void;
      _parseHeaderText(text: string): Record<string, string | number>;
      /** Emits `esl::event` with the event, the headers and the body. */
      _parseEvent(headers: Readonly<Record<string, string>>, body: string | undefined): void;
    }

    class Connection {
      /** An EventEmitter2 with wildcards, delimiter `::`: emitting `error` without a listener throws. */
      on(event: string, listener: (...args: never[]) => void): this;
      emit(event: string, ...args: unknown[]): boolean;
      /** Given a socket it takes itself for an outbound connection: calls `_onConnect`, then `sendRecv('connect')`. */
      constructor(socket: Duplex);
      socket: Duplex | null;
      parser: Parser;
      _onConnect(): void;
      _onError(error: unknown): void;
      _onEvent(event: Event, headers: Readonly<Record<string, string>>, body: string | undefined): void;
      send(command: string): void;
      sendRecv(command: string): void;
    }
  }

  export = modesl;
}
