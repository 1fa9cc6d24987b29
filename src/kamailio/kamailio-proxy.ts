import type { Proxy, Timeouts } from '../domain/cluster.ts';
import type { StateArgument } from '../domain/dispatcher-state.ts';
import { errorInfo, FshaError, interrupted, isInterruption, type ErrorInfo } from '../domain/errors.ts';
import {
  known,
  unknown,
  type DispatcherSet,
  type Known,
  type ProxyObservation,
} from '../domain/observation.ts';
import { printable } from '../domain/text.ts';
import type { Clock, ProxyPort, RpcReply, TargetAddress } from '../workflow/ports.ts';
import type { Connect } from './connection.ts';
import { within } from './deadline.ts';
import { readDispatcherList } from './dispatcher-list.ts';
import { endpointOf, type Endpoint } from './endpoint.ts';
import { readInstance, readVersion } from './instance.ts';
import { RpcSession } from './json-rpc.ts';
import { isRecord } from './rpc-answer.ts';
import { refusedCall, requestTimeout, wrongAnswer } from './rpc-errors.ts';

export interface KamailioOptions {
  readonly proxy: Proxy;
  readonly timeouts: Pick<Timeouts, 'connect' | 'request'>;
  readonly clock: Clock;
  /** Where given, the RPC is reached through this and not over TCP from here. */
  readonly connect?: Connect | undefined;
}

/** One Kamailio over JSON-RPC (xhttp and jsonrpcs). */
export class KamailioProxy implements ProxyPort {
  readonly proxy: string;
  readonly #options: KamailioOptions;
  readonly #endpoint: Endpoint;
  readonly #closing = new AbortController();

  /** @throws FshaError `inventory` where the RPC URL is none */
  constructor(options: KamailioOptions) {
    this.proxy = options.proxy.name;
    this.#options = options;
    this.#endpoint = endpointOf(options.proxy);
  }

