import type { RunLockPort } from '../../src/workflow/ports.ts';

const nothing = (): Promise<void> => Promise.resolve();

/** A lock that is held for as long as a test goes on. */
export const HELD: RunLockPort = {
  assertHeld: () => undefined,
  retake: nothing,
  guardOnly: nothing,
  relieve: nothing,
  whoWants: () => Promise.resolve(null),
};
