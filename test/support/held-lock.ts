import type { LockPort } from '../../src/workflow/ports.ts';

/** A lock that is held for as long as a test goes on. */
export const HELD: LockPort = { assertHeld: () => undefined, retake: () => Promise.resolve() };
