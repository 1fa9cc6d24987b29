/** A TCP proxy between fsha and a server: faithful until a fault is switched on, and again when it is switched off. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * What becomes of connections, those that are up and those that come, for as long as it lasts.
 *
 * - `cut` they are reset
 * - `half-open` they stay, new ones are accepted, and nothing goes through; those that it has met are dead for good, as
 *   behind a firewall that has forgotten them
 * - `delay` everything comes so many ms later
 * - `corrupt` bytes get their highest bit turned over, in places that follow from the seed: no character of these protocols
 *   becomes another one of them, since what cannot be told from the truth is nobody's to notice
 * - `split` every byte is written by itself, or in pieces of 1 to 40 bytes that follow from the seed
 * - `slow` so many bytes go through in a second, on each connection and in each direction
 */
export type TcpFault =
  | 'cut'
  | 'half-open'
  | { readonly delay: number }
  | { readonly corrupt: number }
  | { readonly split: 'bytes' | number }
  | { readonly slow: number };

/** `up` is what fsha says, `down` what the server answers. A cut is both, whatever is asked. */
export type Direction = 'up' | 'down' | 'both';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface TcpProxy {
  readonly host: string;
  readonly port: number;
  /** From now on, instead of what there was. Default: both directions. */
  begin(fault: TcpFault, direction?: Direction): void;
  /** Faithful again: what waits goes through at once. */
  end(): void;
  /** How many connections, or pieces of what went through, the fault has met since it began. */
  met(): number;
  /** How many connections there were so far, and are now. */
  connections(): { readonly total: number; readonly now: number };
  /** Resets all connections and listens no more. */
  stop(): Promise<void>;
}

/** Furthest distance between two bytes that are damaged. */
const CORRUPT_WITHIN = 150;
const SPLIT_UP_TO = 40;
/** So many bytes of a connection, from its beginning on, come to whoever reads it in the pieces in which they were sent. */
const ONE_BY_ONE = 64;
/** Of what is slow, so many pieces a second. */
const PIECES_A_SECOND = 20;

interface State {
  fault: TcpFault | null;
  direction: Direction;
  met: number;
  /** Fires when the fault ends: nothing waits for it any longer. */
  over: AbortController;
}

/** @throws when nothing can listen there */
export async function startTcpProxy(at: Address, target: Address): Promise<TcpProxy> {
  const state: State = { fault: null, direction: 'both', met: 0, over: new AbortController() };
  const joins = new Set<Join>();
  let total = 0;

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    total += 1;
    client.on('error', () => undefined);
    if (state.fault === 'cut') {
      state.met += 1;
      client.resetAndDestroy();
      return;
    }
    const join = new Join(client, target, state, total);
    joins.add(join);
    void join.ended.then(() => joins.delete(join));
  });
  server.listen({ ...at, exclusive: true });
  await once(server, 'listening');

  const clear = (): void => {
    state.fault = null;
    state.over.abort();
    state.over = new AbortController();
  };
  const cutAll = (): number => {
    const all = [...joins];
    for (const join of all) join.reset();
    return all.length;
  };
  return {
    ...at,
    begin(fault, direction = 'both') {
      clear();
      state.met = 0;
      state.fault = fault;
      state.direction = fault === 'cut' ? 'both' : direction;
      if (fault === 'cut') state.met += cutAll();
      if (fault === 'half-open') for (const join of joins) join.deaden();
    },
    end: clear,
    met: () => state.met,
    connections: () => ({ total, now: joins.size }),
    async stop() {
      clear();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      cutAll();
      await closed;
    },
  };
}

/** One connection of fsha's and the one to the server that belongs to it. */
class Join {
  readonly ended: Promise<unknown>;
  readonly #sockets: readonly [Socket, Socket];
  readonly #ways: readonly [Way, Way];

