import { setTimeout as delay } from 'node:timers/promises';

/**
 * Looks until what it sees is what is wanted, and returns it.
 *
 * @throws Error with the last thing seen when the deadline has passed
 */
export async function eventually<T>(
  look: () => T | Promise<T>,
  isWanted: (seen: T) => boolean,
  timeoutMs = 15_000,
  everyMs = 25,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if (isWanted(seen)) return seen;
    if (performance.now() > deadline) {
      throw new Error(`not seen within ${timeoutMs} ms; the last look saw ${JSON.stringify(seen)}`);
    }
    await delay(everyMs);
  }
}
