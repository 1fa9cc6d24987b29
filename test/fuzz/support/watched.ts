/** Guards against parsers that do not end, or whose time grows faster than what they read. */
import { Script } from 'node:vm';
import { expect } from 'vitest';

/** Nothing that is read here takes a hundredth of it: ms. */
const HANGS = 20_000;

const script = new Script('globalThis.fshaWatched()');
const place = globalThis as unknown as { fshaWatched: () => void };

/** Runs synchronous work, and ends it where it hangs, regular expressions included. @throws Error what `work` throws */
export function watched<T>(work: () => T): T {
  let result: { readonly value: T } | undefined;
  place.fshaWatched = () => {
    result = { value: work() };
  };
  script.runInThisContext({ timeout: HANGS });
  if (result === undefined) throw new Error('the work was not done');
  return result.value;
}

/**
 * Fails where four times as much to read takes far more than four times as long: sixteen times is what a quadratic
 * parser takes. What takes less than a moment even then is quick enough, whatever its curve.
 * @param work is given how much to read
 */
export function expectLinear(size: number, work: (size: number) => () => unknown): void {
  const small = work(size);
  const large = work(size * 4);
  let ratio = 0;
  for (let attempt = 0; attempt < 4; attempt += 1) {
    const spent = cpuOf(large);
    if (spent < MOMENT) return;
    ratio = spent / Math.max(cpuOf(small), MOMENT / 16);
    if (ratio < 9) return;
  }
  expect.fail(`four times as long a text takes ${ratio.toFixed(1)} times as long`);
}

const MOMENT = 60;

/** Milliseconds of this process's own work, so that what else the machine does says nothing. */
export function cpuOf(work: () => unknown): number {
  const before = process.cpuUsage();
  watched(() => {
    try {
      work();
    } catch {
      // A refusal ends the reading too; whether it is the right one is asked elsewhere.
    }
  });
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
