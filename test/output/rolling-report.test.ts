import { expect, test } from 'vitest';
import type { NewEvent, RunEvent } from '../../src/domain/run-events.ts';
import { planRolling } from '../../src/domain/plan.ts';
import { runReport } from '../../src/output/run-report.ts';
import { manyNodes, policy, rollingOf, RUN, startedRolling } from './events.ts';

type Timed = readonly [seconds: number, event: NewEvent];

function at(story: readonly Timed[]): readonly RunEvent[] {
  return story.map(([seconds, event], index) => ({
    v: 1,
    seq: index + 1,
    at: new Date(Date.UTC(2026, 10, 22, 20, 0, seconds)).toISOString(),
    mono: seconds * 1_000,
    run: RUN,
    ...event,
  }));
}

const begins = (node: string, kind: string): NewEvent => ({
  type: 'step.started',
  node,
  step: `${node}/${kind}`,
  data: {},
});
const ends = (node: string, kind: string, ms: number): NewEvent => ({
  type: 'step.settled',
  node,
  step: `${node}/${kind}`,
  data: { outcome: 'succeeded', ms },
});
const sick = { code: 'verify.failed', message: 'node-2 did not get well', hint: 'Look at it.' } as const;

function through(node: string, from: number): readonly Timed[] {
  return [
    [from, begins(node, 'admit')],
    [from + 5, ends(node, 'admit', 5_000)],
    ...['preflight', 'deactivate', 'wait_drained', 'fence', 'restart', 'verify', 'activate'].flatMap(
      (kind): readonly Timed[] => [
        [from + 5, begins(node, kind)],
        [from + 45, ends(node, kind, kind === 'wait_drained' ? 30_000 : 2_000)],
      ],
    ),
  ];
}

const NAMES = ['node-1', 'node-2', 'node-3'];
const FAILED: readonly Timed[] = [
  [0, startedRolling(NAMES)],
  [0, { type: 'batch.started', data: { batch: 1, of: 3, nodes: ['node-1'] } }],
  ...through('node-1', 0),
  [45, { type: 'batch.settled', data: { batch: 1, of: 3, pauseMs: 30_000 } }],
  [75, { type: 'batch.started', data: { batch: 2, of: 3, nodes: ['node-2'] } }],
  [75, begins('node-2', 'verify')],
  [
    95,
    {
      type: 'step.settled',
      node: 'node-2',
      step: 'node-2/verify',
      data: { outcome: 'failed', ms: 20_000, error: sick },
    },
  ],
  [
    95,
    {
      type: 'batch.settled',
      data: { batch: 2, of: 3, pauseMs: 0, stopped: 'node-2 was not brought through' },
    },
  ],
  [
    96,
    {
      type: 'run.settled',
      data: {
        outcome: 'failed',
        exit: 11,
        nodes: { 'node-1': 'in service', 'node-2': 'out of service' },
        untouched: ['node-3'],
        callsCut: 0,
        next: ['fsha activate node-2'],
        error: sick,
      },
    },
  ],
];

test('first who failed and why, then every node with what it took; the details of those alone that need somebody', () => {
  const lines = runReport(at(FAILED), { verbose: false });
  expect(lines.slice(3, 12)).toEqual([
    '  3 nodes in 3 batches, at most 1 out at a time, 30s between batches; stops when any fails',
    '',
    'failed: node-2 (unchanged)',
    '  node-2 did not get well',
    '',
    'BATCH  NODE    OUTCOME    DRAIN  RESTART  TOOK  NOTES',
    '    1  node-1  done         30s     2.0s   40s',
    '    2  node-2  failed         -        -   20s      1',
    '    -  node-3  not begun      -        -     -',
  ]);
  expect(lines.filter((line) => NAMES.includes(line))).toEqual(['node-2']);
  expect(lines.join('\n')).toMatch(
    /the run\n.*batch 2 of 3 is over, no further node is begun: node-2 was not/,
  );
  expect(lines).toContain('  not begun: node-3');
});

test('verbose: the details of every node that was begun', () => {
  const lines = runReport(at(FAILED), { verbose: true });
  expect(lines.filter((line) => NAMES.includes(line))).toEqual(['node-1', 'node-2']);
});

test('after a resume: batches are counted on, what a node took is the sum, and nothing of the first process is lost', () => {
  const plan = planRolling(
    rollingOf(['node-2', 'node-3'], {
      done: ['node-1'],
      skipped: [{ node: 'node-4', why: 'ESL is silent' }],
    }),
    policy,
  );
  const lines = runReport(
    at([
      ...FAILED,
      [1_000, { type: 'run.resumed', data: { who: 'ops', mode: 'forward', plan } }],
      [1_000, { type: 'batch.started', data: { batch: 1, of: 2, nodes: ['node-2'] } }],
      ...through('node-2', 1_000),
    ]),
    { verbose: false },
  );
  expect(lines.join('\n')).toContain(
    [
      'BATCH  NODE    OUTCOME    DRAIN  RESTART  TOOK  NOTES',
      '    1  node-1  done         30s     2.0s   40s',
      '    3  node-2  done         30s     2.0s    1m      1',
      '    -  node-3  not begun      -        -     -',
      '    -  node-4  left out       -        -     -',
      'left out: node-4: ESL is silent',
    ].join('\n'),
  );
});

test('a hundred nodes are a line each, and no more', () => {
  const names = manyNodes(100);
  const story: Timed[] = [[0, startedRolling(names)]];
  names.forEach((name, index) => story.push(...through(name, index * 50)));
  expect(runReport(at(story), { verbose: false }).length).toBeLessThan(115);
});
