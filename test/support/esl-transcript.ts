import { readFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { eventually } from './eventually.ts';

export type Step = { readonly client: string } | { readonly server: readonly string[] };

/** Reads a transcript: what the client sent, and what the server sent, taken apart into whole frames. */
export function readTranscript(name: string): Step[] {
  const path = fileURLToPath(new URL(`../fixtures/esl/${name}.txt`, import.meta.url));
  const parts = readFileSync(path, 'utf8').split(/^(<<< server|>>> client)\n/m);
  const steps: Step[] = [];
  for (let at = 1; at < parts.length; at += 2) {
    const text = parts[at + 1] ?? '';
    if (parts[at] === '>>> client') steps.push({ client: text.trimEnd() });
    else steps.push({ server: wholeFrames(text) });
  }
  return steps;
}

function wholeFrames(text: string): string[] {
  const { frames, rest } = splitFrames(Buffer.from(text));
  // Where the last body has no line break of its own, the transcript adds one.
  if (rest.toString() !== '' && rest.toString() !== '\n') throw new Error(`half a frame: ${rest.toString()}`);
  return frames;
}

/**
 * Takes a stream apart by its Content-Length headers, which must therefore be right to the byte.
 * @throws when what should be headers does not look like any
 */
export function splitFrames(bytes: Buffer): { frames: string[]; rest: Buffer } {
  const frames: string[] = [];
  let at = 0;
  for (;;) {
    const end = bytes.indexOf('\n\n', at);
    if (end < 0) return { frames, rest: bytes.subarray(at) };
    const head = bytes.subarray(at, end).toString();
    if (!/^Content-(Type|Length): /.test(head))
      throw new Error(`no frame begins here: ${JSON.stringify(head.slice(0, 80))}`);
    const next = end + 2 + Number(/^Content-Length: (\d+)$/m.exec(head)?.[1] ?? 0);
    if (next > bytes.length) return { frames, rest: bytes.subarray(at) };
    frames.push(bytes.subarray(at, next).toString());
    at = next;
  }
}

/** A raw ESL client: bytes in, frames out. */
export class RawEsl {
  readonly #socket: Socket;
  #bytes: Buffer = Buffer.alloc(0);
  #taken = 0;
  closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => (this.#bytes = Buffer.concat([this.#bytes, chunk])));
    socket.on('error', () => undefined);
    socket.on('close', () => (this.closed = true));
  }

  static async connect(target: { readonly host: string; readonly port: number }): Promise<RawEsl> {
    const socket = createConnection(target);
    const client = new RawEsl(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return client;
  }

  send(line: string): void {
    this.#socket.write(`${line}\n\n`);
  }

  /** The next frame that has not been taken yet. */
  async frame(timeoutMs?: number): Promise<string> {
    const at = this.#taken;
    this.#taken += 1;
    const frame = await eventually(
      () => this.#frames()[at],
      (one) => one !== undefined,
      timeoutMs,
    );
    return frame ?? '';
  }

  /** Frames that nobody took, and bytes that are no frame. */
  left(): string[] {
    const { rest } = splitFrames(this.#bytes);
    return [...this.#frames().slice(this.#taken), ...(rest.length > 0 ? [rest.toString()] : [])];
  }

  /** Authenticates, then runs one api command. */
  async login(password: string): Promise<void> {
    await this.frame();
    this.send(`auth ${password}`);
    await this.frame();
  }

  async api(command: string): Promise<string> {
    this.send(`api ${command}`);
    const frame = await this.frame();
    return frame.slice(frame.indexOf('\n\n') + 2);
  }

  end(): void {
    this.#socket.destroy();
  }

  #frames(): string[] {
    return splitFrames(this.#bytes).frames;
  }
}
