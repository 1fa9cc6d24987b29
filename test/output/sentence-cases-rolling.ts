/** Sentences about a rolling run: its batches, and what other events say of many nodes. */
import type { EventType, NewEvent } from '../../src/domain/run-events.ts';
import { policy, RUN, manyNodes, rollingOf, startedRolling } from './events.ts';
import type { Case } from './sentence-cases.ts';
import { planRolling } from '../../src/domain/plan.ts';

export const BATCH_CASES: Readonly<
  Record<
    Extract<EventType, 'batch.started' | 'batch.settled' | 'node.back' | 'node.foreseen'>,
    readonly Case[]
  >
> = {
  'batch.started': [
    {
      title: 'each node is named',
      event: { type: 'batch.started', data: { batch: 2, of: 4, nodes: ['node-2', 'node-3'] } },
      level: 'info',
      says: 'batch 2 of 4: node-2, node-3',
    },
    {
      title: 'of more than a dozen the first',
      event: { type: 'batch.started', data: { batch: 1, of: 4, nodes: manyNodes(25) } },
      level: 'info',
      says: 'batch 1 of 4: 25 nodes (node-1, node-2, node-3, …)',
    },
    {
      title: 'of canaries',
      event: { type: 'batch.started', data: { batch: 1, of: 4, nodes: ['node-2'], canary: true } },
      level: 'info',
      says: 'batch 1 of 4, canary: node-2',
    },
  ],
  'node.foreseen': [
    {
      title: 'the plan at the end has it',
      event: { type: 'node.foreseen', node: 'node-2', data: { turn: 'waits', why: 'x', sessions: 3 } },
      level: 'info',
      says: null,
    },
  ],
  'node.back': [
    ['calls', 3, 'and takes new calls (3 sessions)'] as const,
    ['soak', 0, 'no call has come yet'] as const,
    ['soak', null, 'its calls are unknown'] as const,
  ].map(([proof, sessions, words]) => ({
    title: words,
    event: {
      type: 'node.back',
      node: 'node-2',
      step: 'node-2/activate',
      data: { proof, activeMs: 5_020, sessions },
    },
    level: 'info',
    says: `node-2: back: active on every proxy for 5.0s, ${words}`,
  })),
  'batch.settled': [
    {
      title: 'with a pause behind it',
      event: { type: 'batch.settled', data: { batch: 1, of: 4, pauseMs: 30_000 } },
      level: 'info',
      says: 'batch 1 of 4 is over, the next one in 30s',
    },
    {
      title: 'the last one',
      event: { type: 'batch.settled', data: { batch: 4, of: 4, pauseMs: 0 } },
      level: 'info',
      says: 'batch 4 of 4 is over',
    },
    {
      title: 'no further one is begun',
      event: {
        type: 'batch.settled',
        data: { batch: 2, of: 4, pauseMs: 0, stopped: 'node-2 was not brought through, and none may' },
      },
      level: 'warning',
      says: 'batch 2 of 4 is over, no further node is begun: node-2 was not brought through, and none may',
    },
    {
      title: 'where there is no further one, that none is begun is no news',
      event: {
        type: 'batch.settled',
        data: { batch: 4, of: 4, pauseMs: 0, stopped: 'node-4 was not brought through, and none may' },
      },
      level: 'warning',
      says: 'batch 4 of 4 is over',
    },
  ],
};

function settled(
  services: readonly (readonly [string, 'in service' | 'out of service' | 'unknown'])[],
): NewEvent {
  return {
    type: 'run.settled',
    data: { outcome: 'failed', exit: 11, nodes: Object.fromEntries(services), callsCut: 0, next: [] },
  };
}

const admission = { node: 'node-2', step: 'node-2/admit' } as const;

function notAdmitted(why: string): NewEvent {
  return {
    type: 'step.retrying',
    ...admission,
    data: { attempt: 3, error: { code: 'refused', message: `node-2 waits: ${why}`, hint: '' } },
  };
}

function admitted(ms: number): NewEvent {
  return { type: 'step.settled', ...admission, data: { outcome: 'succeeded', ms } };
}

const HEAD = `run ${RUN} on voice-eu: rolling --all`;
const TAIL = [
  '  waits for calls to end at most 2h, then it is given back as found',
  `  watch it from elsewhere: fsha show ${RUN} --follow`,
];

