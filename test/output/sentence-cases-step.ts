/** Sentences about steps. */
import type { ErrorInfo } from '../../src/domain/errors.ts';
import type { EventType, NewEvent, ProgressReading } from '../../src/domain/run-events.ts';
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

/** Progress with what is shown beside the count. */
function besides(
  sessions: number,
  more: Partial<ProgressReading>,
  why = [`${sessions} sessions still up`],
): NewEvent {
  const event = progress(sessions, sessions, why);
  if (event.type !== 'step.progress') throw new Error('no progress');
  return { ...event, data: { ...event.data, observation: { ...event.data.observation, ...more } } };
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
      title: 'the command on this machine',
      event: { type: 'step.started', node: 'node-1', step: 'node-1/on_out', data: {} },
      level: 'info',
      says: 'node-1: running drain.onOut on this machine',
    },
    {
      title: 'after a failed restart',
      event: { type: 'step.started', node: 'node-1', step: 'node-1/secure', data: {} },
      level: 'info',
      says: 'node-1: seeing to it that it stays out',
    },
    {
      title: 'that notes the end of the run',
      event: { type: 'step.started', node: 'node-1', step: 'node-1/leave_out', data: {} },
      level: 'detail',
      says: 'node-1: noting on it that the run has ended',
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
      title: 'sessions without a row',
      event: progress(3, 0),
      level: 'info',
      says: 'node-1: 3 sessions (calls unknown), waiting',
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
      title: 'rows of calls that are gone',
      event: besides(3, { ghostRows: 2 }),
      level: 'info',
      says: 'node-1: 3 sessions (3 calls), waiting: 2 rows of calls that are gone are not waited for',
    },
    {
      title: 'one such row',
      event: besides(3, { ghostRows: 1 }),
      level: 'info',
      says: 'node-1: 3 sessions (3 calls), waiting: 1 row of a call that is gone is not waited for',
    },
    {
      title: 'calls that arrive, most first, and calls of its own apart',
      event: besides(
        4,
        {
          arrivals: [
            { from: '203.0.113.x', calls: 1 },
            { from: 'lb-1', calls: 3 },
          ],
          originated: 1,
        },
        ['4 sessions still up', 'lb-2: connection refused'],
      ),
      level: 'info',
      says: 'node-1: 4 sessions (4 calls), waiting: lb-2: connection refused; calls still arriving from lb-1 (3), 203.0.113.x (1); 1 began on the node itself',
    },
    {
      title: 'calls that arrive from everywhere',
      event: besides(9, {
        arrivals: [1, 2, 3, 4, 5, 6, 7].map((calls) => ({ from: `proxy-${calls}`, calls })),
      }),
      level: 'info',
      says: 'node-1: 9 sessions (9 calls), waiting: calls still arriving from proxy-7 (7), proxy-6 (6), proxy-5 (5), proxy-4 (4), proxy-3 (3) and 2 more',
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
      title: 'a warning of an earlier version',
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
      title: 'said before, by the effect',
      event: stepSettled('on_out', 'succeeded', 1_000),
      level: 'detail',
      says: 'node-1: running drain.onOut on this machine: done after 1.0s',
    },
    {
      title: 'secured',
      event: stepSettled('secure', 'succeeded', 30_000),
      level: 'info',
      says: 'node-1: secured: its inbound side is paused after 30s',
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
