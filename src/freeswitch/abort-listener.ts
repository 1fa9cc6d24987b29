import { setMaxListeners } from 'node:events';

/**
 * Calls `listener` when the signal fires; not for one that has fired already.
 * @returns the function that ends that
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  // One signal serves every node of a cluster and every command that waits: more than ten listeners are no leak, and
  // Node's warning about them would end up on the user's screen.
  setMaxListeners(0, signal);
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}
