/**
 * Cuts a stream of bytes into ESL frames: header lines `Name: value`, an empty line, and as many bytes of body as
 * Content-Length says. Strict, since a frame cut at the wrong place would make an answer of an event. The end of a
 * body has no newline of its own: the next frame's headers follow directly (measured on 1.10.12).
 */

/** Bytes of one header block; FreeSWITCH sends some hundred. */
export const MAX_HEADER_BYTES = 64 * 1024;
/** Bytes of one body. `show channels as json` takes about 900 bytes a leg: this is room for 18,000. */
export const MAX_BODY_BYTES = 16 * 1024 * 1024;

export interface RawFrame {
  readonly headers: ReadonlyMap<string, string>;
  /** UTF-8; undefined where the frame has no Content-Length. */
  readonly body: string | undefined;
}

/** What came is not ESL. Nothing after it can be trusted. */
export class FramingError extends Error {
  /** What was there instead, as it came: unfit to be shown. */
  readonly excerpt: string;

  constructor(message: string, excerpt = '') {
    super(message);
    this.name = 'FramingError';
    this.excerpt = excerpt;
  }
}

/** Pieces shorter than this are joined as they come. */
const BLOCK = 64 * 1024;
const NEWLINE = 0x0a;
const HEADER_LINE = /^([!-9;-~]+):[ \t]?([^\u0000-\u0008\u000b-\u001f\u007f]*)$/;
const LENGTH = /^\d{1,15}$/;

export class FrameReader {
  #headers = new Map<string, string>();
  #headerBytes = 0;
  /** Pieces of the line or of the body that is not complete yet. */
  #pieces: Buffer[] = [];
  /** Bytes of body still to come; undefined while headers are read. */
  #missing: number | undefined;
  /** Whether the headers have ended and no body follows. */
  #complete = false;

  /**
   * Takes the next bytes, however they were cut, and yields the frames that they complete, in turn.
   * @throws FramingError and is of no use afterwards
   */
  *read(chunk: Buffer): Generator<RawFrame, void, undefined> {
    let rest = chunk;
    while (rest.length > 0) {
      rest = this.#missing === undefined ? this.#takeLine(rest) : this.#takeBody(rest, this.#missing);
      if (this.#missing === 0) yield this.#frame(this.#joined());
      else if (this.#complete) yield this.#frame(undefined);
    }
  }

  #takeLine(chunk: Buffer): Buffer {
    const end = chunk.indexOf(NEWLINE);
    const piece = end < 0 ? chunk : chunk.subarray(0, end);
    this.#headerBytes += end < 0 ? piece.length : end + 1;
    if (this.#headerBytes > MAX_HEADER_BYTES)
      throw new FramingError(`a header block of more than ${MAX_HEADER_BYTES} bytes`, this.#excerpt(piece));
    this.#keep(piece);
    if (end < 0) return chunk.subarray(chunk.length);
    const line = this.#joined();
    if (line === '') this.#endHeaders();
    else this.#addHeader(line);
    return chunk.subarray(end + 1);
  }

  #addHeader(line: string): void {
    const [, name, value] = HEADER_LINE.exec(line) ?? [];
    if (name === undefined || value === undefined)
      throw new FramingError('a line that is not a header', line);
    if (this.#headers.has(name)) throw new FramingError(`the header ${name} twice in one frame`, line);
    this.#headers.set(name, value);
  }

  #endHeaders(): void {
    const type = this.#headers.get('Content-Type');
    if (type === undefined) throw new FramingError('a frame without Content-Type');
    const length = this.#headers.get('Content-Length');
    if (length === undefined) {
      if (type === 'api/response' || type.startsWith('text/event-'))
        throw new FramingError(`a frame of type ${type} without Content-Length`);
      this.#complete = true;
      return;
    }
    const bytes = Number(length);
    if (!LENGTH.test(length))
      throw new FramingError('a Content-Length that is not a number of bytes', length);
    if (bytes > MAX_BODY_BYTES)
      throw new FramingError(`a body of ${bytes} bytes, more than the ${MAX_BODY_BYTES} that are accepted`);
    this.#missing = bytes;
  }

  #takeBody(chunk: Buffer, missing: number): Buffer {
    const piece = chunk.subarray(0, missing);
    this.#keep(piece);
    this.#missing = missing - piece.length;
    return chunk.subarray(piece.length);
  }

  #frame(body: string | undefined): RawFrame {
    const frame = { headers: this.#headers, body };
    this.#headers = new Map();
    this.#headerBytes = 0;
    this.#missing = undefined;
    this.#complete = false;
    return frame;
  }

  /**
   * A piece costs far more memory than its bytes, and a body may come byte by byte. Joined only with what is no longer,
   * so that none is copied often.
   */
  #keep(piece: Buffer): void {
    let joined = piece;
    for (;;) {
      const last = this.#pieces.at(-1);
      if (last === undefined || last.length > joined.length || joined.length >= BLOCK) break;
      this.#pieces.pop();
      joined = Buffer.concat([last, joined]);
    }
    this.#pieces.push(joined);
  }

  /** Joined before it is decoded, so that a character may be cut at any byte. */
  #joined(): string {
    const [only] = this.#pieces;
    const text = (
      this.#pieces.length === 1 && only !== undefined ? only : Buffer.concat(this.#pieces)
    ).toString();
    this.#pieces = [];
    return text;
  }

  #excerpt(piece: Buffer): string {
    return Buffer.concat([...this.#pieces, piece]).toString('utf8', 0, 100);
  }
}
