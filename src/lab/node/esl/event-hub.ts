import type { Channel, ChannelEventName } from '../channels.ts';
import type { Core } from '../core.ts';
import { uptimeWords } from '../wall-clock.ts';
import { channelHeaders, STAGES } from './channel-events.ts';
import { eventOf, type EslEvent, type Origin } from './event.ts';

const VERSION = '1.10.12-release+git~20240802T210227Z~a88d069d6f~64bit';

export interface EventListener {
  wants(name: string): boolean;
  send(event: EslEvent): void;
}

/** Makes the node's events and hands them to the connections that asked for them. */
export class EventHub {
  readonly #core: Core;
  readonly #listeners = new Set<EventListener>();
  #sequence = 420;
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(core: Core) {
    this.#core = core;
  }

  add(listener: EventListener): void {
    this.#listeners.add(listener);
  }

  remove(listener: EventListener): void {
    this.#listeners.delete(listener);
  }

  startHeartbeat(): void {
    this.#heartbeat = setInterval(() => this.#beat(), this.#core.config.heartbeatMs).unref();
  }

  stopHeartbeat(): void {
    clearInterval(this.#heartbeat);
  }

  channel(name: ChannelEventName, channel: Channel): void {
    this.#emit(name, STAGES[name].origin, () => channelHeaders(name, channel));
  }

  backgroundJob(job: string, command: string, argument: string, body: string): void {
    const origin = { file: 'mod_event_socket.c', function: 'api_exec', line: 1572 };
    const headers: [string, string][] = [
      ['Job-UUID', job],
      ['Job-Command', command],
    ];
    if (argument !== '') headers.push(['Job-Command-Arg', argument]);
    this.#emit('BACKGROUND_JOB', origin, () => headers, body);
  }

  shutdown(): void {
    const origin = { file: 'switch_core.c', function: 'switch_core_destroy', line: 3023 };
    this.#emit('SHUTDOWN', origin, () => [['Event-Info', 'System Shutting Down']]);
  }

  #beat(): void {
    const { sessions, ready, sessionLimit, sessionsPerSecond, uptime, idleCpu, sessionCount } = this.#core;
    const origin = { file: 'switch_core.c', function: 'send_heartbeat', line: 95 };
    const figures = {
      'Event-Info': ready ? 'System Ready' : 'System Not Ready',
      'Up-Time': uptimeWords(uptime),
      'FreeSWITCH-Version': VERSION,
      'Uptime-msec': Math.floor(uptime / 1000),
      'Session-Count': sessionCount,
      'Max-Sessions': sessionLimit,
      'Session-Per-Sec': sessionsPerSecond,
      'Session-Per-Sec-Last': sessions.rate,
      'Session-Per-Sec-Max': sessions.ratePeak,
      'Session-Per-Sec-FiveMin': sessions.ratePeakFiveMinutes,
      'Session-Since-Startup': sessions.total,
      'Session-Peak-Max': sessions.peak,
      'Session-Peak-FiveMin': sessions.peakFiveMinutes,
      'Idle-CPU': idleCpu.percent().toFixed(6),
    };
    this.#emit('HEARTBEAT', origin, () =>
      Object.entries(figures).map(([name, value]): [string, string] => [name, String(value)]),
    );
  }

  /** A CHANNEL event is 5 to 9 kB: it is made only for somebody. */
  #emit(name: string, origin: Origin, headers: () => [string, string][], body?: string): void {
    this.#sequence += 1;
    const wanting = [...this.#listeners].filter((listener) => listener.wants(name));
    if (wanting.length === 0) return;
    const event = eventOf(this.#core, name, this.#sequence, origin, headers(), body);
    for (const listener of wanting) listener.send(event);
  }
}
