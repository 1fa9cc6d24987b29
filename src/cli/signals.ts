/** The one root of all stopping: signals become one AbortSignal, which travels as an argument. */
import { setMaxListeners } from 'node:events';
import type { Interruption } from '../domain/conclude.ts';
import type { Host } from './host.ts';

export interface Stop {
  /** Fires at the first SIGINT or SIGTERM, or SIGHUP where that is wished: stop and undo. */
  readonly signal: AbortSignal;
  /** Fires at a SIGINT or SIGTERM behind it: leave at once. */
  readonly leave: AbortSignal;
  readonly interruption: () => Interruption;
  /** Ctrl-C, where the terminal does not make a signal of it: the first stops, the second leaves. */
  readonly interrupt: () => void;
  /** Stops as the first Ctrl-C does; once stopped, does nothing. */
  readonly abort: () => void;
  /** Calls `listener` with the name of the first signal that stops the run; at once where it came already. */
  readonly onStop: (listener: (by: string) => void) => void;
  /** Takes the listeners away. */
  readonly dispose: () => void;
}

/**
 * Listens to the signals of the process. A lost terminal ends the view, not the run, unless `onHangup` says `restore`.
 */
export function listen(host: Host, onHangup: 'continue' | 'restore' = 'continue'): Stop {
  const stop = new AbortController();
  const leave = new AbortController();
  // Every wait of a run listens to these: hundreds of nodes are no leak.
  setMaxListeners(0, stop.signal, leave.signal);
  let by: Interruption = null;
  /** The signal behind it, where it was one. */
  let heard: Interruption = null;
  const told: ((name: string) => void)[] = [];
  const hear = (name: 'SIGINT' | 'SIGTERM' | 'SIGHUP') => (): void => {
    // Never the second one: a shell hands on what the kernel sends as well, and systemd sends it behind SIGTERM.
    if (name === 'SIGHUP' && (onHangup === 'continue' || by !== null)) return;
    if (by !== null) {
      leave.abort();
      return;
    }
    by = name;
    heard = name;
    stop.abort();
    for (const listener of told) listener(name);
  };
  const off = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((name) => host.onSignal(name, hear(name)));
  return {
    signal: stop.signal,
    leave: leave.signal,
    interruption: () => by,
    interrupt: hear('SIGINT'),
    abort: () => {
      if (by !== null) return;
      by = 'SIGINT';
      stop.abort();
    },
    onStop: (listener) => {
      told.push(listener);
      if (heard !== null) listener(heard);
    },
    dispose: () => off.forEach((take) => take()),
  };
}
