import type { RollingPlan } from '../../../src/domain/rolling/rolling-plan.ts';

/** One node after the other; the first that fails is the last. */
export function rolling(changes: Partial<RollingPlan> = {}): RollingPlan {
  return {
    batches: [['node-1'], ['node-2'], ['node-3']],
    canary: [],
    limits: { maxUnavailable: 1, headroom: 0.2, dispatch: 'next' },
    pause: 30_000,
    maxFailures: 0,
    window: null,
    done: [],
    skipped: [],
    ...changes,
  };
}
