import { expect, test } from 'vitest';
import {
  planActivate,
  planDeactivate,
  planDrain,
  planLeave,
  planSecure,
  planUndo,
} from '../../src/domain/plan.ts';
import { planLines } from '../../src/output/plan-text.ts';
import { cluster, policy, TARGET, URI } from './events.ts';

const details = { policy, cluster: cluster(['node-1', 'node-2'], ['lb-1', 'lb-2']) };

test('a drain, with what is known of the cluster', () => {
  expect(planLines(planDrain('node-1', policy), details)).toEqual([
    'node-1: drain in 7 steps',
    '  1. preflight: look at everything and judge it (changes nothing)',
    `  2. deactivate: mark the node, then disable set 1, ${URI} on lb-1, lb-2`,
    '  3. wait_drained: wait until its calls have ended by themselves, at most 2h, then it is given back as found (disables again what somebody enables meanwhile)',
    '  4. fence: pause its inbound side once it is empty, and count again',
    '  5. restart: a last look, then restart over SSH: sudo -n systemctl restart freeswitch',
    '  6. verify: verify that it is ready, with the profiles and gateways it had, and resume its inbound side',
    `  7. activate: bring back set 1, ${URI} on lb-1, lb-2 (after a restart through Kamailio's own probing, else with the flags that were found), watch it active for 5s, remove the mark`,
  ]);
});

test('without a deadline, with a fence at once and an ignored proxy', () => {
  const changed = {
    ...policy,
    timeout: null,
    fence: 'early' as const,
    ignoreProxies: ['lb-2'],
    foundDisabled: 'activate' as const,
  };
  const lines = planLines(planDrain('node-1', changed), { ...details, policy: changed });
  expect(lines[2]).toBe(
    `  2. deactivate: mark the node, then disable set 1, ${URI} on lb-1, lb-2 (if it answers)`,
  );
  expect(lines[3]).toBe(
    '  3. fence: pause its inbound side at once: REGISTER and attended transfers get 503 from then on',
  );
  expect(lines[4]).toContain('by themselves, without a deadline');
  expect(lines.at(-1)).toContain(`activate: enable set 1, ${URI} on`);
});

test('what may be cut, and when; and what is run on this machine', () => {
  const cutting = { cause: 'NORMAL_CLEARING', protect: ['^112$'], protectTimeout: null, expendable: ['^r-'] };
  const changed = {
    ...policy,
    onTimeout: 'hangup' as const,
    threshold: 1,
    cutting,
    onOut: { command: 'stop-dialers \u001b[2J', timeout: 30_000 },
  };
  const lines = planLines(planDrain('node-1', changed), { ...details, policy: changed });
  expect(lines.slice(0, 1)).toEqual(['node-1: drain in 8 steps']);
  expect(lines.slice(3, 9)).toEqual([
    '  3. on_out: run on this machine, for at most 30s: stop-dialers \ufffd[2J (should it fail, that is told and the drain goes on)',
    '  4. wait_drained: wait until its calls have ended by themselves, at most 2h, then the calls that are left are cut (disables again what somebody enables meanwhile)',
    '       once 1 call is left, it is cut',
    '       calls to ^r- are expendable: cut once no others are left, not counted',
    '       while a call to ^112$ is up, none is cut: after the deadline it is waited for without an end',
    '       calls are cut with NORMAL_CLEARING',
  ]);
  const waiting = (policyOf: typeof changed): readonly string[] =>
    planLines(planDrain('node-1', policyOf), { policy: policyOf }).filter((line) =>
      line.startsWith('      '),
    );
  // Nothing is cut at a deadline that never comes, and protection is told where something may be cut.
  expect(
    waiting({ ...changed, timeout: null, threshold: 0, cutting: { ...cutting, expendable: [] } }),
  ).toEqual([]);
  expect(waiting({ ...changed, timeout: null, cutting: { ...cutting, expendable: [] } })).toEqual([
    '       once 1 call is left, it is cut',
    '       while a call to ^112$ is up, none is cut',
    '       calls are cut with NORMAL_CLEARING',
  ]);
});

test('what becomes of a node that failed after its restart', () => {
  expect(planLines(planSecure('node-1'))).toEqual([
    'node-1: secure in 1 step',
    '  1. secure: see that it is disabled on every proxy, pause its inbound side as soon as its ESL answers, mark it',
  ]);
});

test('what becomes of a node that is left out', () => {
  expect(planLines(planLeave('node-1'))).toEqual([
    'node-1: leave in 1 step',
    '  1. leave_out: have its mark say that the run has ended and has left it out',
  ]);
});

test('other plans, and what is not known', () => {
  expect(planLines(planDeactivate('node-1'))).toEqual([
    'node-1: deactivate in 2 steps',
    '  1. preflight: look at everything and judge it (changes nothing)',
    '  2. deactivate: mark the node, then disable every destination of it on every proxy',
  ]);
  expect(planLines(planActivate('node-1')).at(-1)).toBe(
    "  3. activate: enable every destination of it on every proxy (after a restart through Kamailio's own probing, else with the flags that were found), remove the mark",
  );
  const undo = planUndo('node-1', [
    { effect: 'dispatcher.state', target: TARGET, found: 'AP', wanted: 'd' },
    { effect: 'node.pause', target: { node: 'node-1' }, found: false, wanted: true },
    { effect: 'node.mark', target: { node: 'node-1' }, found: null, wanted: 'x' },
  ]);
  if (undo === undefined) throw new Error('no plan');
  expect(planLines(undo)).toEqual([
    'node-1: undo in 1 step',
    `  1. restore: resume its inbound side; set active, probing on lb-1 (set 1, ${URI}); remove the mark of the run`,
  ]);
  expect(planLines({ kind: 'undo', nodes: [] })).toEqual(['nothing to do']);
});
