import { setTimeout as delay } from 'node:timers/promises';
import { interrupted } from '../domain/errors.ts';
import type { Clock } from './ports.ts';

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => new Date(),
  sleep: async (ms, signal) => {
    try {
      await delay(ms, undefined, { signal });
    } catch {
      throw interrupted('a wait');
    }
  },
};
