/**
 * What the workflow needs of the world. Adapters (freeswitch, kamailio, ssh, sip, journal) satisfy these interfaces;
 * `cli/compose.ts` alone joins the two. Every wait takes an AbortSignal and ends at once, with an FshaError
 * `interrupted`, when it fires. All durations and readings of the clock are milliseconds.
 */
import type { Duplex } from 'node:stream';
import type { StateArgument } from '../domain/dispatcher-state.ts';
import type { ChannelRow, Known, NodeObservation, ProxyObservation } from '../domain/observation.ts';
import type { RunEvent } from '../domain/run-events.ts';

export interface Clock {
  /** Monotonic milliseconds. */
  now(): number;
  /** Wall clock, for people and for ages of calls; never for durations. */
  wall(): Date;
  /** @throws FshaError `interrupted` when the signal fires first */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** `pulse`: what is read at every poll. `full`: profiles, gateways and registrations too. */
export type Detail = 'pulse' | 'full';

/** One FreeSWITCH, over ESL. */
export interface NodePort {
  readonly node: string;
  /** Connects and authenticates where that has not been done. @throws FshaError with the exact reason */
  login(signal: AbortSignal): Promise<void>;
  /**
   * Reads the node, connecting anew where the connection is gone. What cannot be read is unknown in the result: this
   * throws for nothing but an interruption, and takes no longer than connect + request timeout.
   */
  observe(detail: Detail, signal: AbortSignal): Promise<NodeObservation>;
  /** `fsctl pause inbound` or `fsctl resume inbound`; does not read back. */
  pauseInbound(paused: boolean, signal: AbortSignal): Promise<void>;
  /** `global_setvar fsha_run=…`; null clears it. Does not read back. */
  setMark(mark: string | null, signal: AbortSignal): Promise<void>;
  /** Call legs from the core database, oldest first; unknown where the database does not answer. */
  channels(signal: AbortSignal): Promise<Known<readonly ChannelRow[]>>;
  /** Lets the node place a call itself and hang up when it was answered. @throws FshaError `esl.error` with the cause */
  testCall(dialString: string, timeout: number, signal: AbortSignal): Promise<void>;
  /**
   * Calls `listener` when a call began or ended on the node, or the node is shutting down. A hint to look sooner, never
   * a count. Survives reconnects. Returns the function that unsubscribes.
   */
  onActivity(listener: () => void): () => void;
  close(): Promise<void>;
}

/** One Kamailio, over JSON-RPC. */
export interface ProxyPort {
  readonly proxy: string;
  /** Asks for the version. @throws FshaError with the exact reason */
  login(signal: AbortSignal): Promise<void>;
  /** Reads version, instance and dispatcher list; throws for nothing but an interruption, bounded by the timeouts. */
  observe(signal: AbortSignal): Promise<ProxyObservation>;
  /** `dispatcher.set_state`, or `set_duid_state` where a duid is given; success means only that it was accepted. */
  setState(state: StateArgument, target: TargetAddress, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** A destination as it stands in a proxy's list: by duid where that was how it was named, else by URI. */
export interface TargetAddress {
  readonly set: number;
  readonly uri: string;
  readonly duid: string | null;
}

export interface CommandResult {
  /** null where a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** UTF-8, cut at the limit. */
  readonly stdout: string;
  readonly stderr: string;
}

/** The host of a node or a proxy, over SSH. */
export interface HostPort {
  /** Connects and authenticates where that has not been done. @throws FshaError with the exact reason */
  login(signal: AbortSignal): Promise<void>;
  /**
   * Runs one shell line. An exit status of whatever value is a result. A connection lost before the status came is an
   * FshaError `connection.lost`, the passing of `timeout` an FshaError `timeout`: then the outcome is unknown, and the
   * command may still be running there.
   */
  run(command: string, timeout: number, signal: AbortSignal): Promise<CommandResult>;
  /** A TCP connection made by the host to `host:port` (direct-tcpip). */
  dial(host: string, port: number, signal: AbortSignal): Promise<Duplex>;
  close(): Promise<void>;
}

/** SIP OPTIONS over UDP, from this machine. */
export interface SipProbe {
  /** The status code of the final response, or unknown where none came within `timeout`. */
  options(host: string, port: number, timeout: number, signal: AbortSignal): Promise<Known<number>>;
}

/** Where a run's events are kept. */
export interface JournalPort {
  /** Returns when the event has reached the disk. @throws FshaError `journal` */
  append(event: RunEvent): Promise<void>;
  close(): Promise<void>;
}