  /** Asks for the version. @throws FshaError with the exact reason */
  async login(signal: AbortSignal): Promise<void> {
    await this.#session('core.version', signal, async (session, ended) => {
      const version = readVersion(await session.call('read', 'core.version', [], ended));
      if (!version.known) {
        const hint = 'Check that the rpc URL is that of a Kamailio with the module jsonrpcs.';
        throw wrongAnswer(this.#endpoint, 'core.version', 'is not text', hint);
      }
    });
  }

  /**
   * Reads version, instance and dispatcher list, within timeouts.connect + timeouts.request altogether. What cannot be
   * read is unknown; where nothing could be, `trouble` says why.
   * @throws FshaError `interrupted` only
   */
  async observe(signal: AbortSignal): Promise<ProxyObservation> {
    const at = this.#options.clock.now();
    const look = new Look();
    try {
      await this.#session('dispatcher.list', signal, (session, ended) =>
        look.take(session, ended, this.#endpoint),
      );
    } catch (error) {
      if (isInterruption(error)) throw error;
      look.failed(error);
    }
    return { proxy: this.proxy, at, ...look.seen() };
  }

  /**
   * `dispatcher.set_state`, or `dispatcher.set_duid_state` where the target has a duid. Success means that Kamailio took
   * it, no more: read the list afterwards.
   * @throws FshaError `rpc.error` where Kamailio refused it; after `connection.lost` and `timeout` the outcome is unknown
   */
  async setState(state: StateArgument, target: TargetAddress, signal: AbortSignal): Promise<void> {
    const byDuid = target.duid !== null;
    const method = byDuid ? 'dispatcher.set_duid_state' : 'dispatcher.set_state';
    const name = byDuid ? target.duid : target.uri;
    if (name === 'all' || name === '' || !Number.isInteger(target.set)) {
      // "all" is not a name but every destination of the set (kamailio 5.6.3, dispatcher.c).
      throw new FshaError(
        'refused',
        `${this.#endpoint.where}: ${JSON.stringify(printable(name))} in set ${target.set} does not name one destination`,
        'Name the destination by its URI, or give it another duid.',
      );
    }
    await this.#session(method, signal, async (session, ended) => {
      // The set as a number: given as text, Kamailio finds no set.
      const result = await session.call('write', method, [state, target.set, name], ended);
      if (!isAcceptance(result)) {
        throw wrongAnswer(
          this.#endpoint,
          method,
          'is not the one that Kamailio gives when it takes the state',
          'See fsha status.',
        );
      }
    });
  }

  async ask(
    method: string,
    parameters: readonly unknown[],
    timeout: number,
    signal: AbortSignal,
  ): Promise<RpcReply> {
    const calls = (session: RpcSession, ended: AbortSignal): Promise<RpcReply> =>
      session.ask('write', method, parameters, ended);
    return this.#session(method, signal, calls, timeout);
  }

  close(): Promise<void> {
    this.#closing.abort();
    return Promise.resolve();
  }

  /** Runs calls on a connection of their own, all of them within connect + request timeout. */
  async #session<T>(
    method: string,
    signal: AbortSignal,
    calls: (session: RpcSession, signal: AbortSignal) => Promise<T>,
    request = this.#options.timeouts.request,
  ): Promise<T> {
    const { clock, connect } = this.#options;
    const timeouts = { connect: this.#options.timeouts.connect, request };
    const endpoint = this.#endpoint;
    const what = `${method} on ${endpoint.where}`;
    if (signal.aborted) throw interrupted(what);
    const ms = timeouts.connect + timeouts.request;
    const session = new RpcSession({ endpoint, timeouts, clock, connect });
    const either = AbortSignal.any([signal, this.#closing.signal]);
    const expired = (): FshaError => requestTimeout(endpoint, method, ms);
    try {
      return await within({ clock, ms, signal: either, what, expired }, (ended) => calls(session, ended));
    } finally {
      session.close();
    }
  }
}

/** Kamailio 5.5 answers `{}` to a state it took, later ones with a sentence that begins with Ok. */
function isAcceptance(result: unknown): boolean {
  if (typeof result === 'string') return /^ok\b/i.test(result);
  return isRecord(result) && Object.keys(result).length === 0;
}

/** What one look has seen so far: it may end at any point, by a deadline too. */
class Look {
  #version: Known<string> | undefined;
  #instance: Known<string> | undefined;
  #sets: Known<readonly DispatcherSet[]> | undefined;
  #answered = false;
  #firstFailure: ErrorInfo | undefined;
  #ending: ErrorInfo | undefined;

  async take(session: RpcSession, signal: AbortSignal, endpoint: Endpoint): Promise<void> {
    const read = async (method: string): Promise<Known<unknown>> => {
      try {
        const result = await session.call('read', method, [], signal);
        this.#answered = true;
        return known(result);
      } catch (error) {
        if (!(error instanceof FshaError) || !isAboutTheCall(error)) throw error;
        this.#answered ||= error.code === 'rpc.error';
        this.#firstFailure ??= errorInfo(error);
        return unknown(error.message);
      }
    };
    const version = await read('core.version');
    this.#version = version.known ? readVersion(version.value) : version;
    const uptime = await read('core.uptime');
    const processes = await read('core.ps');
    if (!uptime.known) this.#instance = uptime;
    else if (!processes.known) this.#instance = processes;
    else this.#instance = readInstance(uptime.value, processes.value);
    // Last, so that it is the newest of what is seen together.
    this.#sets = await this.#list(session, signal, endpoint);
  }

  /**
   * The whole list, not `["short"]`: that one leaves out ATTRS and with it the duid (measured on 5.6.3), without which
   * two destinations with one URI cannot be told apart; 5.5 does not know it.
   */
  async #list(
    session: RpcSession,
    signal: AbortSignal,
    endpoint: Endpoint,
  ): Promise<Known<readonly DispatcherSet[]>> {
    try {
      const answer = await session.ask('read', 'dispatcher.list', [], signal);
      this.#answered = true;
      if (answer.ok) return readDispatcherList(answer.result);
      if (/^no destination sets$/i.test(answer.message.trim())) return known([]);
      throw refusedCall(endpoint, 'dispatcher.list', answer.code, answer.message);
    } catch (error) {
      if (!(error instanceof FshaError) || !isAboutTheCall(error)) throw error;
      this.#firstFailure ??= errorInfo(error);
      return unknown(error.message);
    }
  }

  failed(error: unknown): void {
    this.#ending = errorInfo(error);
  }

  seen(): Pick<ProxyObservation, 'trouble' | 'version' | 'instance' | 'sets'> {
    const missing = unknown(this.#ending?.message ?? 'it was not read');
    return {
      trouble: this.#answered ? null : (this.#firstFailure ?? this.#ending ?? null),
      version: this.#version ?? missing,
      instance: this.#instance ?? missing,
      sets: this.#sets ?? missing,
    };
  }
}

/** Whether only this call went wrong, so that another on the same proxy is worth its while. */
function isAboutTheCall(error: FshaError): boolean {
  return error.code === 'rpc.error' || error.code === 'protocol';
}
