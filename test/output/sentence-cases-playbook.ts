/** Sentences about the steps of a playbook. */
import type { EventType, NewEvent } from '../../src/domain/run-events.ts';
import type { PlannedStep } from '../../src/domain/plan.ts';
import { started } from './events.ts';
import type { Case } from './sentence-cases.ts';

const UPGRADE: PlannedStep = {
  id: 'node-1/ssh.upgrade',
  kind: 'action',
  node: 'node-1',
  params: { action: 'ssh', params: { run: ['true'] }, changes: 'node' },
  frame: {
    name: 'Upgrade',
    at: 'up.yaml:4:5',
    rescue: [
      {
        id: 'node-1/ssh.back',
        kind: 'action',
        node: 'node-1',
        params: { action: 'ssh', params: {}, changes: 'node' },
        frame: { name: 'Back to the old one', at: 'up.yaml:8:9' },
      },
    ],
  },
};

/** A run of this playbook. */
function ofPlaybook(): NewEvent {
  const event = started();
  if (event.type !== 'run.started') throw new Error('no beginning');
  const plan = { kind: 'playbook', nodes: [{ node: 'node-1', steps: [UPGRADE] }] } as const;
  return { ...event, data: { ...event.data, command: 'run up.yaml node-1', plan } };
}

const at = { node: 'node-1', step: 'node-1/ssh.upgrade' } as const;
const wanted = { action: 'ssh', params: {}, changes: 'node', disruptive: false } as const;
const target = at;

const intended: NewEvent = {
  type: 'effect.intended',
  ...at,
  data: { effect: 'action.run', target, found: null, wanted },
};

export const PLAYBOOK_CASES: Readonly<
  Record<Extract<EventType, 'step.result' | 'rescue.settled'>, readonly Case[]>
> = {
  'step.result': [
    {
      title: 'kept for later steps',
      before: [ofPlaybook()],
      event: {
        type: 'step.result',
        ...at,
        data: { register: 'before', value: { ok: true, stdout: '1.10.11' } },
      },
      level: 'detail',
      says: 'node-1: result of Upgrade, kept as before: {"ok":true,"stdout":"1.10.11"}',
    },
    {
      title: 'shown only, of a step that is not in the plan',
      event: { type: 'step.result', ...at, data: { register: null, value: { ok: false } } },
      level: 'detail',
      says: 'node-1: result of ssh.upgrade: {"ok":false}',
    },
  ],
  'rescue.settled': [
    {
      title: 'rescued',
      before: [ofPlaybook()],
      event: { type: 'rescue.settled', ...at, data: { outcome: 'rescued' } },
      level: 'good',
      says: 'node-1: Upgrade: rescued: the run goes on',
    },
    {
      title: 'not rescued',
      before: [ofPlaybook()],
      event: { type: 'rescue.settled', ...at, data: { outcome: 'failed' } },
      level: 'error',
      says: 'node-1: Upgrade: not rescued',
    },
  ],
};

/** Events that every run has, of a step that its playbook has named. */
export const FRAMED_CASES: readonly Case[] = [
  {
    title: 'begins',
    before: [ofPlaybook()],
    event: { type: 'step.started', ...at, data: {} },
    level: 'info',
    says: 'node-1: Upgrade',
  },
  {
    title: 'begins, within a rescue',
    before: [ofPlaybook()],
    event: { type: 'step.started', node: 'node-1', step: 'node-1/ssh.back', data: {} },
    level: 'info',
    says: 'node-1: Back to the old one',
  },
  {
    title: 'has succeeded',
    before: [ofPlaybook()],
    event: { type: 'step.settled', ...at, data: { outcome: 'succeeded', ms: 3000 } },
    level: 'info',
    says: 'node-1: Upgrade: done after 3.0s',
  },
  {
    title: 'has failed',
    before: [ofPlaybook()],
    event: {
      type: 'step.settled',
      ...at,
      data: {
        outcome: 'failed',
        ms: 3000,
        error: { code: 'action.failed', message: 'Upgrade on node-1: exit status 1', hint: '' },
      },
    },
    level: 'error',
    says: 'node-1: Upgrade: failed after 3.0s: Upgrade on node-1: exit status 1',
  },
  {
    title: 'is announced',
    event: intended,
    level: 'detail',
    says: 'node-1: about to carry out ssh (node-1/ssh.upgrade)',
  },
  {
    title: 'is settled',
    before: [intended],
    event: {
      type: 'effect.settled',
      ...at,
      data: { effect: 'action.run', target, outcome: 'done', read: { ok: true, said: 'exit status 0' } },
    },
    level: 'detail',
    says: 'node-1: node-1/ssh.upgrade: done (exit status 0)',
  },
  {
    title: 'is settled without anybody knowing what it did',
    before: [intended],
    event: {
      type: 'effect.settled',
      ...at,
      data: { effect: 'action.run', target, outcome: 'unknown', read: null },
    },
    level: 'error',
    says: 'node-1: unknown what node-1/ssh.upgrade did',
  },
];
