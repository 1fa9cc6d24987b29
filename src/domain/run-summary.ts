/** A run in one line: what the two ends of its journal say. */
import type { Plan } from './plan.ts';
import type { RunSettled, Service } from './run-events.ts';

export interface RunSummary {
  readonly run: string;
  readonly path: string;
  /**
   * `unfinished`: under way, or its process was ended. `empty`: ended before it recorded anything, so it did nothing.
   * `damaged`: its journal holds what it should not; `unreadable`: it could not be read now, and nothing says that it is damaged.
   * Of both see `damage`.
   */
  readonly state: 'settled' | 'unfinished' | 'empty' | 'damaged' | 'unreadable';
  readonly command: string | null;
  readonly cluster: string | null;
  readonly who: string | null;
  readonly reason: string | null;
  /** ISO 8601, UTC. */
  readonly startedAt: string | null;
  readonly settledAt: string | null;
  readonly kind: Plan['kind'] | null;
  /** The nodes of its plan. */
  readonly nodes: readonly string[];
  /** How fsha was called. */
  readonly call: string | null;
  /** Under which lock it was begun, `MACHINE:PATH`. */
  readonly lock: string | null;
  readonly outcome: RunSettled['outcome'] | null;
  readonly exit: number | null;
  /** What it left each node as; empty unless settled. */
  readonly services: Readonly<Record<string, Service>>;
  /** Nodes of its plan that it did not begin; empty unless settled. */
  readonly untouched: readonly string[];
  /** Commands that go on or undo, as it wrote them down at its end. */
  readonly next: readonly string[];
  /** What is wrong with the file; null unless damaged or unreadable. */
  readonly damage: string | null;
}

export interface ListedRun extends RunSummary {
  /** Whether it goes on; null where that cannot be told. A hang-up takes no lock, and one of another host not this one. */
  readonly underWay: boolean | null;
}
