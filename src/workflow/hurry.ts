/** Work that goes on when the run is to stop, but not for long: somebody waits for its end. */
import type { Clock } from './ports.ts';

/**
 * Runs `work` under a signal that fires with `outer`, or `ms` after `hurried` has fired; where that has fired before,
 * `ms` after now.
 */
export async function hurriedBy<T>(
  clock: Clock,
  ms: number,
  hurried: AbortSignal,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const over = new AbortController();
  let waiting: Promise<void> = Promise.resolve();
  const begin = (): void => {
    waiting = clock.sleep(ms, over.signal).then(
      () => late.abort(),
      () => undefined,
    );
  };
  hurried.addEventListener('abort', begin, { once: true });
  if (hurried.aborted) begin();
  try {
    return await work(AbortSignal.any([outer, late.signal]));
  } finally {
    hurried.removeEventListener('abort', begin);
    over.abort();
    await waiting;
  }
}
