import modesl from 'modesl';
import { eventName } from './event-name.ts';
import { FrameReader, FramingError, type RawFrame } from './frame-reader.ts';

/**
 * modesl's parser, with strict and iterative framing in the place of its own: that one recurses for every frame of a
 * chunk, loses its place at a bad Content-Length, throws at a `%` in a header, and has no limits. What it makes of a
 * whole frame stays its own work.
 */
export class StrictParser extends modesl.Parser {
  readonly #reader = new FrameReader();
  #stopped = false;

  /** Drops every chunk from here on; what is left of the one in hand is for the listener to ignore. */
  stop(): void {
    this.#stopped = true;
  }

  /** Emits `error` with a FramingError for what is not ESL, and nothing after it. */
  override _onData(chunk: Buffer): void {
    if (this.#stopped) return;
    try {
      for (const frame of this.#reader.read(chunk)) this.#take(frame);
    } catch (error) {
      if (!(error instanceof FramingError)) throw error;
      this.#stopped = true;
      this.emit('error', error);
    }
  }

  /** For the lines inside a plain event, whose values are URL-encoded: one that is badly encoded stays as it is. */
  override _parseHeaderText(text: string): Record<string, string | number> {
    const headers: Record<string, string | number> = {};
    for (const line of text.split('\n')) {
      const colon = line.indexOf(': ');
      if (colon > 0) headers[line.slice(0, colon)] = decoded(line.slice(colon + 2));
    }
    return headers;
  }

  #take(frame: RawFrame): void {
    const headers = Object.fromEntries(frame.headers);
    switch (headers['Content-Type']) {
      case 'text/event-json': {
        const event = new modesl.Event({ 'Event-Name': eventName(frame.body ?? '') });
        this.emit('esl::event', event, headers, frame.body);
        return;
      }
      case 'text/event-xml':
        throw new FramingError('an event in XML, which nobody asked for');
      default:
        this._parseEvent(headers, frame.body);
    }
  }
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
