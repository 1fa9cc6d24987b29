/** The host of a node or a proxy, over SSH. */
import type { Duplex } from 'node:stream';
import { userInfo } from 'node:os';
import type { SshTarget, Timeouts } from '../domain/cluster.ts';
import { FshaError, interrupted } from '../domain/errors.ts';
import type { CommandResult, HostPort } from '../workflow/ports.ts';
import type { SshConnection } from './connection.ts';
import { bounded, unlessAborted } from './deadline.ts';
import { type Chain, openChain } from './jump-chain.ts';
import { runCommand } from './remote-exec.ts';
import { type Hop, planRoute } from './route.ts';
import { userConfigReader } from './ssh-config.ts';
import { addressText } from './tcp-connect.ts';
import { openTunnel } from './tunnel.ts';

export interface HostOptions {
  /** Names the host in messages: the node or proxy it belongs to. */
  readonly where: string;
  readonly target: SshTarget;
  readonly timeouts: Timeouts;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The home folder of the user who runs fsha. */
  readonly home: string;
  /** Who runs fsha; left out: as the operating system says. */
  readonly localUser?: string;
  /** An ssh configuration to use instead of the user's and the system's, as `ssh -F`. */
  readonly configFile?: string;
  /** Hears what is odd but not in the way, whole sentences. */
  readonly onWarning?: (text: string) => void;
}

interface Opening {
  readonly promise: Promise<SshConnection>;
  readonly controller: AbortController;
  waiting: number;
}

/** A host that is not connected yet: `login`, `run` and `dial` do that. */
export function createHost(options: HostOptions): HostPort {
  return new SshHost(options);
}

class SshHost implements HostPort {
  readonly #options: HostOptions;
  /** Host keys seen earlier, by hop. */
  readonly #pins = new Map<string, Buffer>();
  #route: readonly Hop[] | null = null;
  #chain: Chain | null = null;
  #opening: Opening | null = null;
  #closed = false;

  constructor(options: HostOptions) {
    this.#options = options;
  }

  async login(signal: AbortSignal): Promise<void> {
    await this.#connected(signal);
  }

  async run(command: string, timeout: number, signal: AbortSignal): Promise<CommandResult> {
    const connection = await this.#connected(signal);
    let sent = false;
    const bounds = {
      ms: timeout,
      signal,
      what: `a command on ${this.#options.where}`,
      late: () => lateCommand(connection.label, timeout, sent),
    };
    return bounded(bounds, async (ended) => {
      const release = await connection.slots.acquire(ended);
      sent = true;
      return runCommand(connection, command, ended, release);
    });
  }

  async dial(host: string, port: number, signal: AbortSignal): Promise<Duplex> {
    const connection = await this.#connected(signal);
    const ms = this.#options.timeouts.connect;
    const target = addressText(host, port);
    const bounds = {
      ms,
      signal,
      what: `connecting to ${target} through ${this.#options.where}`,
      late: () =>
        new FshaError(
          'connect.timeout',
          `${connection.label}: from there, ${target} did not answer within ${ms} ms`,
          'Check address and port as they are seen from that host.',
        ),
      discard: (tunnel: Duplex) => void tunnel.destroy(),
    };
    return bounded(bounds, async (ended) => {
      const release = await connection.slots.acquire(ended);
      return openTunnel(connection, host, port, ended, release);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#opening?.controller.abort();
    await this.#opening?.promise.catch(() => undefined);
    await this.#chain?.close();
    this.#chain = null;
  }

  /** The connection that stands, or a new one; everybody who asks meanwhile waits for the same. */
  async #connected(signal: AbortSignal): Promise<SshConnection> {
    if (this.#closed || signal.aborted) throw interrupted(`SSH to ${this.#options.where}`);
    const standing = this.#chain?.last;
    if (standing?.lost === null) return standing;
    const opening = (this.#opening ??= this.#open());
    opening.waiting++;
    try {
      return await unlessAborted(opening.promise, signal, `SSH to ${this.#options.where}`);
    } finally {
      opening.waiting--;
      if (opening.waiting === 0) this.#abandon(opening);
    }
  }

  #open(): Opening {
    const controller = new AbortController();
    const opening = { promise: this.#openWithin(controller.signal), controller, waiting: 0 };
    const forget = (): void => {
      if (this.#opening === opening) this.#opening = null;
    };
    opening.promise.then(forget, forget);
    return opening;
  }

  /** Nobody waits any more: what is still under way ends, and who comes next begins anew. */
  #abandon(opening: Opening): void {
    if (this.#opening === opening) this.#opening = null;
    opening.controller.abort();
  }

  async #openWithin(signal: AbortSignal): Promise<SshConnection> {
    const { where, timeouts } = this.#options;
    let doing = 'reading the ssh configuration';
    const bounds = {
      ms: timeouts.connect,
      signal,
      what: `SSH to ${where}`,
      late: () =>
        new FshaError(
          'connect.timeout',
          `${where}: SSH was not logged in within ${timeouts.connect} ms; the last thing was ${doing}`,
          'Check the address and the firewalls, or raise timeouts.connect in the inventory.',
        ),
      discard: (chain: Chain) => chain.destroy(),
    };
    const chain = await bounded(bounds, async (ended) => {
      this.#route ??= await this.#plan(ended);
      const { home, onWarning = () => undefined } = this.#options;
      const onProgress = (text: string): void => void (doing = text);
      return openChain(
        this.#route,
        { where, home, timeouts, pins: this.#pins, onWarning, onProgress },
        ended,
      );
    });
    this.#chain = chain;
    return chain.last;
  }

  #plan(signal: AbortSignal): Promise<Hop[]> {
    const { where, env, home, configFile, timeouts, target } = this.#options;
    // Half of the time for the whole way, so that it is this that the error names.
    const readConfig = userConfigReader({ where, env, configFile, timeout: timeouts.connect / 2 });
    const localUser = this.#options.localUser ?? operatingUser(env);
    return planRoute(target, { where, readConfig, env, home, localUser }, signal);
  }
}

function operatingUser(env: HostOptions['env']): string {
  try {
    return userInfo().username;
  } catch {
    // A user id without an entry in passwd, as in containers.
    return env['USER'] ?? env['LOGNAME'] ?? '';
  }
}

function lateCommand(label: string, timeout: number, sent: boolean): FshaError {
  return sent
    ? new FshaError(
        'timeout',
        `${label}: a command did not end within ${timeout} ms; its outcome is unknown`,
        'Look at the host: the command may still be running there.',
      )
    : new FshaError(
        'timeout',
        `${label}: no SSH channel became free within ${timeout} ms; the command was not started`,
        'Try again when other commands on this host have ended.',
      );
}
