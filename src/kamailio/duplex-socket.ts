import type { Duplex } from 'node:stream';

const ABSENT_METHODS = ['setKeepAlive', 'setNoDelay', 'setTimeout', 'ref', 'unref'] as const;

/**
 * Gives a plain Duplex, such as a tunnel, the methods of a socket that Node's HTTP client calls without asking whether
 * they are there. They do nothing: a tunnel has no socket options, and every wait on it has its own deadline.
 */
export function asSocket(stream: Duplex): Duplex {
  for (const name of ABSENT_METHODS) {
    if (!(name in stream)) Object.defineProperty(stream, name, { value: () => stream, configurable: true });
  }
  if (!('destroySoon' in stream)) {
    Object.defineProperty(stream, 'destroySoon', {
      value: () => stream.end(() => stream.destroy()),
      configurable: true,
    });
  }
  return stream;
}
