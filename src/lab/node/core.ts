import { randomUUID } from 'node:crypto';
import type { NodeConfig } from './config.ts';
import type { Faults } from './faults.ts';
import { IdleCpu } from './idle-cpu.ts';
import { SessionCounters } from './session-counters.ts';
import { microseconds } from './wall-clock.ts';

export type Direction = 'inbound' | 'outbound';

/** What FreeSWITCH's core keeps in memory and loses at a restart. */
export class Core {
  readonly config: NodeConfig;
  readonly faults: Faults;
  readonly coreUuid = randomUUID();
  readonly startedAt = microseconds();
  readonly sessions = new SessionCounters();
  readonly idleCpu = new IdleCpu();
  readonly variables = new Map<string, string>();
  readonly paused: Record<Direction, boolean> = { inbound: false, outbound: false };
  phase: 'booting' | 'running' | 'stopping' = 'booting';
  /** `fsctl shutdown asap` refuses new calls, `elegant` goes on taking them while it waits. */
  shutdown: 'none' | 'elegant' | 'asap' = 'none';
  sessionLimit: number;
  sessionsPerSecond: number;

  constructor(config: NodeConfig, faults: Faults) {
    this.config = config;
    this.faults = faults;
    this.sessionLimit = config.sessionLimit;
    this.sessionsPerSecond = config.sessionsPerSecond;
    const known: Record<string, string> = {
      hostname: config.hostname,
      switchname: config.switchname,
      local_ip_v4: config.ipv4,
      local_ip_v6: config.ipv6,
      core_uuid: this.coreUuid,
    };
    for (const [name, value] of Object.entries(known)) this.variables.set(name, value);
  }

  get ready(): boolean {
    return this.phase === 'running' && !this.faults.is('notReady');
  }

  get uptime(): number {
    return microseconds() - this.startedAt;
  }

  /** Sessions as `status` counts them; a leak of FreeSWITCH's is in it. */
  get sessionCount(): number {
    return this.sessions.active + this.faults.number('lieSessions');
  }

  /** False: every request outside a dialog gets 503 (measured on 1.10.12). */
  takesRequests(): boolean {
    const open = this.ready && !this.paused.inbound && this.shutdown !== 'asap';
    return open && this.sessionCount < this.sessionLimit;
  }

  takesSession(direction: Direction): boolean {
    const open = this.ready && !this.paused[direction] && this.shutdown !== 'asap';
    return open && this.sessionCount < this.sessionLimit && this.sessions.rate < this.sessionsPerSecond;
  }
}
