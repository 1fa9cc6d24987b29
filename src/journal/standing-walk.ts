/** Goes through the runs that changed one node, the latest first (see latestFirst), as far back as they matter. */
import type { NodeRun } from '../domain/came-after.ts';
import type { Baseline, Service } from '../domain/run-events.ts';
import type { NodeTrace } from './node-traces.ts';

/** What one run did to the node, and what it left it as. */
export interface RunTrace extends NodeTrace {
  readonly service: Service;
  /** Whether it came to its end; one that did not may still be under way. */
  readonly settled: boolean;
}

export interface StandingBaseline {
  /** The newest run that left the node out. */
  readonly run: string;
  /** Whether that run came to its end; one that did not may still be under way. */
  readonly settled: boolean;
  readonly baseline: Baseline;
  /** Whether a restart was begun since the baseline was taken: then the node goes back through Kamailio's probing. */
  readonly restarted: boolean;
  /** Whether one of them may be under way still. */
  readonly restartOpen: boolean;
}

/** A run as it is told from others which came after which. @param trace null where what it did is unknown */
export function nodeRun<T extends Pick<NodeRun, 'run' | 'settled' | 'lastAt'>>(
  run: T,
  trace: NodeTrace | null,
): T & NodeRun {
  return {
    ...run,
    met: trace?.met ?? [],
    // What may have done anything may hold the node.
    holds: trace === null || (trace.touched && trace.holds),
    coreUuid: trace?.baseline?.coreUuid ?? null,
    inherited: trace?.inherited ?? false,
  };
}

export class StandingWalk {
  #newest: { readonly run: string; readonly settled: boolean } | undefined;
  #baseline: Baseline | undefined;
  #restarted = false;
  #restartOpen = false;
  #over = false;

  /** Whether nothing older matters. */
  get over(): boolean {
    return this.#over;
  }

  /**
   * Where the newest run that meant to change the node's destinations did not leave it in service, the baseline with which it
   * was first taken out stands.
   */
  get result(): StandingBaseline | undefined {
    if (this.#newest === undefined || this.#baseline === undefined) return undefined;
    return {
      ...this.#newest,
      baseline: this.#baseline,
      restarted: this.#restarted,
      restartOpen: this.#restartOpen,
    };
  }

  take(run: string, { touched, service, settled, baseline, restarted, restartOpen }: RunTrace): void {
    if (this.#over || !touched) return;
    // A run that inherited its baseline has the core_uuid of the run before it: what that one restarted counts too.
    const same = this.#baseline === undefined || baseline?.coreUuid === this.#baseline.coreUuid;
    if (service === 'in service' || !same) {
      this.#over = true;
      return;
    }
    this.#newest ??= { run, settled };
    this.#baseline ??= baseline;
    this.#restarted ||= restarted;
    this.#restartOpen ||= restartOpen;
  }
}
