/** A FreeSWITCH as the workflow sees it: {@link NodePort} over ESL. */
import type { Duplex } from 'node:stream';
import type { Timeouts } from '../domain/cluster.ts';
import { FshaError, interrupted, isInterruption } from '../domain/errors.ts';
import {
  known,
  unknown,
  type ChannelRow,
  type Known,
  type LiveCalls,
  type NodeObservation,
} from '../domain/observation.ts';
import type { Secret } from '../domain/secret.ts';
import { printable } from '../domain/text.ts';
import type { Clock, Detail, NodeActivity, NodePort } from '../workflow/ports.ts';
import { Activity } from './activity.ts';
import { requireCause, requireChannelId } from './channel-arguments.ts';
import type { EslConnection } from './esl-connection.ts';
import { commandRefused } from './esl-errors.ts';
import { KeptConnection } from './kept-connection.ts';
import { readLiveCalls } from './live-calls.ts';
import { readNode, unreachable } from './node-reader.ts';
import { openEsl } from './open-esl.ts';
import { isNoSuchChannel, readBoolean } from './plain-replies.ts';
import { clause } from './questions.ts';
import { readChannels } from './show-replies.ts';

export interface FreeswitchSettings {
  readonly node: string;
  /** Where ESL is, for messages: `10.0.1.10:8021`, `127.0.0.1:8021 through ssh`. */
  readonly address: string;
  /** A new stream to the port of mod_event_socket: `dialTcp`, or a channel through SSH. Must heed the signal. */
  readonly connect: (signal: AbortSignal) => Promise<Duplex>;
  readonly password: Secret;
  readonly timeouts: Timeouts;
  readonly clock: Clock;
}

/**
 * Keeps one connection for everything short, and opens one of its own for a test call, which would hold up the rest.
 * No command is ever sent twice: where one fails as `timeout` or `connection.lost`, its message says whether it was
 * sent, and the caller has to look.
 */
export class FreeswitchNode implements NodePort {
  readonly node: string;
  readonly #settings: FreeswitchSettings;
  readonly #where: string;
  readonly #kept: KeptConnection;
  readonly #activity: Activity;
  readonly #own = new Set<EslConnection>();
  #closed = false;

