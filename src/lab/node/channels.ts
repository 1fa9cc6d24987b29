import { randomUUID } from 'node:crypto';
import type { Core, Direction } from './core.ts';
import type { SipLeg } from './sip/leg.ts';
import { microseconds } from './wall-clock.ts';

export type EndedBy = 'caller' | 'node' | 'operator' | 'shutdown' | 'cancelled' | 'timeout';
export type ChannelEventName =
  'CHANNEL_CREATE' | 'CHANNEL_ANSWER' | 'CHANNEL_HANGUP_COMPLETE' | 'CHANNEL_DESTROY';

export interface ChannelSetup {
  readonly direction: Direction;
  readonly name: string;
  readonly cidName: string;
  readonly cidNumber: string;
  readonly ip: string;
  readonly destination: string;
  readonly dialplan: string;
  readonly codec: 'PCMU' | 'L16';
  /** Who called at the very beginning, where that is not `cidName` and `cidNumber`. */
  readonly initialCaller?: { readonly name: string; readonly number: string };
  readonly calleeName?: string;
  readonly calleeNumber?: string;
  readonly leg?: SipLeg;
}

/** One channel: a session of its own, with or without SIP behind it. */
export class Channel {
  readonly uuid = randomUUID();
  readonly createdAt = microseconds();
  readonly setup: ChannelSetup;
  readonly sessionId: number;
  /** In order of setting; setting again moves to the end, as in FreeSWITCH. */
  readonly variables = new Map<string, string>();
  answeredAt = 0;
  endedAt = 0;
  cause = '';
  application = '';
  applicationData = '';
  /** The channel whose call this one belongs to, `''` while it is in no bridge. */
  callUuid = '';
  calleeDirection = '';
  /** The channel that began this one to bridge with it. */
  originator: Channel | undefined;
  partner: Channel | undefined;
  /** The b-leg of a bridge: its call is counted at the a-leg. */
  isCallee = false;
  /** Called before the events of the end: sets the last variables, and tells the far end where it does not know. */
  onEnd: ((by: EndedBy) => void) | undefined;

  constructor(setup: ChannelSetup, sessionId: number) {
    this.setup = setup;
    this.sessionId = sessionId;
  }

  set(variables: Iterable<readonly [string, string | undefined]>): void {
    for (const [name, value] of variables) {
      if (value === undefined) continue;
      this.variables.delete(name);
      this.variables.set(name, value);
    }
  }
}

/** All channels of the node. Sessions in memory are counted here; what `show` says of them is the database's affair. */
export class ChannelTable {
  readonly #core: Core;
  readonly #channels = new Map<string, Channel>();
  readonly #notify: (event: ChannelEventName, channel: Channel) => void;
  readonly endedBy: Record<EndedBy, number> = {
    caller: 0,
    node: 0,
    operator: 0,
    shutdown: 0,
    cancelled: 0,
    timeout: 0,
  };
  onEmpty: (() => void) | undefined;

  constructor(core: Core, notify: (event: ChannelEventName, channel: Channel) => void) {
    this.#core = core;
    this.#notify = notify;
  }

  list(): Channel[] {
    return [...this.#channels.values()];
  }

  get(uuid: string): Channel | undefined {
    return this.#channels.get(uuid);
  }

  get size(): number {
    return this.#channels.size;
  }

  /** Calls: a bridged pair is one. */
  calls(): Channel[] {
    return this.list().filter((channel) => !channel.isCallee);
  }

  start(setup: ChannelSetup, prepare?: (channel: Channel) => void): Channel {
    this.#core.sessions.started();
    const channel = new Channel(setup, this.#core.sessions.total);
    prepare?.(channel);
    this.#channels.set(channel.uuid, channel);
    this.#notify('CHANNEL_CREATE', channel);
    return channel;
  }

  answer(channel: Channel): void {
    channel.answeredAt = microseconds();
    this.#notify('CHANNEL_ANSWER', channel);
  }

  /** Ends a channel and the one it is bridged with. */
  end(channel: Channel, cause: string, by: EndedBy): void {
    if (!this.#channels.delete(channel.uuid)) return;
    channel.cause = cause;
    channel.endedAt = microseconds();
    channel.onEnd?.(by);
    if (!channel.isCallee) this.endedBy[by] += 1;
    this.#core.sessions.ended();
    this.#notify('CHANNEL_HANGUP_COMPLETE', channel);
    this.#notify('CHANNEL_DESTROY', channel);
    if (channel.partner) this.end(channel.partner, cause, by === 'caller' ? 'node' : by);
    if (this.#channels.size === 0) this.onEmpty?.();
  }
}
