/** What was seen of nodes and proxies, and when. Unknown is never zero and never success: it is its own value. */
import type { ErrorInfo } from './errors.ts';

export type Known<T> =
  { readonly known: true; readonly value: T } | { readonly known: false; readonly why: string };

export function known<T>(value: T): Known<T> {
  return { known: true, value };
}

/** @param why a short clause that follows "unknown: ", without control characters */
export function unknown(why: string): { readonly known: false; readonly why: string } {
  return { known: false, why };
}

export function valueOr<T, F>(from: Known<T>, fallback: F): T | F {
  return from.known ? from.value : fallback;
}

/** Everything fsha saw of the cluster in one look. */
export interface Observation {
  readonly nodes: Readonly<Record<string, NodeObservation>>;
  readonly proxies: Readonly<Record<string, ProxyObservation>>;
}

export interface NodeObservation {
  readonly node: string;
  /** Monotonic ms at which the reading began: what it says was true at that moment or later. */
  readonly at: number;
  /** Why the node could not be read at all; null where it answered. */
  readonly trouble: ErrorInfo | null;
  /** `global_getvar core_uuid`: new at every start. */
  readonly coreUuid: Known<string>;
  /** The name FreeSWITCH calls itself. */
  readonly switchname: Known<string>;
  readonly ready: Known<boolean>;
  readonly uptimeMs: Known<number>;
  readonly version: Known<string>;
  /** In memory (`status`), the number that decides. Never from `show`, which reads a database. */
  readonly sessions: Known<number>;
  readonly peak5Min: Known<number>;
  readonly sessionLimit: Known<number>;
  /** Rows of the core database: they describe, they never decide. Unknown also tells that the database does not answer. */
  readonly calls: Known<number>;
  readonly channels: Known<number>;
  readonly pause: Known<Pause>;
  /** The run that holds this node, as its mark in FreeSWITCH's memory says; null for none. */
  readonly mark: Known<string | null>;
  /** Only in a full look. */
  readonly full: NodeDetails | null;
}

export interface Pause {
  readonly inbound: boolean;
  readonly outbound: boolean;
}

export interface NodeDetails {
  readonly profiles: Known<readonly NamedState[]>;
  readonly gateways: Known<readonly NamedState[]>;
  /** `show registrations count`: this node's only. */
  readonly registrations: Known<number>;
}

/** A Sofia profile (`external`, `RUNNING`) or a gateway (`external::trunk-a`, `REGED`). */
export interface NamedState {
  readonly name: string;
  readonly state: string;
}

export interface ProxyObservation {
  readonly proxy: string;
  /** Monotonic ms at which the reading began. */
  readonly at: number;
  /** Why the proxy could not be read at all; null where it answered. */
  readonly trouble: ErrorInfo | null;
  readonly version: Known<string>;
  /** Tells one process from another and a restart from none: start time and process id. */
  readonly instance: Known<string>;
  readonly sets: Known<readonly DispatcherSet[]>;
}

export interface DispatcherSet {
  readonly id: number;
  readonly targets: readonly ListedTarget[];
}

/** A destination as a proxy lists it. */
export interface ListedTarget {
  readonly uri: string;
  readonly duid: string | null;
  /** As printed: `AP`, `DX`, … Read with readFlags. */
  readonly flags: string;
}

/** Every call leg of a node that is there in memory, and whether that is all of them. */
export interface LiveCalls {
  /** Rows of the core database whose channel exists in memory (`uuid_exists`), oldest first. */
  readonly channels: readonly ChannelRow[];
  /** Rows whose channel is gone. */
  readonly ghosts: number;
  /** In memory (`status`), read after the rows: more than `channels` means that some have no row. */
  readonly sessions: number;
}

/** A call leg as `show channels as json` describes it. Numbers in here are unmasked: mask before showing. */
export interface ChannelRow {
  readonly uuid: string;
  readonly direction: string;
  /** Wall clock, seconds since 1970. */
  readonly createdEpoch: number;
  readonly name: string;
  readonly callerNumber: string;
  /** What it is at now: a transfer changes it. */
  readonly destination: string;
  /** What was dialled at first. */
  readonly initialDestination: string;
  readonly application: string;
  readonly networkAddress: string;
  readonly callUuid: string;
  readonly state: string;
}
