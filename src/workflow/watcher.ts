/**
 * One for each run: reads every proxy and node, from before the first effect until the run has ended. Each is read on
 * its own, so one that does not answer never slows the others. Steps await its snapshots; they do not read themselves.
 */
import { setMaxListeners } from 'node:events';
import { interrupted } from '../domain/errors.ts';
import type { NodeObservation, Observation, ProxyObservation } from '../domain/observation.ts';
import { EndpointWatch } from './endpoint-watch.ts';
import type { NodeReader } from './in-turn.ts';
import type { Clock, Detail, ProxyPort } from './ports.ts';

export interface Needs {
  readonly nodes: readonly string[];
  readonly proxies: readonly string[];
}

/** Nodes, and how long ago what is known of them may have been read: ms. */
export interface Age {
  readonly nodes: readonly string[];
  readonly age: number;
}

type Watch = EndpointWatch<NodeObservation> | EndpointWatch<ProxyObservation>;

interface Wanted {
  readonly watch: Watch;
  /** Its reading has to have begun by then at the earliest: monotonic ms. */
  readonly since: number;
}

export class Watcher {
  readonly #clock: Clock;
  readonly #nodes = new Map<string, EndpointWatch<NodeObservation>>();
  readonly #proxies = new Map<string, EndpointWatch<ProxyObservation>>();
  readonly #details = new Map<string, Detail>();
  readonly #waiting = new Set<() => void>();
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #failure: unknown;

  /** @param poll ms between two readings of one thing */
  constructor(nodes: readonly NodeReader[], proxies: readonly ProxyPort[], clock: Clock, poll: number) {
    this.#clock = clock;
    // Everything that is read listens to it: hundreds are no leak.
    setMaxListeners(0, this.#stop.signal);
    const onReading = (): void => this.#waiting.forEach((check) => check());
    for (const port of nodes) {
      const read = (signal: AbortSignal): Promise<NodeObservation> =>
        port.observe(this.#details.get(port.node) ?? 'pulse', signal);
      this.#nodes.set(port.node, new EndpointWatch(read, clock, poll, onReading));
    }
    for (const port of proxies) {
      this.#proxies.set(
        port.proxy,
        new EndpointWatch((signal) => port.observe(signal), clock, poll, onReading),
      );
    }
  }

  start(): void {
    const all = [...this.#nodes.values(), ...this.#proxies.values()];
    this.#running = Promise.all(all.map((watch) => watch.run(this.#stop.signal))).then(
      () => undefined,
      (error: unknown) => {
        // A reading that throws is a bug; whoever waits must hear of it instead of waiting for ever.
        this.#failure = error;
        this.#waiting.forEach((check) => check());
      },
    );
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** What was seen last of everything that was seen at all. */
  latest(): Observation {
    const collect = <T>(watches: ReadonlyMap<string, EndpointWatch<T & { at: number }>>): Record<string, T> =>
      Object.fromEntries(
        [...watches].flatMap(([name, watch]) => (watch.latest === undefined ? [] : [[name, watch.latest]])),
      );
    return { nodes: collect(this.#nodes), proxies: collect(this.#proxies) };
  }

  /** Reads these soon: a hint, not a wish. */
  wake(needs: Needs): void {
    for (const watch of this.#watches(needs)) watch.wake();
  }

  /** How often a node is read: ms; and how much. */
  setPace(node: string, ms: number, detail: Detail): void {
    this.#details.set(node, detail);
    this.#nodes.get(node)?.setPace(ms);
  }

  /** How often a proxy is read: ms. */
  setProxyPace(proxy: string, ms: number): void {
    this.#proxies.get(proxy)?.setPace(ms);
  }

  /**
   * An observation in which everything needed was read at or after `since` (monotonic ms). Other things may be older.
   * It comes: every reading is bounded by its timeouts.
   * @throws FshaError `interrupted`
   */
  async since(since: number, needs: Needs, signal: AbortSignal): Promise<Observation> {
    await this.#until(
      this.#watches(needs).map((watch) => ({ watch, since })),
      signal,
    );
    return this.latest();
  }

  async #until(wanted: readonly Wanted[], signal: AbortSignal): Promise<void> {
    const fresh = (): boolean =>
      wanted.every(({ watch, since }) => (watch.latest?.at ?? Number.NEGATIVE_INFINITY) >= since);
    if (!fresh()) {
      await new Promise<void>((resolve, reject) => {
        const end = (settle: () => void): void => {
          this.#waiting.delete(check);
          signal.removeEventListener('abort', onAbort);
          settle();
        };
        const check = (): void => {
          if (this.#failure !== undefined)
            end(() => reject(this.#failure instanceof Error ? this.#failure : new Error('a reading failed')));
          else if (fresh()) end(resolve);
        };
        const onAbort = (): void => end(() => reject(interrupted('watching')));
        this.#waiting.add(check);
        signal.addEventListener('abort', onAbort, { once: true });
        if (signal.aborted) onAbort();
      });
    }
  }

  /** An observation of what is needed that begins now. */
  fresh(needs: Needs, signal: AbortSignal): Promise<Observation> {
    const now = this.#clock.now();
    for (const watch of this.#watches(needs)) watch.demand();
    return this.since(now, needs, signal);
  }

  /**
   * As {@link fresh}, where of the other nodes it is enough to know how they were up to `age` ms ago: hundreds of them need not be
   * read anew for each node that asks. What was read before something was done on a node does not count.
   */
  async freshAmong(own: Needs, others: Age, signal: AbortSignal): Promise<Observation> {
    const now = this.#clock.now();
    const mine = this.#watches(own);
    for (const watch of mine) watch.demand();
    const rest = this.#watches({
      nodes: others.nodes.filter((name) => !own.nodes.includes(name)),
      proxies: [],
    });
    const wanted = [
      ...mine.map((watch) => ({ watch, since: now })),
      ...rest.map((watch) => ({ watch, since: watch.want(now - others.age) })),
    ];
    await this.#until(wanted, signal);
    return this.latest();
  }

  /** What was read of these so far says nothing any more: something was done on them. */
  outdate(needs: Needs): void {
    for (const watch of this.#watches(needs)) watch.outdate();
  }

  #watches(needs: Needs): readonly Watch[] {
    return [
      ...needs.nodes.flatMap((name) => this.#nodes.get(name) ?? []),
      ...needs.proxies.flatMap((name) => this.#proxies.get(name) ?? []),
    ];
  }
}
