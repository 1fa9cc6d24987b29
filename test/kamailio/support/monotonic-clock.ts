import { setTimeout as delay } from 'node:timers/promises';
import { interrupted } from '../../../src/domain/errors.ts';
import type { Clock } from '../../../src/workflow/ports.ts';

/** The machine's own time: sockets do not wait for a clock that a test turns. */
export const monotonicClock: Clock = {
  now: () => performance.now(),
  wall: () => new Date(),
  sleep: (ms, signal) =>
    delay(ms, undefined, { signal }).catch(() => {
      throw interrupted('waiting');
    }),
};
