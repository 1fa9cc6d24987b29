/** A rolling run as it comes to the screen: which node does what, second by second. */
import { planRolling } from '../../src/domain/plan.ts';
import type { RollingPlan } from '../../src/domain/rolling/rolling-plan.ts';
import type { ErrorInfo } from '../../src/domain/errors.ts';
import type { NewEvent } from '../../src/domain/run-events.ts';
import { policy } from '../domain/builders.ts';
import { rolling } from '../domain/rolling/rolling-plan.ts';
import { type At, preflightSettled, stepBegins, stepEnds } from './run-stories.ts';

export function rollingStarted(
  batches: readonly (readonly string[])[],
  changes: Partial<RollingPlan> = {},
): NewEvent {
  const settings = policy();
  return {
    type: 'run.started',
    data: {
      command: 'rolling --all',
      reason: 'kernel update',
      who: 'ops@bastion',
      cluster: 'voice-eu',
      inventory: { path: '/etc/fsha/fsha.yaml', sha256: 'ab' },
      policy: settings,
      plan: planRolling(rolling({ batches, ...changes }), settings),
    },
  };
}

/** `node-001` and so on: as long as there are nodes. */
export function names(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `node-${String(index + 1).padStart(3, '0')}`);
}

export function batchBegins(batch: number, of: number, nodes: readonly string[]): NewEvent {
  return { type: 'batch.started', data: { batch, of, nodes } };
}

export function batchEnds(batch: number, of: number, pauseMs: number, stopped?: string): NewEvent {
  return {
    type: 'batch.settled',
    data: { batch, of, pauseMs, ...(stopped === undefined ? {} : { stopped }) },
  };
}

/** Its calls as they are seen while it drains. */
export function drains(node: string, sessions: number): NewEvent {
  return {
    type: 'step.progress',
    node,
    step: `${node}/wait_drained`,
    data: {
      observation: { sessions, calls: sessions, channels: sessions, destinations: {}, why: [] },
      decision: 'wait',
    },
  };
}

export function notYet(node: string, kind: string, message: string): NewEvent {
  return {
    type: 'step.retrying',
    node,
    step: `${node}/${kind}`,
    data: { attempt: 1, error: { code: 'refused', message, hint: '' } },
  };
}

export function stepFails(kind: string, node: string, error: ErrorInfo): NewEvent {
  return {
    type: 'step.settled',
    node,
    step: `${node}/${kind}`,
    data: { outcome: 'failed', ms: 1_000, error },
  };
}

/** Its restart is announced: from then on nothing of it is undone. */
export function restartIntended(node: string): NewEvent {
  return {
    type: 'effect.intended',
    node,
    step: `${node}/restart`,
    data: {
      effect: 'node.restart',
      target: { node },
      found: '9a0b1c2d-0000-4000-8000-000000000001',
      wanted: 'sudo -n systemctl restart freeswitch',
    },
  };
}

/** The one that preflight has found. */
const PLACE = { proxy: 'lb-1', set: 1, uri: 'sip:10.0.1.10:5080', duid: null };

/** From its admission until its calls are waited for: 3 s. */
export function until(node: string, at: number): readonly At[] {
  return [
    [at, stepBegins('admit', node)],
    [at, stepEnds('admit', 90, node)],
    [at, stepBegins('preflight', node)],
    [at + 1, preflightSettled(node)],
    [at + 1, stepEnds('preflight', 1_000, node)],
    [at + 1, stepBegins('deactivate', node)],
    [
      at + 1,
      {
        type: 'effect.intended',
        node,
        step: `${node}/deactivate`,
        data: { effect: 'dispatcher.state', target: PLACE, found: 'AP', wanted: 'd' },
      },
    ],
    [
      at + 2,
      {
        type: 'effect.settled',
        node,
        step: `${node}/deactivate`,
        data: { effect: 'dispatcher.state', target: PLACE, outcome: 'done', read: 'DX' },
      },
    ],
    [at + 2, stepEnds('deactivate', 400, node)],
    [at + 3, stepBegins('wait_drained', node)],
  ];
}

/** The same, and all the rest, within so many seconds. */
export function through(node: string, at: number, seconds: number): readonly At[] {
  const rest = ['fence', 'restart', 'verify', 'activate'];
  return [
    ...until(node, at),
    [at + seconds, stepEnds('wait_drained', (seconds - 3) * 1_000, node)],
    ...rest.flatMap((kind): readonly At[] => [
      [at + seconds, stepBegins(kind, node)],
      [at + seconds, stepEnds(kind, 500, node)],
    ]),
  ];
}
