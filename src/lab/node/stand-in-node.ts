import { setTimeout as sleep } from 'node:timers/promises';
import type { Platform } from './api/command.ts';
import { ChannelTable } from './channels.ts';
import type { NodeConfig } from './config.ts';
import { Core } from './core.ts';
import { EslServer } from './esl/esl-server.ts';
import { EventHub } from './esl/event-hub.ts';
import type { Faults, FaultName } from './faults.ts';
import { InviteLog } from './invite-log.ts';
import { Registrations } from './registrations.ts';
import { UserAgent } from './sip/user-agent.ts';

export interface NodeObserver {
  sipBound(): void;
  eslListens(coreUuid: string): void;
  /** `fsctl shutdown`, or a call for another start. */
  wantsToStop(again: boolean): void;
}

/** One life of a FreeSWITCH, from its start to its stop. */
export class StandInNode {
  readonly core: Core;
  readonly channels: ChannelTable;
  readonly #platform: Platform;
  readonly #observer: NodeObserver;
  readonly #hub: EventHub;
  readonly #esl: EslServer;
  readonly #sip: UserAgent;
  readonly #log: InviteLog;
  readonly #stopping = new AbortController();
  #cut = 0;
  #again: NodeJS.Timeout | undefined;

  constructor(config: NodeConfig, faults: Faults, observer: NodeObserver) {
    faults.begin();
    this.#observer = observer;
    this.core = new Core(config, faults);
    this.#hub = new EventHub(this.core);
    this.channels = new ChannelTable(this.core, (event, channel) => this.#hub.channel(event, channel));
    this.channels.onEmpty = () => {
      if (this.core.shutdown !== 'none') observer.wantsToStop(false);
    };
    this.#platform = {
      core: this.core,
      channels: this.channels,
      registrations: new Registrations(config.stateFile, config.sharedStateFiles),
      shutdown: (mode) => this.#shutdown(mode),
    };
    this.#log = new InviteLog(config.inviteLog);
    this.#sip = new UserAgent(this.#platform, this.#log);
    this.#esl = new EslServer(this.#platform, this.#hub);
  }

  /**
   * SIP first, which answers 503, then after `bootMs` ESL.
   * @throws under the fault `failBoot`, or when an address is taken
   */
  async start(): Promise<void> {
    const { config, faults } = this.core;
    await this.#sip.bind();
    this.#log.started(this.core.coreUuid);
    this.#observer.sipBound();
    await sleep(config.bootMs + faults.number('slowBoot'), undefined, { signal: this.#stopping.signal });
    if (faults.is('failBoot')) throw new Error('Cannot Initialize [NO SUITABLE DATABASE INTERFACE]');
    if (!faults.is('refuseEsl')) await this.#esl.listen();
    if (this.#stopping.signal.aborted) return;
    this.core.phase = 'running';
    this.#hub.startHeartbeat();
    this.#scheduleAnotherStart();
    this.#observer.eslListens(this.core.coreUuid);
  }

  /** Cuts the calls, says goodbye on ESL, and lets the BYEs get out for `stopMs`. */
  async stop(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    this.core.phase = 'stopping';
    clearTimeout(this.#again);
    this.#hub.stopHeartbeat();
    this.#cut = this.channels.calls().length;
    for (const channel of this.channels.list()) this.channels.end(channel, 'SYSTEM_SHUTDOWN', 'shutdown');
    this.#hub.shutdown();
    const farewell = Date.now() + this.core.config.stopMs;
    await this.#esl.close();
    if (this.#cut > 0) await sleep(Math.max(0, farewell - Date.now()));
    await this.#sip.close();
    this.#log.stopped(this.core.coreUuid, this.#cut);
  }

  /** Carries out what a fault does at the moment when it is set. */
  async faultSet(name: FaultName): Promise<void> {
    const { faults } = this.core;
    if (name === 'resetEsl' && faults.is(name)) this.#esl.resetConnections();
    if (name === 'halfOpen' && faults.is(name)) this.#esl.silenceConnections();
    if (name === 'secondRestart' && this.core.phase === 'running') this.#scheduleAnotherStart();
    if (name !== 'refuseEsl') return;
    if (faults.is(name)) this.#esl.refuse();
    else if (this.core.phase === 'running') await this.#esl.allow();
  }

  /** Answers or refuses (503) every call that rings, and says how many these were. */
  settleRinging(how: 'answer' | 'fail'): number {
    return this.#sip.settleRinging(how);
  }

  /** What the control port tells. Times are wall clock, milliseconds. */
  stats(): Record<string, unknown> {
    const { core, channels } = this;
    return {
      coreUuid: core.coreUuid,
      startedAt: Math.floor(core.startedAt / 1000),
      phase: core.phase,
      sessionsNow: core.sessions.active,
      callsNow: channels.calls().length,
      sessionsTotal: core.sessions.total,
      accepted: this.#log.seen.filter(({ code }) => code === 200).length,
      refused503: this.#sip.refused,
      endedBy: channels.endedBy,
      cutAtStop: this.#cut,
      openByes: this.#sip.openRequests,
      registrations: this.#platform.registrations.own().length,
      paused: core.paused,
      invites: this.#log.seen,
    };
  }

  #shutdown(mode: 'elegant' | 'asap' | 'now' | undefined): void {
    this.core.shutdown = mode === undefined ? 'none' : mode === 'elegant' ? 'elegant' : 'asap';
    // The answer to the command goes out first.
    if (mode === 'now' || (mode !== undefined && this.channels.size === 0)) {
      setImmediate(() => this.#observer.wantsToStop(false));
    }
  }

  #scheduleAnotherStart(): void {
    clearTimeout(this.#again);
    const after = this.core.faults.number('secondRestart');
    if (after > 0) this.#again = setTimeout(() => this.#observer.wantsToStop(true), after);
  }
}
