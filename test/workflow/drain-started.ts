import { planDrain } from '../../src/domain/plan.ts';
import type { Policy } from '../../src/domain/policy.ts';
import type { NewEvent } from '../../src/domain/run-events.ts';

/** The first event of a drain of node-1. */
export function drainStarted(policy: Policy): NewEvent {
  return {
    type: 'run.started',
    data: {
      command: 'drain node-1',
      reason: null,
      who: 'me',
      cluster: 'voice',
      inventory: { path: '/x', sha256: 'ab' },
      policy,
      plan: planDrain('node-1', policy),
    },
  };
}
