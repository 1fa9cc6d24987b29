import { expect, test } from 'vitest';
import { planRolling } from '../../src/domain/plan.ts';
import type { Foreseen, RollingPlan } from '../../src/domain/rolling/rolling-plan.ts';
import { planLines } from '../../src/output/plan-text.ts';
import type { PlanDetails } from '../../src/output/step-words.ts';
import { cluster, manyNodes, policy, rollingOf } from './events.ts';

const NAMES = ['node-1', 'node-2', 'node-3'];
const details: PlanDetails = { policy, cluster: cluster(NAMES, ['lb-1', 'lb-2']) };

function lines(changes: Partial<RollingPlan> = {}, more: PlanDetails = {}, names = NAMES): readonly string[] {
  return planLines(planRolling(rollingOf(names, changes), policy), { ...details, ...more });
}

test('the head, the guard, the batches in order, then the steps of a node once', () => {
  expect(lines({ batches: [['node-2'], ['node-1', 'node-3']], canary: ['node-2'] })).toEqual([
    'rolling: 3 nodes in 2 batches, at most 1 out at a time, 30s between batches; stops when any fails',
    '  a node is taken out only where each of the others keeps 20% of its capacity free, now and at the peak of the last five minutes',
    "  a lost node's calls are all taken to go to one neighbour, whichever",
    '  1. node-2  [canary]',
    '  2. node-1, node-3',
    'each node: 8 steps',
    '  1. admit: wait until the others can carry its calls, now and at the peak of the last five minutes',
    '  2. preflight: look at everything and judge it (changes nothing)',
    '  3. deactivate: mark the node, then disable every destination of it on every proxy',
    '  4. wait_drained: wait until its calls have ended by themselves, at most 2h, then it is given back as found (disables again what somebody enables meanwhile)',
    '  5. fence: pause its inbound side once it is empty, and count again',
    '  6. restart: a last look, then restart over SSH',
    '  7. verify: verify that it is ready, with the profiles and gateways it had, and resume its inbound side',
    "  8. activate: bring back every destination of it on every proxy (after a restart through Kamailio's own probing, else with the flags that were found), watch it active for 5s, remove the mark",
  ]);
});

test('a small first batch is one of canaries only where it was meant so', () => {
  const said = lines({ batches: [['node-2'], ['node-1', 'node-3']] });
  expect(said).toContain('  1. node-2');
});

test('what would become of it stands beside the node, with what is up on it', () => {
  const foreseen = new Map<string, Foreseen>([
    ['node-1', { turn: 'goes', why: null, sessions: 1 }],
    [
      'node-2',
      {
        turn: 'waits',
        why: 'the others would be too full: node-3 would have 620 calls\u001b[2J',
        sessions: 12,
      },
    ],
    ['node-3', { turn: 'refused', why: 'found-state: node-3 is disabled already', sessions: null }],
    ['node-4', { turn: 'not begun', why: 'node-3 would be refused, and none may fail', sessions: 0 }],
  ]);
  expect(lines({}, { foreseen }, [...NAMES, 'node-4', 'node-5']).slice(3, 11)).toEqual([
    '  1. node-1 (1 session, could go now)',
    '  2. node-2 (12 sessions)',
    '       node-2 would not go now: the others would be too full: node-3 would have 620 calls\ufffd[2J',
    '  3. node-3 (sessions unknown)',
    '       node-3 would be refused: found-state: node-3 is disabled already',
    '  4. node-4 (0 sessions)',
    '       node-4 would not be begun: node-3 would be refused, and none may fail',
    '  5. node-5',
  ]);
});

test('who is left out, who is through, and until when all are back', () => {
  const said = lines({
    done: ['node-8'],
    skipped: [{ node: 'node-9', why: 'ESL does not answer' }],
    window: { asked: '05:00 UTC', until: Date.parse('2026-11-23T05:00:00Z'), minDrain: 1_800_000 },
  }).join('\n');
  expect(said).toContain('\n  through already: node-8\n  left out: node-9: ESL does not answer\n');
  expect(said).toMatch(
    /\n {2}all are back in by 2026-11-2\d .*: none is begun that has less than 30m left to drain\n/,
  );
});

test('verbose: what differs, by node', () => {
  const said = lines({}, { verbose: true });
  expect(said.filter((line) => line.startsWith('       node-2: '))).toEqual([
    expect.stringMatching(/^ {7}node-2: mark the node, then disable set 1, .* on lb-1, lb-2$/),
    '       node-2: a last look, then restart over SSH: sudo -n systemctl restart freeswitch',
    expect.stringMatching(/^ {7}node-2: bring back set 1, /),
  ]);
});

test('a single node is told whole', () => {
  const said = lines({}, {}, ['node-1']);
  expect(said[0]).toBe('rolling: 1 node in 1 batch, at most 1 out at a time; stops when any fails');
  expect(said[4]).toBe('the node: 8 steps');
  expect(said[10]).toBe(
    '  6. restart: a last look, then restart over SSH: sudo -n systemctl restart freeswitch',
  );
});

test('of a hundred batches the first and the last, and whoever would wait', () => {
  const why = 'nobody would be left in set 1 of lb-1';
  const foreseen = new Map<string, Foreseen>([['node-50', { turn: 'waits', why, sessions: 3 }]]);
  const said = lines({}, { foreseen }, manyNodes(100) as string[]);
  expect(said.length).toBeLessThan(50);
  expect(said).toContain('       node-50 would not go now: nobody would be left in set 1 of lb-1');
  expect(said).toContain('  … 70 batches more: --verbose');
  expect(said).toContain('  100. node-100');
  expect(lines({}, { foreseen, verbose: true }, manyNodes(100) as string[])).toContain('  70. node-70');
});

test('nodes that have other steps before them are told apart', () => {
  const plan = planRolling(rollingOf(NAMES), policy);
  const [first, ...rest] = plan.nodes;
  if (first === undefined) throw new Error('no node');
  const short = { ...plan, nodes: [{ ...first, steps: first.steps.slice(-2) }, ...rest] };
  const said = planLines(short, details);
  expect(said).toContain('node-1: 2 steps');
  expect(said).toContain('node-2, node-3: 8 steps');
});
