/** Waiting with an end: signals that fire after a time or when another one fires, without leaking listeners. */
import { FshaError, interrupted } from '../domain/errors.ts';
import type { Clock } from './ports.ts';

/** Whether the signal has fired by now; a property that was read before an await is not asked again by the compiler. */
export function hasFired(signal: AbortSignal): boolean {
  return signal.aborted;
}

/**
 * Runs `work` under a signal of its own that fires with `outer`, or after `ms`.
 * @throws FshaError `timeout` with `what` when the time ran out first, `interrupted` when `outer` fired
 */
export async function within<T>(
  clock: Clock,
  ms: number,
  outer: AbortSignal,
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (outer.aborted) throw interrupted(what);
  const controller = new AbortController();
  const onOuter = (): void => controller.abort();
  outer.addEventListener('abort', onOuter, { once: true });
  const limit = { passed: false };
  const timer = new AbortController();
  const running = clock.sleep(ms, timer.signal).then(
    () => {
      limit.passed = true;
      controller.abort();
    },
    () => undefined,
  );
  try {
    return await work(controller.signal);
  } catch (error) {
    if (limit.passed && !hasFired(outer))
      throw new FshaError('timeout', `${what} took longer than ${Math.round(ms)} ms`, '', error);
    throw error;
  } finally {
    outer.removeEventListener('abort', onOuter);
    timer.abort();
    await running;
  }
}