  constructor(settings: FreeswitchSettings) {
    this.node = settings.node;
    this.#settings = settings;
    this.#where = `${settings.node} (${settings.address})`;
    this.#activity = new Activity(settings.clock, settings.timeouts.request);
    this.#kept = new KeptConnection(
      this.#where,
      (signal) => this.#open(signal),
      (connection) => this.#activity.follow(connection),
    );
  }

  /**
   * Monotonic ms at which the node last said that it was being shut down, null where it never did. An end without it
   * is a crash, or a broken way to the node.
   */
  get shutdownAt(): number | null {
    return this.#activity.shutdownAt;
  }

  async login(signal: AbortSignal): Promise<void> {
    await this.#kept.get(signal);
  }

  async observe(detail: Detail, signal: AbortSignal): Promise<NodeObservation> {
    const { clock, timeouts } = this.#settings;
    const at = clock.now();
    try {
      const connection = await this.#kept.get(signal);
      this.#activity.renew();
      const settings = { node: this.node, at, detail, timeout: timeouts.request, clock };
      return await readNode(connection, settings, signal);
    } catch (error) {
      if (this.#isOver(signal)) throw isInterruption(error) ? error : interrupted(`reading ${this.node}`);
      return unreachable(this.node, at, detail, error);
    }
  }

  async pauseInbound(paused: boolean, signal: AbortSignal): Promise<void> {
    await this.#expectOk(`fsctl ${paused ? 'pause' : 'resume'} inbound`, signal);
  }

  /** @throws FshaError `usage` too, for a mark that FreeSWITCH would not keep as it is */
  async setMark(mark: string | null, signal: AbortSignal): Promise<void> {
    // `=` divides the arguments of global_setvar, quotes and backslashes are taken for its own.
    if (mark !== null && (!/^[^\s='"\\]{1,512}$/.test(mark) || printable(mark, 512) !== mark))
      throw new FshaError(
        'usage',
        `"${printable(mark, 80)}" cannot be a mark on ${this.node}.`,
        'A mark is up to 512 characters, without blanks, quotes, backslashes and "=".',
      );
    await this.#expectOk(`global_setvar fsha_run=${mark ?? ''}`, signal);
  }

  channels(signal: AbortSignal): Promise<Known<readonly ChannelRow[]>> {
    return this.#reading(signal, async (connection) =>
      readChannels(await connection.apiRaw('show channels as json', this.#options(signal))),
    );
  }

  liveCalls(signal: AbortSignal): Promise<Known<LiveCalls>> {
    const { clock, timeouts } = this.#settings;
    return this.#reading(signal, (connection) =>
      readLiveCalls(connection, { timeout: timeouts.request, clock }, signal),
    );
  }

  /** @throws FshaError `usage` too, for what cannot be the id of a channel */
  async channelExists(uuid: string, signal: AbortSignal): Promise<boolean> {
    requireChannelId(uuid);
    const command = `uuid_exists ${uuid}`;
    const body = await this.#api(command, signal);
    const exists = readBoolean(known(body));
    if (!exists.known) throw commandRefused(this.#where, command, body);
    return exists.value;
  }

  /** @throws FshaError `usage` too, for what cannot be the id of a channel or a hangup cause */
  async hangUp(uuid: string, cause: string, signal: AbortSignal): Promise<void> {
    requireChannelId(uuid);
    requireCause(cause);
    const command = `uuid_kill ${uuid} ${cause}`;
    const connection = await this.#kept.get(signal);
    const body = await connection.apiRaw(command, this.#options(signal));
    if (!body.startsWith('+OK') && !isNoSuchChannel(body)) throw commandRefused(this.#where, command, body);
  }

  /** @param timeout ms that the called side has for answering; connecting and the command's own way come on top */
  async testCall(dialString: string, timeout: number, signal: AbortSignal): Promise<void> {
    if (dialString.trim() === '' || /[\u0000-\u001f\u007f]/.test(dialString))
      throw new FshaError(
        'usage',
        `"${printable(dialString, 80)}" cannot be called by ${this.node}.`,
        'Set verify.call to a FreeSWITCH dial string such as loopback/9196/public.',
      );
    const seconds = Math.max(1, Math.ceil(timeout / 1_000));
    const variables = `{originate_timeout=${seconds},ignore_early_media=true}`;
    const command = `originate ${variables}${dialString} &hangup`;
    const connection = await this.#open(signal);
    this.#own.add(connection);
    try {
      const room = seconds * 1_000 + this.#settings.timeouts.request;
      const body = await connection.api(command, { timeout: room, signal });
      if (!body.startsWith('+OK')) throw commandRefused(this.#where, command, body);
    } finally {
      this.#own.delete(connection);
      connection.close();
    }
  }

  async api(command: string, timeout: number, signal: AbortSignal): Promise<string> {
    const connection = await this.#open(signal);
    this.#own.add(connection);
    try {
      return await connection.apiRaw(command, { timeout, signal });
    } finally {
      this.#own.delete(connection);
      connection.close();
    }
  }

  onActivity(listener: (activity: NodeActivity) => void): () => void {
    return this.#activity.listen(listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const connection of this.#own) connection.close();
    await this.#kept.close();
  }

  #open(signal: AbortSignal): Promise<EslConnection> {
    const { connect, password, timeouts, clock } = this.#settings;
    return openEsl({ where: this.#where, connect, password, timeouts, clock }, signal);
  }

  #options(signal: AbortSignal): { timeout: number; signal: AbortSignal } {
    return { timeout: this.#settings.timeouts.request, signal };
  }

  /** Whether whoever asked has no more use for an answer. */
  #isOver(signal: AbortSignal): boolean {
    return signal.aborted || this.#closed;
  }

  async #api(command: string, signal: AbortSignal): Promise<string> {
    const connection = await this.#kept.get(signal);
    return connection.api(command, this.#options(signal));
  }

  /** What is unknown where the node cannot be asked. @throws FshaError `interrupted` */
  async #reading<T>(
    signal: AbortSignal,
    read: (connection: EslConnection) => Promise<Known<T>>,
  ): Promise<Known<T>> {
    try {
      return await read(await this.#kept.get(signal));
    } catch (error) {
      if (this.#isOver(signal)) throw isInterruption(error) ? error : interrupted(`reading ${this.node}`);
      if (!(error instanceof FshaError)) throw error;
      return unknown(clause(error));
    }
  }

  async #expectOk(command: string, signal: AbortSignal): Promise<void> {
    const body = await this.#api(command, signal);
    if (!body.startsWith('+OK')) throw commandRefused(this.#where, command, body);
  }
}
