import { askLine } from '../json-lines.ts';
import type { Endpoint } from './config.ts';
import type { FaultName, FaultTime, FaultValue } from './faults.ts';
import type { SeenInvite } from './invite-log.ts';
import type { EndedBy } from './channels.ts';

/** What a stand-in node tells of itself. Times are wall clock, milliseconds. */
export interface NodeStats {
  readonly coreUuid: string;
  readonly startedAt: number;
  readonly phase: 'booting' | 'running' | 'stopping';
  readonly sessionsNow: number;
  readonly callsNow: number;
  readonly sessionsTotal: number;
  readonly accepted: number;
  readonly refused503: number;
  readonly endedBy: Readonly<Record<EndedBy, number>>;
  readonly cutAtStop: number;
  readonly openByes: number;
  readonly registrations: number;
  readonly paused: { readonly inbound: boolean; readonly outbound: boolean };
  readonly invites: readonly SeenInvite[];
}

/** Speaks to a stand-in node's control port. Every call rejects when the node is not there. */
export class NodeControl {
  readonly #endpoint: Endpoint;

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
  }

  async stats(): Promise<NodeStats> {
    const answer = (await this.#ask({ stats: true })) as { stats: NodeStats };
    return answer.stats;
  }

  /** Sets a fault; `false` clears it. Those of a start wait for the next one unless told otherwise. */
  async fault(name: FaultName, value: FaultValue = true, when?: FaultTime): Promise<void> {
    await this.#ask({ fault: name, value, ...(when === undefined ? {} : { when }) });
  }

  async clearFaults(): Promise<void> {
    await this.#ask({ clear: true });
  }

  /** Answers or refuses (503) every call that rings; resolves with their number. */
  async settleRinging(how: 'answer' | 'fail'): Promise<number> {
    const answer = (await this.#ask({ ringing: how })) as { settled: number };
    return answer.settled;
  }

  async #ask(request: object): Promise<unknown> {
    const answer = (await askLine(this.#endpoint, JSON.stringify(request))) as {
      ok: boolean;
      error?: string;
    };
    if (!answer.ok) throw new Error(answer.error ?? 'the node refused a control request');
    return answer;
  }
}
