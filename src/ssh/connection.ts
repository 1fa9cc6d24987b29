/** One authenticated connection to one SSH server. */
import type { Duplex } from 'node:stream';
import type { AuthenticationType, Client, ConnectConfig, NextAuthHandler } from 'ssh2';
import type { FshaError } from '../domain/errors.ts';
import { printable } from '../domain/text.ts';
import { batchWrites } from './batch-writes.ts';
import { ChannelSlots } from './channel-slots.ts';
import type { HostKeyCheck } from './host-key-check.ts';
import type { Identities } from './identities.ts';
import type { Ssh2 } from './load-ssh2.ts';
import { brokenError, loginError, type LoginPhase, reasonOf, refusedError } from './login-errors.ts';
import type { Hop } from './route.ts';

export interface ConnectionOptions {
  /** Loaded before `sock` was opened: while a socket waits for a library, nobody hears its errors. */
  readonly ssh2: Ssh2;
  readonly hop: Hop;
  /** Begins every message. */
  readonly label: string;
  /** An open way to the server: TCP, or a tunnel through a jump host. Belongs to the connection from now on. */
  readonly sock: Duplex;
  readonly hostKeys: HostKeyCheck;
  readonly identities: Identities;
  /** Milliseconds between two signs of life. */
  readonly keepalive: number;
  readonly onPhase: (phase: LoginPhase) => void;
}

const KEEPALIVES_MISSED = 3;
const GOODBYE = 300;

export class SshConnection {
  readonly client: Client;
  readonly label: string;
  readonly slots = new ChannelSlots();
  /** The key that the server showed and that was trusted. */
  readonly hostKey: Buffer;
  readonly #sock: Duplex;
  readonly #listeners = new Set<(reason: string) => void>();
  #lost: string | null = null;
  #closing = false;

  constructor(client: Client, { label, sock }: ConnectionOptions, hostKey: Buffer) {
    this.client = client;
    this.label = label;
    this.hostKey = hostKey;
    this.#sock = sock;
    client.on('error', (error: Error) => this.#lose(reasonOf(error)));
    client.on('end', () => this.#lose('closed by the server'));
    client.on('close', () => this.#lose('closed'));
  }

  /** Why the connection is gone; null while it stands. */
  get lost(): string | null {
    return this.#lost;
  }

  /** Whether it is gone because fsha wanted so, which is no error to anybody. */
  get closed(): boolean {
    return this.#closing;
  }

  /** Calls `listener` once when the connection is lost or closed. Returns the function that unsubscribes. */
  whenLost(listener: (reason: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Says goodbye, and does not wait long for an answer. */
  async close(): Promise<void> {
    this.#closing = this.#lost === null;
    this.#lose('closed by fsha', false);
    if (this.#sock.destroyed) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, GOODBYE);
      this.#sock.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      this.client.end();
    });
    this.#sock.destroy();
  }

  destroy(reason: string): void {
    this.#lose(reason);
  }

  #lose(reason: string, destroy = true): void {
    if (this.#lost !== null) return;
    this.#lost = reason;
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    listeners.forEach((listener) => listener(reason));
    if (destroy) this.#sock.destroy();
  }
}

/**
 * Shakes hands, checks the host key and logs in. When `ended` fires, everything is torn down and nobody hears the
 * result.
 *
 * @throws FshaError `protocol`, `connection.lost`, `ssh.auth`, `ssh.key` or one of the host key's
 */
export function openConnection(options: ConnectionOptions, ended: AbortSignal): Promise<SshConnection> {
  const { label, sock, hop, identities } = options;
  const client = new options.ssh2.Client();
  return new Promise<SshConnection>((resolve, reject) => {
    let phase: LoginPhase = 'handshake';
    let settled = false;
    let hostKey: Buffer | null = null;
    let banner = '';

    const settle = (): boolean => {
      if (settled) return false;
      settled = true;
      ended.removeEventListener('abort', onAbort);
      identities.close();
      return true;
    };
    const fail = (error: FshaError): void => {
      if (!settle()) return;
      sock.destroy();
      reject(error);
    };
    const onAbort = (): void => fail(brokenError(label, 'the wait was ended'));

    const verifyHost = (key: Buffer, verify: (valid: boolean) => void): void => {
      // Also called when keys are exchanged anew later on.
      const trouble = options.hostKeys.judge(key);
      if (trouble === null) hostKey ??= Buffer.from(key);
      else fail(trouble);
      verify(trouble === null);
    };
    const authenticate = keyAuthentication(options, () => banner, fail);

    client.on('handshake', () => {
      if (phase === 'authentication') return;
      phase = 'authentication';
      options.onPhase(phase);
    });
    client.on('banner', (text: string) => (banner = printable(text.trim())));
    client.on('error', (error: Error & { level?: unknown }) => {
      // An agent or a key that fails to sign: the next key is tried.
      if (error.level === 'agent' || error.level === 'client-authentication') return;
      fail(loginError(error, phase, label));
    });
    client.on('close', () => fail(brokenError(label, 'closed by the server')));
    client.on('ready', () => {
      if (hostKey === null || !settle()) return;
      resolve(new SshConnection(client, options, hostKey));
    });

    if (ended.aborted) {
      onAbort();
      return;
    }
    ended.addEventListener('abort', onAbort, { once: true });
    options.onPhase(phase);
    batchWrites(sock);
    try {
      client.connect(connectConfig(options, hop, verifyHost, authenticate));
    } catch (error) {
      fail(loginError(error instanceof Error ? error : new Error('ssh2 failed'), phase, label));
    }
  });
}

type Authenticate = (
  left: AuthenticationType[] | null,
  partial: boolean | null,
  next: NextAuthHandler,
) => void;

function connectConfig(
  { sock, hostKeys, keepalive }: ConnectionOptions,
  hop: Hop,
  hostVerifier: (key: Buffer, verify: (valid: boolean) => void) => void,
  authHandler: Authenticate,
): ConnectConfig {
  return {
    // Declared as a Readable, though ssh2 writes to it as well.
    sock,
    username: hop.user,
    // The deadline over the whole way is the caller's.
    readyTimeout: 0,
    keepaliveInterval: keepalive,
    keepaliveCountMax: KEEPALIVES_MISSED,
    // The callback form: of a verifier that returns a Promise, ssh2 takes the Promise for a yes.
    hostVerifier,
    algorithms: { serverHostKey: [...hostKeys.algorithms] },
    authHandler,
  };
}

/**
 * One key after the other. Only without any does it try `none`, as ssh does first, to hear what the server takes: a
 * refused key brings the same answer, and a trip to the server less.
 */
function keyAuthentication(
  { hop, label, identities }: ConnectionOptions,
  banner: () => string,
  fail: (error: FshaError) => void,
): Authenticate {
  const waiting = [...identities.attempts];
  const tried: string[] = [];
  return (left, partial, next) => {
    const wantsKeys = left === null || (partial !== true && left.includes('publickey'));
    const attempt = wantsKeys ? waiting.shift() : undefined;
    if (attempt !== undefined) {
      tried.push(attempt.label);
      next(attempt.method);
    } else if (left === null) {
      next({ type: 'none', username: hop.user });
    } else {
      const { skipped } = identities;
      fail(
        refusedError({
          hop,
          label,
          tried,
          skipped,
          methods: left,
          partial: partial === true,
          banner: banner(),
        }),
      );
    }
  };
}
