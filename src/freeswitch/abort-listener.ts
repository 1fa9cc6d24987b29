import { setMaxListeners } from 'node:events';

interface Waiting {
  readonly all: Set<() => void>;
  readonly end: () => void;
}

/** Those who wait for a signal, behind one listener of the signal's own. */
const waiting = new WeakMap<AbortSignal, Waiting>();

/**
 * Calls `listener` when the signal fires; not for one that has fired already. One signal serves every node of a cluster and every
 * command that waits, and a signal looks through all of its listeners for each that comes or goes: so it has only one from here.
 * @returns the function that ends that
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  if (signal.aborted) return () => undefined;
  const { all, end } = waiting.get(signal) ?? listenTo(signal);
  // The same listener may wait twice.
  const one = (): void => listener();
  all.add(one);
  return () => {
    // A signal made of others is kept in memory for as long as somebody listens to it.
    if (all.delete(one) && all.size === 0) end();
  };
}

function listenTo(signal: AbortSignal): Waiting {
  const all = new Set<() => void>();
  const fired = (): void => {
    // One that is ended by another is not called any more.
    for (const one of all) one();
  };
  const end = (): void => {
    signal.removeEventListener('abort', fired);
    waiting.delete(signal);
  };
  // More than ten listeners are no leak, and Node's warning about them would end up on the user's screen.
  setMaxListeners(0, signal);
  signal.addEventListener('abort', fired, { once: true });
  const made = { all, end };
  waiting.set(signal, made);
  return made;
}
