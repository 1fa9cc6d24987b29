/** TCP connections that an SSH server makes for us (direct-tcpip). */
import { Duplex } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import { type ErrorCode, FshaError } from '../domain/errors.ts';
import { printable } from '../domain/text.ts';
import type { SshConnection } from './connection.ts';
import { addressText } from './tcp-connect.ts';

const PROHIBITED = 1;
const CONNECT_FAILED = 2;

type WriteCallback = (error?: Error | null) => void;

/**
 * A forwarded connection that behaves as a socket does: it ends when the other side ends, is destroyed with an error
 * when the SSH connection is lost, and has the few methods that HTTP clients call on a socket. An SSH channel of ssh2's
 * own does none of this: a write after its close never calls back.
 */
export class Tunnel extends Duplex {
  readonly #channel: ClientChannel;
  readonly #stopWatching: () => void;
  readonly #onClosed: () => void;
  #unsent: WriteCallback | undefined;
  #idle: NodeJS.Timeout | undefined;
  #idleAfter = 0;

  /** @param onClosed called once when the channel is closed on both sides */
  constructor(channel: ClientChannel, connection: SshConnection, label: string, onClosed: () => void) {
    super({ allowHalfOpen: false });
    this.#channel = channel;
    this.#onClosed = onClosed;
    this.#stopWatching = connection.whenLost((reason) => {
      onClosed();
      this.destroy(connection.closed ? undefined : tunnelLost(label, reason));
    });
    channel.on('error', () => undefined);
    channel.on('data', (chunk: Buffer) => {
      this.#touch();
      if (!this.destroyed && !this.push(chunk)) channel.pause();
    });
    channel.on('end', () => {
      if (!this.destroyed) this.push(null);
    });
    channel.on('close', () => {
      onClosed();
      // What was received is still delivered; what could not be sent any more would wait for ever.
      if (this.readableEnded) this.destroy();
      else this.once('end', () => this.destroy());
    });
    channel.pause();
  }

  override _read(): void {
    this.#channel.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: WriteCallback): void {
    this.#send(chunk, callback);
  }

  /** What was written at once goes as one message. */
  override _writev(chunks: { chunk: Buffer }[], callback: WriteCallback): void {
    this.#send(Buffer.concat(chunks.map(({ chunk }) => chunk)), callback);
  }

  override _final(callback: WriteCallback): void {
    this.#channel.end();
    callback();
  }

  override _destroy(error: Error | null, callback: WriteCallback): void {
    clearTimeout(this.#idle);
    this.#stopWatching();
    if (this.#channel.closed) this.#onClosed();
    this.#channel.close();
    // The channel reports its close only when all it received was read.
    this.#channel.resume();
    this.#settleWrite(error ?? new Error('the connection was closed before everything was sent'));
    callback(error);
  }

  /** Emits `timeout` when nothing was sent or received for `ms`; 0 ends the watch. */
  setTimeout(ms: number, listener?: () => void): this {
    this.#idleAfter = ms;
    if (listener !== undefined) {
      if (ms > 0) this.once('timeout', listener);
      else this.removeListener('timeout', listener);
    }
    this.#touch();
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  #send(bytes: Buffer, callback: WriteCallback): void {
    this.#touch();
    this.#unsent = callback;
    this.#channel.write(bytes, (error) => this.#settleWrite(error));
  }

  /** A channel that is closed never calls back. */
  #settleWrite(error?: Error | null): void {
    const callback = this.#unsent;
    this.#unsent = undefined;
    callback?.(error);
  }

  #touch(): void {
    clearTimeout(this.#idle);
    if (this.#idleAfter <= 0 || this.destroyed) return;
    this.#idle = setTimeout(() => this.emit('timeout'), this.#idleAfter);
  }
}

function tunnelLost(label: string, reason: string): FshaError {
  return new FshaError(
    'connection.lost',
    `${label}: the connection was lost (${reason}), and with it a connection forwarded through it`,
    'Check the network and the host.',
  );
}

/**
 * Has the server connect to `host:port`. When `ended` fires nobody waits for its answer any more, and a channel that
 * opens later is closed at once.
 *
 * @param onClosed called once when the tunnel is gone, or did not come to be
 * @param label begins every message; that of the connection where it is left out
 * @throws FshaError `ssh.permission`, one of `connect.*`, or `connection.lost`
 */
export function openTunnel(
  connection: SshConnection,
  host: string,
  port: number,
  ended: AbortSignal,
  onClosed: () => void,
  { label = connection.label }: { readonly label?: string } = {},
): Promise<Tunnel> {
  return new Promise((resolve, reject) => {
    const gone = (reason: string): FshaError =>
      new FshaError(
        'connection.lost',
        `${label}: the connection was lost (${reason})`,
        'Check the network and the host.',
      );
    const onAbort = (): void => reject(gone('the wait was ended'));
    // Fired while keys were read: of a server that does not answer nobody would ever hear.
    if (ended.aborted) {
      onClosed();
      onAbort();
      return;
    }
    ended.addEventListener('abort', onAbort, { once: true });
    const answered = (): void => {
      stopWatching();
      ended.removeEventListener('abort', onAbort);
    };
    const stopWatching = connection.whenLost((reason) => {
      ended.removeEventListener('abort', onAbort);
      onClosed();
      reject(gone(reason));
    });
    try {
      connection.client.forwardOut('127.0.0.1', 0, host, port, (error, channel) => {
        answered();
        if (error !== undefined) {
          onClosed();
          reject(connection.lost === null ? tunnelError(error, label, host, port) : gone(connection.lost));
          return;
        }
        const tunnel = new Tunnel(channel, connection, label, onClosed);
        if (ended.aborted) tunnel.destroy();
        resolve(tunnel);
      });
    } catch {
      answered();
      onClosed();
      reject(gone(connection.lost ?? 'closed'));
    }
  });
}

const WORDS: readonly (readonly [RegExp, ErrorCode, string])[] = [
  [/refused/i, 'connect.refused', 'refused the connection'],
  [/timed? ?out/i, 'connect.timeout', 'did not answer'],
  [/no route|unreachable/i, 'connect.unreachable', 'cannot be reached'],
  [
    /resolv|name or service|not known|no address|node ?name/i,
    'connect.name',
    'has a name that cannot be resolved',
  ],
];

/** What the server said, or its reason, as an error of its own (RFC 4254 5.1). */
function tunnelError(
  error: Error & { reason?: unknown },
  label: string,
  host: string,
  port: number,
): FshaError {
  const target = addressText(host, port);
  if (error.reason === PROHIBITED) {
    return new FshaError(
      'ssh.permission',
      `${label}: the server does not allow connections to be forwarded to ${target}`,
      'Allow it in sshd_config: AllowTcpForwarding local (or yes) and PermitOpen, for this user; "restrict" and "no-port-forwarding" in authorized_keys forbid it too.',
      error,
    );
  }
  const said = printable(error.message.replace(/^\(SSH\) Channel open failure: /, ''));
  const [, code, words] = WORDS.find(([pattern]) => pattern.test(said)) ?? [];
  if (code !== undefined && words !== undefined) {
    return new FshaError(
      code,
      `${label}: from there, ${target} ${words}`,
      'Check address and port as they are seen from that host.',
      error,
    );
  }
  return new FshaError(
    error.reason === CONNECT_FAILED ? 'connect.refused' : 'ssh.exec',
    `${label}: no connection could be forwarded to ${target} (${said})`,
    'Check address and port as they are seen from that host.',
    error,
  );
}
