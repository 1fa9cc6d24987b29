/** Sentences about steps. */
import type { ErrorInfo } from '../../src/domain/errors.ts';
import type { EventType, NewEvent } from '../../src/domain/run-events.ts';
import { progress, started } from './events.ts';
import { type Case, intend, stateSettled, timeout } from './sentence-cases.ts';

function stepSettled(
  kind: string,
  outcome: 'succeeded' | 'skipped' | 'failed' | 'cancelled' | 'unknown',
  ms: number,
  error?: ErrorInfo,
): NewEvent {
  return {
    type: 'step.settled',
    node: 'node-1',
    step: `node-1/${kind}`,
    data: { outcome, ms, ...(error === undefined ? {} : { error }) },
  };
}

export const STEP_CASES: Readonly<
  Record<
    Extract<EventType, 'step.started' | 'step.progress' | 'step.retrying' | 'step.settled'>,
    readonly Case[]
  >
> = {
  'step.started': [
    {
      title: 'known from the plan',
      before: [started()],
      event: { type: 'step.started', node: 'node-1', step: 'node-1/wait_drained', data: {} },
      level: 'info',
      says: 'node-1: waiting for its calls to end',
    },
    {
      title: 'known from its name',
      event: { type: 'step.started', node: 'node-1', step: 'node-1/restore', data: {} },
      level: 'info',
      says: 'node-1: giving it back as it was found',
    },
    {
      title: 'of a later version',
      event: { type: 'step.started', node: 'node-1', step: 'node-1/polish', data: {} },
      level: 'info',
      says: 'node-1: polish',
    },
  ],
  'step.progress': [
    {
      title: 'sessions',
      event: progress(37, 35, ['37 sessions still up']),
      level: 'info',
      says: 'node-1: 37 sessions (35 calls), waiting',
    },
    {
      title: 'one',
      event: progress(1, 1, ['1 session still up']),
      level: 'info',
      says: 'node-1: 1 session (1 call), waiting',
    },
    {
      title: 'empty, not yet sure',
      event: progress(0, 0, ['empty, waiting 5s to be sure (settle)']),
      level: 'info',
      says: 'node-1: 0 sessions (0 calls), waiting: empty, waiting 5s to be sure (settle)',
    },
    {
      title: 'calls unknown',
      event: progress(4, null),
      level: 'info',
      says: 'node-1: 4 sessions (calls unknown), waiting',
    },
    {
      title: 'sessions unknown',
      event: progress(null, null, ['sessions unknown: node-1 did not answer within 5s'], 'blind'),
      level: 'warning',
      says: 'node-1: sessions unknown: node-1 did not answer within 5s, cannot see, waiting',
    },
    {
      title: 'a proxy unknown',
      event: progress(3, 3, ['lb-1: connection refused'], 'blind'),
      level: 'warning',
      says: 'node-1: 3 sessions (3 calls), cannot see, waiting: lb-1: connection refused',
    },
    {
      title: 'drained',
      event: progress(0, 0, [], 'drained'),
      level: 'info',
      says: 'node-1: 0 sessions (0 calls), drained',
    },
  ],
  'step.retrying': [
    {
      title: 'again',
      before: [started()],
      event: {
        type: 'step.retrying',
        node: 'node-1',
        step: 'node-1/verify',
        data: { attempt: 3, error: timeout },
      },
      level: 'warning',
      says: 'node-1: verifying that it is healthy, not yet: lb-1 did not answer within 5s.\n  Look whether Kamailio runs there.',
    },
    {
      title: 'a warning only',
      event: {
        type: 'step.retrying',
        node: 'node-1',
        step: 'node-1/verify',
        data: {
          attempt: 0,
          error: {
            code: 'verify.failed',
            message: '10 registrations on it, 12 before the restart',
            hint: '',
          },
        },
      },
      level: 'warning',
      says: 'node-1: 10 registrations on it, 12 before the restart',
    },
  ],
  'step.settled': [
    {
      title: 'drained',
      before: [started()],
      event: stepSettled('wait_drained', 'succeeded', 750_000),
      level: 'info',
      says: 'node-1: drained: no session left after 12m30s',
    },
    {
      title: 'back',
      event: stepSettled('activate', 'succeeded', 6_200),
      level: 'good',
      says: 'node-1: back in service after 6.2s',
    },
    {
      title: 'said before',
      event: stepSettled('restart', 'succeeded', 6_200),
      level: 'detail',
      says: 'node-1: restarting: done after 6.2s',
    },
    {
      title: 'skipped',
      event: stepSettled('fence', 'skipped', 0),
      level: 'detail',
      says: 'node-1: pausing its inbound side and counting again: skipped after 0ms',
    },
    {
      title: 'failed',
      event: stepSettled('verify', 'failed', 120_000, timeout),
      level: 'error',
      says: 'node-1: verifying that it is healthy: failed after 2m: lb-1 did not answer within 5s.\n  Look whether Kamailio runs there.',
    },
    {
      title: 'failed for what its effect has told',
      before: [intend.disable, stateSettled('unknown', null, timeout)],
      event: stepSettled('deactivate', 'failed', 5_000, timeout),
      level: 'error',
      says: 'node-1: taking it out of service: failed after 5.0s: lb-1 did not answer within 5s.',
    },
    {
      title: 'interrupted',
      event: stepSettled('wait_drained', 'cancelled', 61_000, {
        code: 'interrupted',
        message: 'node-1/wait_drained was interrupted',
        hint: '',
      }),
      level: 'warning',
      says: 'node-1: waiting for its calls to end: interrupted after 1m1s',
    },
    {
      title: 'unknown',
      event: stepSettled('restart', 'unknown', 90_000),
      level: 'error',
      says: 'node-1: restarting: outcome unknown after 1m30s',
    },
  ],
};
