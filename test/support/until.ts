import { setTimeout as delay } from 'node:timers/promises';

/**
 * Looks until `look` gives something else than undefined or false, and resolves with that.
 * @param what what is waited for, for the error: `what` has not happened within …
 * @throws when it has not come within `timeoutMs`; an error of the last look is its cause
 */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = 15_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let trouble: unknown;
  for (;;) {
    try {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen;
      trouble = undefined;
    } catch (error) {
      trouble = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`${what}: not so within ${timeoutMs} ms`, { cause: trouble });
    }
    await delay(50);
  }
}
