/** The host of a node or a proxy, over SSH. */
import type { Duplex } from 'node:stream';
import { userInfo } from 'node:os';
import type { SshTarget, Timeouts } from '../domain/cluster.ts';
import { FshaError, interrupted } from '../domain/errors.ts';
import type { CommandResult, HostPort } from '../workflow/ports.ts';
import type { SshConnection } from './connection.ts';
import { bounded } from './deadline.ts';
import { type Chain, Chains, lateLogin } from './jump-chain.ts';
import { loadSsh2 } from './load-ssh2.ts';
import { KeyFiles } from './private-key-file.ts';
import { runCommand } from './remote-exec.ts';
import { type Hop, planRoute } from './route.ts';
import { SharedWork } from './shared-work.ts';
import { ConfigAnswers, userConfigReader } from './ssh-config.ts';
import { addressText } from './tcp-connect.ts';
import { openTunnel } from './tunnel.ts';

/** What is the same for all hosts. */
export interface HostsOptions {
  readonly timeouts: Timeouts;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The home folder of the user who runs fsha. */
  readonly home: string;
  /** Who runs fsha; left out: as the operating system says. */
  readonly localUser?: string;
  /** An ssh configuration to use instead of the user's and the system's, as `ssh -F`. */
  readonly configFile?: string;
  /** How many connections there may be to one jump host before hosts share them; left out: eight. */
  readonly connectionsToJumpHost?: number;
  /** Hears what is odd but not in the way, whole sentences. */
  readonly onWarning?: (text: string) => void;
}

export interface HostOptions extends HostsOptions {
  /** Names the host in messages: the node or proxy it belongs to. */
  readonly where: string;
  readonly target: SshTarget;
}

/** What the hosts of one process share. */
interface Shared {
  readonly chains: Chains;
  readonly answers: ConfigAnswers;
}

/**
 * Makes hosts that are not connected yet: `login`, `run` and `dial` do that. What is the same for several of them is
 * done once: a key file is opened and ssh is asked once, and many hosts share the connections to their jump host.
 *
 * @returns makes one host; `where` names it in messages: the node or proxy it belongs to
 */
export function createHosts(options: HostsOptions): (where: string, target: SshTarget) => HostPort {
  const { home, timeouts, onWarning = () => undefined } = options;
  const shared = {
    chains: new Chains(
      { home, timeouts, onWarning, keyFiles: new KeyFiles() },
      options.connectionsToJumpHost,
    ),
    answers: new ConfigAnswers(),
  };
  return (where, target) => new SshHost({ ...options, where, target }, shared);
}

/** A host that shares nothing with others. */
export function createHost({ where, target, ...options }: HostOptions): HostPort {
  return createHosts(options)(where, target);
}

class SshHost implements HostPort {
  readonly #options: HostOptions;
  readonly #shared: Shared;
  #route: readonly Hop[] | null = null;
  #chain: Chain | null = null;
  #opening: SharedWork<SshConnection> | null = null;
  #closed = false;

  constructor(options: HostOptions, shared: Shared) {
    this.#options = options;
    this.#shared = shared;
  }

  async login(signal: AbortSignal): Promise<void> {
    await this.#connected(signal);
  }

  async run(
    command: string,
    timeout: number,
    signal: AbortSignal,
    stdin?: string | Uint8Array,
  ): Promise<CommandResult> {
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
      return runCommand(connection, { command, stdin }, ended, release);
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

  async release(): Promise<void> {
    const chain = this.#chain;
    this.#chain = null;
    await chain?.close();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#opening?.end();
    await this.#chain?.close();
    this.#chain = null;
  }

  /** The connection that stands, or a new one; everybody who asks meanwhile waits for the same. */
  async #connected(signal: AbortSignal): Promise<SshConnection> {
    const what = `SSH to ${this.#options.where}`;
    if (this.#closed || signal.aborted) throw interrupted(what);
    const standing = this.#chain?.last;
    if (standing?.lost === null) return standing;
    let opening = this.#opening;
    if (opening === null || opening.isGivenUp) {
      opening = new SharedWork((ended) => this.#openWithin(ended));
      this.#opening = opening;
    }
    try {
      return await opening.join(signal, what);
    } finally {
      if (this.#opening === opening && opening.isOver) this.#opening = null;
    }
  }

  async #openWithin(signal: AbortSignal): Promise<SshConnection> {
    const { where, timeouts } = this.#options;
    let doing = 'reading the ssh configuration';
    const bounds = {
      ms: timeouts.connect,
      signal,
      what: `SSH to ${where}`,
      late: () => lateLogin(where, timeouts.connect, doing),
      discard: (chain: Chain) => chain.destroy(),
    };
    const chain = await bounded(bounds, async (ended) => {
      // It takes a while to load, as ssh does to answer.
      void loadSsh2().catch(() => undefined);
      this.#route ??= await this.#plan(ended);
      const onProgress = (text: string): void => void (doing = text);
      return this.#shared.chains.open(this.#route, { where, onProgress }, ended);
    });
    this.#chain = chain;
    return chain.last;
  }

  #plan(signal: AbortSignal): Promise<Hop[]> {
    const { where, env, home, configFile, timeouts, target } = this.#options;
    // Half of the time for the whole way, so that it is this that the error names.
    const readConfig = userConfigReader({
      where,
      env,
      configFile,
      timeout: timeouts.connect / 2,
      answers: this.#shared.answers,
    });
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
