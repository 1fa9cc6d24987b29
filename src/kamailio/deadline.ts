import { interrupted, type FshaError } from '../domain/errors.ts';
import type { Clock } from '../workflow/ports.ts';

export interface Deadline {
  readonly clock: Clock;
  /** Milliseconds from now. */
  readonly ms: number;
  readonly signal: AbortSignal;
  /** What is being waited for, for the message of an interruption. */
  readonly what: string;
  /** The error for the passing of the time. */
  readonly expired: () => FshaError;
}

/**
 * Runs `work`, and settles at the latest when the time has passed or the signal fires, whether `work` listens or not.
 * Either one aborts the signal that `work` is given.
 * @throws FshaError `interrupted`, or what `expired` makes, or whatever `work` throws before that
 */
export async function within<T>(deadline: Deadline, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { clock, ms, signal, what, expired } = deadline;
  if (signal.aborted) throw interrupted(what);
  const inner = new AbortController();
  const finished = new AbortController();
  let ending: FshaError | undefined;
  const ended = new Promise<never>((_resolve, reject) => {
    const end = (error: FshaError): void => {
      ending ??= error;
      reject(ending);
      inner.abort(ending);
    };
    signal.addEventListener('abort', () => end(interrupted(what)), {
      once: true,
      signal: finished.signal,
    });
    clock.sleep(ms, finished.signal).then(
      () => end(expired()),
      () => undefined, // finished first
    );
  });
  ended.catch(() => undefined);
  try {
    return await Promise.race([work(inner.signal), ended]);
  } catch (error) {
    // An aborted `work` may fail, with an error of its own, a moment before the reason for it is seen here.
    throw ending ?? error;
  } finally {
    finished.abort();
  }
}
