import type { Clock } from '../workflow/ports.ts';

/** Nobody reads it; without one the signal makes an exception with a stack for each command. */
const CANCELLED = 'cancelled';

/**
 * Calls `onExpiry` once after `ms`, unless it is cancelled before.
 * @returns the function that cancels; harmless when called late or twice
 */
export function startDeadline(clock: Clock, ms: number, onExpiry: () => void): () => void {
  const cancel = new AbortController();
  let cancelled = false;
  clock.sleep(Math.max(0, ms), cancel.signal).then(
    () => {
      // The clock may have rung in the very turn in which the deadline was cancelled.
      if (!cancelled) onExpiry();
    },
    () => undefined,
  );
  return () => {
    cancelled = true;
    cancel.abort(CANCELLED);
  };
}
