/**
 * What the workflow needs of the world. Adapters (freeswitch, kamailio, ssh, sip, journal) satisfy these interfaces;
 * `cli/compose.ts` alone joins the two. Every wait takes an AbortSignal and ends at once, with an FshaError
 * `interrupted`, when it fires. All durations and readings of the clock are milliseconds.
 */
import type { Duplex } from 'node:stream';
import type { StateArgument } from '../domain/dispatcher-state.ts';
import type {
  ChannelRow,
  Known,
  LiveCalls,
  NodeObservation,
  ProxyObservation,
} from '../domain/observation.ts';
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
  /** What cutting is judged by: one question to the node for each row. Unknown where any of it is. */
  liveCalls(signal: AbortSignal): Promise<Known<LiveCalls>>;
  /** `uuid_exists`. @throws FshaError where the node does not say */
  channelExists(uuid: string, signal: AbortSignal): Promise<boolean>;
  /** `uuid_kill UUID CAUSE`; a channel that is gone is no error. Does not read back. */
  hangUp(uuid: string, cause: string, signal: AbortSignal): Promise<void>;
  /** Lets the node place a call itself and hang up when it was answered. @throws FshaError `esl.error` with the cause */
  testCall(dialString: string, timeout: number, signal: AbortSignal): Promise<void>;
  /**
   * The whole answer to one API command, an -ERR included, on a connection of its own, so that nothing else waits for it.
   * Sent once at most. @throws FshaError `usage` (more than one line), `timeout` and `connection.lost`, whose messages say
   * whether it was sent
   */
  api(command: string, timeout: number, signal: AbortSignal): Promise<string>;
  /**
   * Calls `listener` when a channel began or ended on the node, or the node is shutting down. A hint, never a count: what
   * happens while the connection is gone is not heard. Survives reconnects. Returns the function that unsubscribes.
   */
  onActivity(listener: (activity: NodeActivity) => void): () => void;
  close(): Promise<void>;
}

/** What an ESL event says. */
export type NodeActivity =
  | {
      readonly kind: 'created';
      /** As FreeSWITCH sees it: `inbound` came to it, `outbound` it began itself. */
      readonly direction: 'inbound' | 'outbound';
      /** Where its SIP came from; null where it did not come over SIP (loopback) or FreeSWITCH began it. */
      readonly address: string | null;
      /** Whether it is the further leg of a call that was there before (a bridge, a transfer). */
      readonly furtherLeg: boolean;
    }
  | { readonly kind: 'ended' }
  | { readonly kind: 'shutdown' };

/** One Kamailio, over JSON-RPC. */
export interface ProxyPort {
  readonly proxy: string;
  /** Asks for the version. @throws FshaError with the exact reason */
  login(signal: AbortSignal): Promise<void>;
  /** Reads version, instance and dispatcher list; throws for nothing but an interruption, bounded by the timeouts. */
  observe(signal: AbortSignal): Promise<ProxyObservation>;
  /** `dispatcher.set_state`, or `set_duid_state` where a duid is given; success means only that it was accepted. */
  setState(state: StateArgument, target: TargetAddress, signal: AbortSignal): Promise<void>;
  /**
   * One JSON-RPC method, sent once. What Kamailio itself refuses is an answer.
   * @throws FshaError as setState: after `connection.lost` and `timeout` the outcome is unknown
   */
  ask(
    method: string,
    parameters: readonly unknown[],
    timeout: number,
    signal: AbortSignal,
  ): Promise<RpcReply>;
  close(): Promise<void>;
}

/** What a Kamailio says to a method: its result, or an error of its own. */
export type RpcReply =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly code: number; readonly message: string };

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
   * @param stdin what the command reads; left out: nothing
   */
  run(
    command: string,
    timeout: number,
    signal: AbortSignal,
    stdin?: string | Uint8Array,
  ): Promise<CommandResult>;
  /** A TCP connection made by the host to `host:port` (direct-tcpip). */
  dial(host: string, port: number, signal: AbortSignal): Promise<Duplex>;
  /** Ends the connection, and whatever goes through it; the next use opens another. */
  release(): Promise<void>;
  close(): Promise<void>;
}

/** A command of the user's on this machine. */
export interface LocalCommand {
  /**
   * Runs one line in a shell of its own, without input. An exit status of whatever value is a result; stdout and stderr
   * are cut at 64 kB each. After `timeout`, or when the signal fires, its whole process group is ended.
   * @throws FshaError `timeout`, `interrupted`, `hook.failed` (it could not be begun)
   */
  run(
    command: string,
    env: Readonly<Record<string, string>>,
    timeout: number,
    signal: AbortSignal,
  ): Promise<CommandResult>;
}

/** SIP OPTIONS over UDP, from this machine. */
export interface SipProbe {
  /** The status code of the final response, or unknown where none came within `timeout`. */
  options(host: string, port: number, timeout: number, signal: AbortSignal): Promise<Known<number>>;
}

/** The lock of a cluster, while a run holds it: who does not hold it any more changes nothing. */
export interface LockPort {
  /** @throws FshaError `lock.lost` where it was lost since it was taken, or since it was taken again */
  assertHeld(): void;
  /** Takes it again after it was lost, to give back what is half done. @throws FshaError `locked`, `journal`, `interrupted` */
  retake(signal: AbortSignal): Promise<void>;
}

/** The lock as a run has it. */
export interface RunLockPort extends LockPort {
  /**
   * From here on this run does nothing but keep that node out: it gives up the cluster's lock for one that says so, and only
   * for this node. @throws FshaError `locked` where another run keeps it out already, `journal`, `interrupted`
   */
  guardOnly(node: string, signal: AbortSignal): Promise<void>;
  /** Who wants to have the node that this run keeps out, in words; null as long as nobody has said so. */
  whoWants(node: string): Promise<string | null>;
  /** Asks the run of this host that keeps the node out, if one does, to end, and waits until it has. @throws FshaError `locked` */
  relieve(node: string, signal: AbortSignal): Promise<void>;
}

/** Where a run's events are kept. */
export interface JournalPort {
  /** Returns when the event has reached the disk. @throws FshaError `journal` */
  append(event: RunEvent): Promise<void>;
  close(): Promise<void>;
}
