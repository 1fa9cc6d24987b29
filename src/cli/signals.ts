/** The one root of all stopping: signals become one AbortSignal, which travels as an argument. */
import { setMaxListeners } from 'node:events';
import type { Interruption } from '../domain/conclude.ts';
import type { Host } from './host.ts';

export interface Stop {
  /** Fires at the first SIGINT or SIGTERM: stop and undo. */
  readonly signal: AbortSignal;
  /** Fires at the second: leave at once. */
  readonly leave: AbortSignal;
  readonly interruption: () => Interruption;
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
  const hear = (name: 'SIGINT' | 'SIGTERM' | 'SIGHUP') => (): void => {
    if (name === 'SIGHUP' && onHangup === 'continue') return;
    if (by !== null) leave.abort();
    by ??= name;
    stop.abort();
  };
  const off = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((name) => host.onSignal(name, hear(name)));
  return {
    signal: stop.signal,
    leave: leave.signal,
    interruption: () => by,
    dispose: () => off.forEach((take) => take()),
  };
}
