/** The ways to hosts: one SSH connection, or several, each through the one before. Those to jump hosts are shared by many hosts. */
import { createHash } from 'node:crypto';
import { FshaError } from '../domain/errors.ts';
import { CHANNELS_PER_CONNECTION } from './channel-slots.ts';
import type { SshConnection } from './connection.ts';
import { bounded } from './deadline.ts';
import { type LoginSettings, openHop } from './hop-connection.ts';
import { type Hop, hopText } from './route.ts';
import { SharedJump } from './shared-jump.ts';
import { toldOf } from './told-of.ts';

export interface Chain {
  /** The connection to the host itself. */
  readonly last: SshConnection;
  close(): Promise<void>;
  destroy(): void;
}

export interface ChainContext {
  /** Names the host in messages; null: whoever hears them adds it. */
  readonly where: string | null;
  /** Hears what is being done, as a clause: "the login as …". */
  readonly onProgress: (doing: string) => void;
}

/** A place on a shared connection to a jump host. */
interface Place {
  readonly connection: SshConnection;
  readonly hop: Hop;
  /** @param isWell false: nobody else gets a place on this connection, since it may be what failed */
  leave(isWell: boolean): Promise<void>;
}

/**
 * sshd leaves Nagle's algorithm on: on one connection the answer of a host waits until that of another is acknowledged,
 * up to 40 ms. Measured on a drain through a jump host, all that comes beside its waits took a third longer over one
 * shared connection. But sshd also refuses some of the logins once ten are under way at a time (MaxStartups 10:30:100).
 */
const CONNECTIONS_APART = 8;

/** Opens ways, and keeps the connections to jump hosts for as long as somebody's way leads through them. */
export class Chains {
  readonly #settings: LoginSettings;
  /** By the whole way to the jump host. */
  readonly #jumps = new Map<string, Set<SharedJump>>();
  /** Host keys seen earlier, by the whole way to the host: they must not become others under a run. */
  readonly #pins = new Map<string, Buffer>();

  readonly #apart: number;

  /** @param apart how many connections there may be to one jump host before hosts share them */
  constructor(settings: LoginSettings, apart: number = CONNECTIONS_APART) {
    this.#settings = settings;
    this.#apart = apart;
  }

  /** Opens the way to the last hop of `route`, or nothing: what nobody uses after a failure is closed again. */
  async open(route: readonly Hop[], context: ChainContext, ended: AbortSignal): Promise<Chain> {
    return this.#open(route, false, context, ended);
  }

  async #open(
    route: readonly Hop[],
    isJump: boolean,
    context: ChainContext,
    ended: AbortSignal,
  ): Promise<Chain> {
    const hop = route.at(-1);
    if (hop === undefined) throw new Error('a route has no hops');
    const through = route.length > 1 ? await this.#enter(route.slice(0, -1), context, ended) : null;
    const key = keyOf(route);
    let last: SshConnection;
    try {
      const pinned = this.#pins.get(key) ?? null;
      last = await openHop({ ...context, hop, isJump, pinned, through }, this.#settings, ended);
    } catch (error) {
      void through?.leave(isAnswer(error) && !ended.aborted);
      throw error;
    }
    this.#pins.set(key, last.hostKey);
    return through === null ? single(last) : joined(last, through);
  }

  /** A place on a connection to the last hop of `route`: on one of its own, or on one that has room. */
  async #enter(
    route: readonly Hop[],
    { where, onProgress }: ChainContext,
    ended: AbortSignal,
  ): Promise<Place> {
    const hop = route.at(-1);
    if (hop === undefined) throw new Error('a route has no hops');
    const shared = this.#roomOn(route);
    const stand = shared.enter();
    const leave = (isWell: boolean): Promise<void> => {
      if (!isWell) this.#forget(route, shared);
      return stand.leave();
    };
    try {
      const { last } = await shared.opened(onProgress, ended);
      return { connection: last, hop, leave };
    } catch (error) {
      void leave(false);
      throw toldOf(where, error);
    }
  }

  #roomOn(route: readonly Hop[]): SharedJump {
    const key = keyOf(route);
    const standing = this.#jumps.get(key) ?? new Set();
    const [emptiest] = [...standing].filter(hasRoom).toSorted((a, b) => a.users - b.users);
    if (emptiest !== undefined && standing.size >= this.#apart) return emptiest;
    const forget = (): void => this.#forget(route, shared);
    const shared: SharedJump = new SharedJump(async (onProgress, ended) => {
      const chain = await this.#openShared(route, onProgress, ended);
      chain.last.whenLost(forget);
      return chain;
    }, forget);
    this.#jumps.set(key, standing.add(shared));
    return shared;
  }

  /** The deadline is its own: of those who wait, each may have come at another time. */
  #openShared(
    route: readonly Hop[],
    onProgress: (doing: string) => void,
    ended: AbortSignal,
  ): Promise<Chain> {
    const { connect } = this.#settings.timeouts;
    let doing = 'nothing yet';
    const hear = (text: string): void => {
      doing = text;
      onProgress(text);
    };
    const bounds = {
      ms: connect,
      signal: ended,
      what: 'SSH to a jump host',
      late: () => lateLogin(null, connect, doing),
      discard: (chain: Chain) => chain.destroy(),
    };
    return bounded(bounds, (late) => this.#open(route, true, { where: null, onProgress: hear }, late));
  }

  #forget(route: readonly Hop[], shared: SharedJump): void {
    const key = keyOf(route);
    const standing = this.#jumps.get(key);
    standing?.delete(shared);
    if (standing?.size === 0) this.#jumps.delete(key);
  }
}

/** @param doing what was being done last, a clause */
export function lateLogin(where: string | null, ms: number, doing: string): FshaError {
  const message = `SSH was not logged in within ${ms} ms; the last thing was ${doing}`;
  return new FshaError(
    'connect.timeout',
    where === null ? message : `${where}: ${message}`,
    'Check the address and the firewalls, or raise timeouts.connect in the inventory.',
  );
}

function hasRoom(shared: SharedJump): boolean {
  return shared.users < CHANNELS_PER_CONNECTION && !shared.isGivenUp;
}

function single(last: SshConnection): Chain {
  return { last, close: () => last.close(), destroy: () => last.destroy('nobody waited for it any more') };
}

function joined(last: SshConnection, through: Place): Chain {
  const { connection, hop } = through;
  const lose = (reason: string): void =>
    last.destroy(reason.startsWith('at jump host') ? reason : `at jump host ${hopText(hop)}: ${reason}`);
  const stopWatching = connection.whenLost(lose);
  last.whenLost(() => {
    stopWatching();
    // One that is closed says goodbye through the jump host first.
    if (!last.closed) void through.leave(true);
  });
  if (connection.lost !== null) lose(connection.lost);
  // Where it was lost before anybody watched.
  if (last.lost !== null) void through.leave(true);
  return {
    last,
    destroy: () => last.destroy('nobody waited for it any more'),
    close: async () => {
      await last.close();
      await through.leave(true);
    },
  };
}

/** Whether somebody has answered behind the jump host, or the jump host for it: then it does what it is there for. */
function isAnswer(error: unknown): boolean {
  if (!(error instanceof FshaError)) return false;
  return /^(connect|ssh|protocol)\b/.test(error.code) && error.code !== 'ssh.exec';
}

/** Equal only where everything is equal that leads there and logs in: nobody gets in by another's key. */
function keyOf(route: readonly Hop[]): string {
  const told = route.map((hop) => ({ ...hop, passphrase: hop.passphrase?.reveal() ?? null }));
  return createHash('sha256').update(JSON.stringify(told)).digest('base64');
}
