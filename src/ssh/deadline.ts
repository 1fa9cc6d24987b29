/** Waits that end: by their result, by their deadline, or by the signal of whoever waits. */
import { type FshaError, interrupted } from '../domain/errors.ts';

export interface Bounds<T> {
  /** Milliseconds. */
  readonly ms: number;
  readonly signal: AbortSignal;
  /** Names the wait in the error that an interruption throws, as in "… was interrupted". */
  readonly what: string;
  /** The error of the deadline; made when it has passed, so that it can say how far things had come. */
  readonly late: () => FshaError;
  /** Disposes of a result that came when nobody waited any more. */
  readonly discard?: (result: T) => void;
}

/**
 * Runs `work` until it settles, the deadline passes or the signal fires, whichever is first. `work` gets a signal of its
 * own that fires in the last two cases; it has to free what it holds then, since nobody hears its result.
 */
export function bounded<T>(bounds: Bounds<T>, work: (ended: AbortSignal) => Promise<T>): Promise<T> {
  const { ms, signal, what, late, discard } = bounds;
  if (signal.aborted) return Promise.reject(interrupted(what));
  const controller = new AbortController();
  return new Promise<T>((resolve, reject) => {
    const stop = (error: FshaError): void => {
      release();
      reject(error);
      controller.abort(error);
    };
    const onAbort = (): void => stop(interrupted(what));
    const timer = setTimeout(() => stop(late()), ms);
    const release = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    work(controller.signal).then(
      (result) => {
        if (controller.signal.aborted) {
          discard?.(result);
          return;
        }
        release();
        resolve(result);
      },
      (error: unknown) => {
        release();
        reject(error instanceof Error ? error : new Error('something that is not an Error was thrown'));
      },
    );
  });
}

/** Waits for `promise` no longer than until `signal` fires; the promise itself goes on. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal, what: string): Promise<T> {
  if (signal.aborted) return Promise.reject(interrupted(what));
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(interrupted(what));
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
