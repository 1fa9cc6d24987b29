/** States of a run, folded from the events that make them. */
import { type NodePlan, type Plan, planDrain } from '../../src/domain/plan.ts';
import type { PlaybookSource } from '../../src/domain/playbook/source.ts';
import type { Policy, RunRequest } from '../../src/domain/policy.ts';
import { fold, type NodeRunState, type RunState } from '../../src/domain/run.ts';
import type { NewEvent, RunEvent, StepOutcome } from '../../src/domain/run-events.ts';
import { policy } from './builders.ts';

const PLAYBOOK: PlaybookSource = { name: 'p', path: 'p.yaml', files: [], vars: {}, secrets: {}, answers: {} };

/** A drain of these nodes, as far as these events. */
export function stateOf(
  events: readonly NewEvent[],
  changes: { policy?: Partial<Policy>; nodes?: readonly string[]; plan?: Plan } = {},
): RunState {
  const settings = policy(changes.policy);
  const nodes = (changes.nodes ?? ['node-1']).flatMap(
    (name): readonly NodePlan[] => planDrain(name, settings).nodes,
  );
  const start: NewEvent = {
    type: 'run.started',
    data: {
      command: 'drain node-1',
      reason: null,
      who: 'ops@bastion',
      cluster: 'voice',
      inventory: { path: '/etc/fsha/fsha.yaml', sha256: 'ab' },
      policy: settings,
      plan: changes.plan ?? { kind: 'drain', nodes },
      ...(changes.plan?.kind === 'playbook' ? { playbook: PLAYBOOK } : {}),
    },
  };
  const state = fold(
    [start, ...events].map((event, index): RunEvent => ({
      v: 1,
      seq: index + 1,
      at: '2026-11-22T20:10:00.000Z',
      mono: index * 1000,
      run: 'r1',
      ...event,
    })),
  );
  if (state === undefined) throw new Error('a story without events');
  return state;
}

export function nodeOf(state: RunState, name = 'node-1'): NodeRunState {
  const node = state.nodes[name];
  if (node === undefined) throw new Error(`no ${name} in this run`);
  return node;
}

export function began(kind: string, node = 'node-1'): NewEvent {
  return { type: 'step.started', node, step: `${node}/${kind}`, data: {} };
}

export function ended(kind: string, outcome: StepOutcome = 'succeeded', node = 'node-1'): NewEvent {
  return { type: 'step.settled', node, step: `${node}/${kind}`, data: { outcome, ms: 5 } };
}

export function received(request: RunRequest): NewEvent {
  return { type: 'request.received', data: { request, by: 'keyboard' } };
}

export function answered(accepted: boolean): NewEvent {
  return { type: 'request.settled', data: accepted ? { accepted } : { accepted, why: 'no' } };
}

/** Received, and granted. */
export function granted(request: RunRequest): readonly NewEvent[] {
  return [received(request), answered(true)];
}
