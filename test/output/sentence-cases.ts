/** What the tables of sentences share. */
import type { ErrorInfo } from '../../src/domain/errors.ts';
import type { NewEvent } from '../../src/domain/run-events.ts';
import { TARGET, UUID_BEFORE } from './events.ts';

export interface Case {
  readonly title: string;
  /** What came before it. */
  readonly before?: readonly NewEvent[];
  readonly event: NewEvent;
  /** null: no line. */
  readonly says: string | null;
  /** Absent where there is no line. */
  readonly level?: string;
  readonly verbose?: boolean;
}

export const at = { node: 'node-1', step: 'node-1/deactivate' } as const;

export const timeout: ErrorInfo = {
  code: 'timeout',
  message: 'lb-1 did not answer within 5s.',
  hint: 'Look whether Kamailio runs there.',
};

export const intend = {
  disable: {
    type: 'effect.intended',
    ...at,
    data: { effect: 'dispatcher.state', target: TARGET, found: 'AP', wanted: 'd' },
  },
  probe: {
    type: 'effect.intended',
    ...at,
    data: { effect: 'dispatcher.state', target: TARGET, found: 'DX', wanted: 'ip' },
  },
  pause: {
    type: 'effect.intended',
    ...at,
    data: { effect: 'node.pause', target: { node: 'node-1' }, found: false, wanted: true },
  },
  resume: {
    type: 'effect.intended',
    ...at,
    data: { effect: 'node.pause', target: { node: 'node-1' }, found: true, wanted: false },
  },
  restart: {
    type: 'effect.intended',
    node: 'node-1',
    step: 'node-1/restart',
    data: {
      effect: 'node.restart',
      target: { node: 'node-1' },
      found: UUID_BEFORE,
      wanted: 'sudo -n systemctl restart freeswitch',
    },
  },
} as const satisfies Record<string, NewEvent>;

export function stateSettled(
  outcome: 'done' | 'already' | 'failed' | 'unknown',
  read: string | null,
  error?: ErrorInfo,
): NewEvent {
  return {
    type: 'effect.settled',
    ...at,
    data: {
      effect: 'dispatcher.state',
      target: TARGET,
      outcome,
      read,
      ...(error === undefined ? {} : { error }),
    },
  };
}

export function restartSettled(
  outcome: 'done' | 'failed' | 'unknown',
  read: string | null,
  error?: ErrorInfo,
): NewEvent {
  return {
    type: 'effect.settled',
    node: 'node-1',
    step: 'node-1/restart',
    data: {
      effect: 'node.restart',
      target: { node: 'node-1' },
      outcome,
      read,
      ...(error === undefined ? {} : { error }),
    },
  };
}
