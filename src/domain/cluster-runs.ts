/** What the journals of this host and the lock say of the runs of a cluster. Facts only: run-notes.ts judges them. */
import type { LockState } from './lock-holder.ts';
import type { Plan } from './plan.ts';
import type { BaselineDestination, Service } from './run-events.ts';

export interface ClusterRuns {
  /** Those that change nodes for longer than a moment and have not come to their end, newest first. */
  readonly unfinished: readonly UnfinishedRun[];
  /** For each node the run that meant to change its destinations last (see latestFirst); no entry where there is none. */
  readonly last: ReadonlyMap<string, LastRun>;
  /** The newest rolling run that has ended without having brought all of its nodes through; absent: none. */
  readonly partly?: PartlyRun;
  /** Every run that has a journal here; null where it is not known which these are. */
  readonly known: ReadonlySet<string> | null;
  /** Looked at after the journals; null where it cannot be told. */
  readonly lock: LockState | null;
  /** The state directory, where that is not there: no run was ever begun here by somebody who has this one. null: it is. */
  readonly missing: string | null;
  /** Why something may be missing in all this, sentences without their full stop. Empty where everything was read. */
  readonly gaps: readonly string[];
}

export interface UnfinishedRun {
  readonly run: string;
  /** As it was meant: `drain node-1`. */
  readonly command: string;
  readonly kind: Plan['kind'] | null;
  /** Of the process that wrote last: whoever resumed it. */
  readonly who: string;
  /** When that process began, and when it wrote last; ISO 8601, UTC. */
  readonly since: string;
  readonly lastAt: string;
  /** The nodes of its plan. */
  readonly nodes: readonly string[];
  /** Those of them on which it announced anything. */
  readonly touched: readonly string[];
  /** Those of `touched` with which it is not through, as a rolling run may be. */
  readonly open: readonly string[];
  /** Where it changed a destination of a node. */
  readonly changed: readonly { readonly node: string; readonly proxy: string }[];
  /** Whether it announced a restart: from then on it cannot be undone. */
  readonly restartIntended: boolean;
  /** How far it is with its nodes; absent for a run of another kind. */
  readonly rolling?: RollingNote;
  /** The kind of the step that was begun last and has not ended; null between two. */
  readonly step: string | null;
  /** Whether it was begun, or resumed last, under another lock than the one that is looked at here: on another host. */
  readonly elsewhere: boolean;
  /** Those of its nodes on which another run found what this one had left (see came-after.ts). Absent: none. */
  readonly overtaken?: readonly string[];
  /** Its journal cannot be read: nobody can go on with it. */
  readonly damaged?: true;
  /** Whether it holds a lock here, looked at after its journal; null where that cannot be told. */
  readonly underWay: boolean | null;
  /** The number of its process, where that is stopped (Ctrl-Z, SIGSTOP) as far as can be seen from here: it does nothing. */
  readonly stopped?: number;
}

/** How far a rolling run is. */
export interface RollingNote {
  /** How many nodes are through, of how many. */
  readonly done: number;
  readonly of: number;
  readonly inHand: readonly string[];
  /** Those that were not begun. */
  readonly untouched: readonly string[];
  /** Those that were held count, too. */
  readonly failed: readonly string[];
}

/** A rolling run that has ended and can be gone on with. */
export interface PartlyRun {
  readonly run: string;
  readonly command: string;
  readonly who: string;
  /** When it came to its end. ISO 8601, UTC. */
  readonly lastAt: string;
  /** Those that it has not brought through, begun or not. */
  readonly nodes: readonly string[];
  /** Whether it changed anything. */
  readonly changed: boolean;
}

export interface LastRun {
  readonly run: string;
  readonly command: string;
  readonly who: string;
  readonly kind: Plan['kind'];
  /** The nodes of its plan. */
  readonly nodes: readonly string[];
  readonly settled: boolean;
  /** When it came to its end, or wrote last. ISO 8601, UTC. */
  readonly lastAt: string;
  /** What it left the node as: unknown where it has not ended, or could not tell. */
  readonly says: Service;
  /** What it had found of the node's destinations; null where its journal does not say. */
  readonly found: readonly BaselineDestination[] | null;
  /** The commands that go on, as it wrote them down, and how fsha was called then. */
  readonly next: readonly string[];
  readonly call: string;
  /** Monotonic ms: at this moment it was the last one and had come to its end, if it has. */
  readonly seenAt: number;
}