/** Events of types that have cases of their own elsewhere. */
export const ROLLING_CASES: readonly Case[] = [
  {
    title: 'it begins: how its nodes follow each other, and who is left out',
    event: startedRolling(['node-1', 'node-2', 'node-3'], {
      skipped: [{ node: 'node-4', why: 'ESL does not answer' }],
    }),
    level: 'info',
    says: [
      HEAD,
      '  nodes node-1, node-2, node-3, started by ops@bastion, reason: kernel update',
      '  3 nodes in 3 batches, at most 1 out at a time, 30s between batches; stops when any fails',
      '  left out: node-4: ESL does not answer',
      ...TAIL,
    ].join('\n'),
  },
  {
    title: 'it begins: a hundred nodes are not all named',
    event: startedRolling(manyNodes(100), {
      maxFailures: 2,
      pause: 0,
      limits: { maxUnavailable: 5, headroom: 0.2, dispatch: 'even' },
    }),
    level: 'info',
    says: [
      HEAD,
      '  100 nodes (node-1, node-2, node-3, …), started by ops@bastion, reason: kernel update',
      '  100 nodes in 100 batches, at most 5 out at a time, no pause between batches; stops when more than 2 fail',
      ...TAIL,
    ].join('\n'),
  },
  {
    title: 'it goes on: how much is left',
    event: {
      type: 'run.resumed',
      data: {
        who: 'ops@bastion',
        mode: 'forward',
        plan: planRolling(rollingOf(['node-2', 'node-3'], { done: ['node-1'] }), policy),
      },
    },
    level: 'info',
    says: `run ${RUN} resumed by ops@bastion: going on with 2 nodes in 2 batches, 1 node is through`,
  },
  {
    title: 'its undo says nothing of batches',
    event: {
      type: 'run.resumed',
      data: {
        who: 'ops@bastion',
        mode: 'undo',
        plan: planRolling(rollingOf(['node-2', 'node-3'], { done: ['node-1'] }), policy),
      },
    },
    level: 'info',
    says: `run ${RUN} resumed by ops@bastion: undoing what it did`,
  },
  {
    title: 'that a node may be admitted is no news',
    event: { type: 'step.started', ...admission, data: {} },
    level: 'detail',
    says: 'node-2: waiting until the others can carry its calls',
  },
  {
    title: 'that it is not admitted is, with the reason alone',
    event: notAdmitted('the others would be too full: node-1 would have 620 calls'),
    level: 'warning',
    says: 'node-2: waits: the others would be too full: node-1 would have 620 calls',
  },
  {
    title: 'admitted at once',
    before: [startedRolling(['node-2'])],
    event: admitted(9_999),
    level: 'detail',
    says: 'node-2: admitted after 10s',
  },
  {
    title: 'admitted after a wait',
    before: [startedRolling(['node-2'])],
    event: admitted(10_000),
    level: 'info',
    says: 'node-2: admitted after 10s',
  },
  {
    title: 'a node before which the run stops has not failed',
    event: {
      type: 'step.settled',
      ...admission,
      data: {
        outcome: 'failed',
        ms: 3,
        error: {
          code: 'rolling.stopped',
          message: 'node-2 is not begun: node-1 was not brought through, and none may',
          hint: '',
        },
      },
    },
    level: 'warning',
    says: 'node-2: not begun: node-1 was not brought through, and none may',
  },
  {
    title: 'a dozen in service: each has a line',
    event: settled(manyNodes(12).map((name) => [name, 'in service'])),
    level: 'end',
    says: [
      'failed (exit 11: several nodes: not all done)',
      ...manyNodes(12).map((name) => `  ${name}: in service`),
    ].join('\n'),
  },
  {
    title: 'a hundred nodes: who is not in service is named, and the others are counted',
    event: settled(
      manyNodes(100).map((name) => [
        name,
        name === 'node-7' ? 'out of service' : name === 'node-70' ? 'unknown' : 'in service',
      ]),
    ),
    level: 'end',
    says: [
      'failed (exit 11: several nodes: not all done)',
      '  node-7: out of service',
      '  node-70: unknown',
      '  in service: 98 nodes (node-1, node-2, node-3, …)',
    ].join('\n'),
  },
  {
    title: 'those that were not begun',
    event: {
      type: 'run.settled',
      data: {
        outcome: 'failed',
        exit: 11,
        nodes: { 'node-1': 'out of service' },
        callsCut: 0,
        next: ['fsha resume RUN'],
        untouched: manyNodes(14).slice(1),
      },
    },
    level: 'end',
    says: [
      'failed (exit 11: several nodes: not all done)',
      '  node-1: out of service',
      '  not begun: 13 nodes (node-2, node-3, node-4, …)',
      '  next:',
      '    fsha resume RUN',
    ].join('\n'),
  },
];