  constructor(client: Socket, target: Address, state: State, nth: number) {
    const server = connect({ ...target, allowHalfOpen: true, noDelay: true });
    this.#sockets = [client, server];
    for (const socket of this.#sockets) {
      // What is dead tells the other side nothing of how this one has ended.
      socket.on('error', () => (this.#ways.some((way) => way.isDead) ? socket.destroy() : this.reset()));
    }
    this.#ways = [new Way(client, server, 'up', state, nth), new Way(server, client, 'down', state, nth)];
    if (state.fault === 'half-open') this.deaden();
    this.ended = Promise.all(
      this.#sockets.map((socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()))),
    );
  }

  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  deaden(): void {
    for (const way of this.#ways) way.deaden();
  }
}

/** What goes from one socket to another, in order. */
class Way {
  readonly #state: State;
  readonly #direction: 'up' | 'down';
  readonly #to: Socket;
  readonly #nth: number;
  #seededFor: TcpFault | null = null;
  #random: () => number = () => 0;
  #untilDamage = 0;
  #isDead = false;
  /** Bytes that were sent in pieces. */
  #sent = 0;
  #tail: Promise<void> = Promise.resolve();

  constructor(from: Socket, to: Socket, direction: 'up' | 'down', state: State, nth: number) {
    this.#state = state;
    this.#direction = direction;
    this.#to = to;
    this.#nth = 2 * nth + (direction === 'up' ? 0 : 1);
    from.on('data', (chunk: Buffer) => {
      const arrived = performance.now();
      const fault = this.#faultNow();
      this.#then(() => this.#deliver(chunk, fault, arrived));
    });
    from.on('end', () => {
      this.#faultNow();
      this.#then(() => {
        if (!this.#isDead) to.end();
        return Promise.resolve();
      });
    });
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  deaden(): void {
    const { direction } = this.#state;
    if (this.#isDead || (direction !== 'both' && direction !== this.#direction)) return;
    this.#isDead = true;
    this.#state.met += 1;
  }

  /** The fault that concerns what comes now. */
  #faultNow(): TcpFault | null {
    const { fault, direction } = this.#state;
    if (fault === null || (direction !== 'both' && direction !== this.#direction)) return null;
    if (fault === 'half-open') this.deaden();
    else if (typeof fault === 'string' || !('corrupt' in fault)) this.#state.met += 1;
    return fault;
  }

  #then(work: () => Promise<void>): void {
    // A socket that was reset meanwhile takes nothing more, and says so by 'error'.
    this.#tail = this.#tail.then(work).catch(() => undefined);
  }

  async #deliver(chunk: Buffer, fault: TcpFault | null, arrived: number): Promise<void> {
    if (fault === null || typeof fault === 'string') return this.#write(chunk);
    if ('delay' in fault) {
      await this.#wait(arrived + fault.delay - performance.now());
      return this.#write(chunk);
    }
    this.#seed(fault);
    if ('corrupt' in fault) return this.#write(this.#damaged(chunk));
    const { over } = this.#state;
    for (let rest = chunk; rest.length > 0;) {
      const length = over.signal.aborted ? rest.length : this.#pieceOf(fault);
      await this.#write(rest.subarray(0, length));
      rest = rest.subarray(length);
      // Each piece is to be a packet of its own; of the first ones, where a protocol says what it is, that is made sure.
      this.#sent += length;
      if ('slow' in fault) await this.#wait((1_000 * length) / fault.slow);
      else if (this.#sent <= ONE_BY_ONE) await this.#wait(2);
      else await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #pieceOf(fault: { readonly split: 'bytes' | number } | { readonly slow: number }): number {
    if ('slow' in fault) return Math.max(1, Math.floor(fault.slow / PIECES_A_SECOND));
    return fault.split === 'bytes' ? 1 : this.#upTo(SPLIT_UP_TO);
  }

  #damaged(chunk: Buffer): Buffer {
    const damaged = Buffer.from(chunk);
    let at = this.#untilDamage;
    for (; at < damaged.length; at += this.#upTo(CORRUPT_WITHIN)) {
      damaged[at] = (damaged[at] ?? 0) ^ 0x80;
      this.#state.met += 1;
    }
    this.#untilDamage = at - damaged.length;
    return damaged;
  }

  /** The same places for the same seed, whenever it begins on the nth connection. */
  #seed(
    fault: { readonly corrupt: number } | { readonly split: 'bytes' | number } | { readonly slow: number },
  ): void {
    if (this.#seededFor === fault) return;
    this.#seededFor = fault;
    const seed =
      'corrupt' in fault ? fault.corrupt : 'split' in fault && fault.split !== 'bytes' ? fault.split : 0;
    this.#random = randomFrom(seed * 1_000_003 + this.#nth);
    this.#untilDamage = this.#upTo(CORRUPT_WITHIN) - 1;
  }

  #upTo(most: number): number {
    return 1 + Math.floor(this.#random() * most);
  }

  async #wait(ms: number): Promise<void> {
    if (ms > 0) await delay(ms, undefined, { signal: this.#state.over.signal }).catch(() => undefined);
  }

  async #write(bytes: Buffer): Promise<void> {
    // What was on its way when the way died has not arrived.
    if (this.#isDead || this.#to.destroyed) return;
    await new Promise<void>((resolve) => this.#to.write(bytes, () => resolve()));
  }
}

/** Numbers from 0 to below 1, always the same ones for a seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
