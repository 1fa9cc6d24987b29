import { describe, expect, test } from 'vitest';
import { conclude } from '../../../src/domain/conclude.ts';
import type { ErrorCode } from '../../../src/domain/errors.ts';
import { planRolling } from '../../../src/domain/plan.ts';
import type { RollingPlan } from '../../../src/domain/rolling/rolling-plan.ts';
import { planResume } from '../../../src/domain/resume.ts';
import { isThrough, phaseOf, whyStopped } from '../../../src/domain/rolling/progress.ts';
import type { RunState } from '../../../src/domain/run.ts';
import type { NewEvent } from '../../../src/domain/run-events.ts';
import { known, type Observation } from '../../../src/domain/observation.ts';
import { baseline, policy } from '../builders.ts';
import { began, ended, granted, nodeOf, stateOf } from '../run-story.ts';
import { seen } from './four-nodes.ts';
import { rolling } from './rolling-plan.ts';

const STEPS = ['admit', 'preflight', 'deactivate', 'wait_drained', 'fence', 'restart', 'verify', 'activate'];

function state(events: readonly NewEvent[], plan: RollingPlan = rolling()): RunState {
  return stateOf(events, { plan: planRolling(plan, policy()) });
}

/** Every step of the node, up to this one. */
function upTo(kind: string, node = 'node-1'): readonly NewEvent[] {
  return STEPS.slice(0, STEPS.indexOf(kind) + 1).flatMap((one) => [
    began(one, node),
    ...(one === 'preflight' ? [found(node)] : []),
    ...(one === 'deactivate' ? disabled(node) : []),
    ...(one === 'restart' ? restarted(node) : []),
    ended(one, 'succeeded', node),
  ]);
}

function found(node: string): NewEvent {
  const before = baseline({ node, coreUuid: `uuid-of-${node}` });
  return {
    type: 'preflight.settled',
    node,
    step: `${node}/preflight`,
    data: { verdicts: [], baseline: before, found: before.destinations },
  };
}

function disabled(node: string): readonly NewEvent[] {
  const target = { proxy: 'lb-1', set: 1, uri: `sip:10.0.1.1${node.slice(-1)}:5080`, duid: null };
  const step = `${node}/deactivate`;
  return [
    {
      type: 'effect.intended',
      node,
      step,
      data: { effect: 'dispatcher.state', target, found: 'AP', wanted: 'd' },
    },
    {
      type: 'effect.settled',
      node,
      step,
      data: { effect: 'dispatcher.state', target, outcome: 'done', read: 'DX' },
    },
  ];
}

function restarted(node: string): readonly NewEvent[] {
  const step = `${node}/restart`;
  const target = { node };
  const was = `uuid-of-${node}`;
  return [
    {
      type: 'effect.intended',
      node,
      step,
      data: { effect: 'node.restart', target, found: was, wanted: 'x' },
    },
    {
      type: 'effect.settled',
      node,
      step,
      data: { effect: 'node.restart', target, outcome: 'done', read: `new-${node}` },
    },
  ];
}

function failed(kind: string, code: ErrorCode, node = 'node-1'): readonly NewEvent[] {
  const error = { code, message: 'it failed', hint: '' };
  const outcome = code === 'interrupted' ? 'cancelled' : 'failed';
  return [
    began(kind, node),
    { type: 'step.settled', node, step: `${node}/${kind}`, data: { outcome, ms: 5, error } },
  ];
}

const NODE_1 = { proxy: 'lb-1', set: 1, uri: 'sip:10.0.1.11:5080', duid: null };
const UNDONE: readonly NewEvent[] = [
  { type: 'undo.started', node: 'node-1', step: 'node-1/restore', data: { effects: [] } },
  {
    type: 'effect.intended',
    node: 'node-1',
    step: 'node-1/restore',
    data: { effect: 'dispatcher.state', target: NODE_1, found: 'DX', wanted: 'ap' },
  },
  {
    type: 'effect.settled',
    node: 'node-1',
    step: 'node-1/restore',
    data: { effect: 'dispatcher.state', target: NODE_1, outcome: 'done', read: 'AP' },
  },
  { type: 'undo.settled', node: 'node-1', step: 'node-1/restore', data: { outcome: 'done' } },
];
const EXPIRED = [...upTo('deactivate'), ...failed('wait_drained', 'drain.expired'), ...UNDONE];

describe('how far a node is', () => {
  test.each([
    ['untouched', []],
    ['untouched', failed('admit', 'rolling.stopped')],
    ['in hand', [began('admit')]],
    ['in hand', upTo('admit')],
    ['in hand', upTo('verify')],
    ['done', upTo('activate')],
    ['failed', failed('admit', 'drain.expired')],
    ['failed', failed('preflight', 'refused')],
    ['failed', EXPIRED],
    ['failed', [...upTo('fence'), ...failed('restart', 'restart.failed')]],
    ['held', [...upTo('deactivate'), ...failed('wait_drained', 'drain.held')]],
  ] satisfies [string, readonly NewEvent[]][])('%s', (phase, events) =>
    expect(phaseOf(state(events), 'node-1')).toBe(phase),
  );
});

describe('whether it goes on', () => {
  test('nobody failed', () => expect(whyStopped(state(upTo('activate')), rolling())).toBeNull());
  test('one failed, none may', () =>
    expect(whyStopped(state(EXPIRED), rolling())).toBe('node-1 was not brought through, and none may'));
  test('one failed, one may', () =>
    expect(whyStopped(state(EXPIRED), rolling({ maxFailures: 1 }))).toBeNull());
  test('two failed, one may', () => {
    const plan = rolling({ maxFailures: 1 });
    const two = state([...EXPIRED, ...failed('preflight', 'refused', 'node-2')], plan);
    expect(whyStopped(two, plan)).toBe('node-1, node-2 were not brought through, and no more than 1 may');
  });
  describe('one that stays out takes the place of the next', () => {
    const one = rolling({ maxFailures: 1 });
    const two = rolling({ maxFailures: 1, limits: { ...one.limits, maxUnavailable: 2 } });
    const WHY = 'node-1 stays out, and no more than 1 may be out at a time';
    const held = stateOf([...upTo('deactivate'), ...failed('wait_drained', 'drain.expired')], {
      plan: planRolling(one, policy({ onTimeout: 'hold' })),
      policy: policy({ onTimeout: 'hold' }),
    });
    test('held at its deadline', () => {
      expect(whyStopped(held, one)).toBe(WHY);
      expect(whyStopped(held, two)).toBeNull();
    });
    test('held since its login was lost', () =>
      expect(whyStopped(state([...upTo('deactivate'), ...failed('wait_drained', 'drain.held')]), one)).toBe(
        WHY,
      ));
    test('failed behind its restart', () =>
      expect(whyStopped(state([...upTo('restart'), ...failed('verify', 'verify.failed')]), one)).toBe(WHY));
    test('one that is given back does not', () =>
      expect(
        whyStopped(state([...upTo('deactivate'), ...failed('wait_drained', 'drain.needed')]), one),
      ).toBeNull());
    test('nobody is left that could be begun: nothing is stopped', () => {
      const alone = rolling({ maxFailures: 1, batches: [['node-1']] });
      const events = [...upTo('restart'), ...failed('verify', 'verify.failed')];
      expect(whyStopped(state(events, alone), alone)).toBeNull();
    });
  });
  test('one that was not begun has not failed', () =>
    expect(whyStopped(state(failed('admit', 'rolling.stopped')), rolling())).toBeNull());
});

describe('the end', () => {
  test('one that only waited was not begun, and nothing is said of where it is', () => {
    const end = conclude(state(failed('admit', 'drain.expired')), null, 'fsha');
    expect([end.exit, end.nodes, end.untouched]).toEqual([3, {}, ['node-1', 'node-2', 'node-3']]);
    expect(end.error?.code).toBe('drain.expired');
  });
  test('a node fails, the rest is untouched', () => {
    const end = conclude(state(EXPIRED), null, 'fsha');
    expect(end).toMatchObject({
      outcome: 'restored',
      exit: 11,
      nodes: { 'node-1': 'in service' },
      untouched: ['node-2', 'node-3'],
      error: { code: 'drain.expired' },
    });
    expect(end.next).toEqual(['fsha resume r1']);
  });
  test('behind a window: what goes on names the same time of another night', () => {
    const window = { asked: '05:00 Europe/Berlin', until: 0, minDrain: 1 };
    const plan = rolling({ batches: [['node-1']], window });
    const end = conclude(state(failed('admit', 'rolling.stopped'), plan), null, 'fsha');
    expect(end).toMatchObject({ exit: 11, untouched: ['node-1'] });
    expect(end.next).toEqual([`fsha resume r1 --until '05:00 Europe/Berlin'`]);
  });
  describe('the window closes behind some of them', () => {
    const why = 'too little time is left until the window closes (05:00)';
    const over: NewEvent = { type: 'batch.settled', data: { batch: 1, of: 3, pauseMs: 0, stopped: why } };
    test('partly done, and nothing failed', () => {
      const end = conclude(
        state([...upTo('activate'), ...failed('admit', 'rolling.stopped', 'node-2')]),
        null,
        'fsha',
      );
      expect([end.outcome, end.exit, end.untouched]).toEqual(['partly', 11, ['node-2', 'node-3']]);
      expect(end.error?.code).toBe('rolling.stopped');
    });
    test('before the pause: why, too', () => {
      const end = conclude(state([...upTo('activate'), over]), null, 'fsha');
      expect([end.outcome, end.exit, end.error?.message]).toEqual([
        'partly',
        11,
        `node-2, node-3 are not begun: ${why}`,
      ]);
    });
    test('that a person stopped it is no error', () => {
      const stopped = { ...over, data: { ...over.data, stopped: 'the run was stopped' } } as NewEvent;
      const end = conclude(state([...upTo('activate'), stopped]), 'SIGINT', 'fsha');
      expect([end.outcome, end.error]).toEqual(['interrupted', undefined]);
    });
    test('nobody was begun: refused', () => {
      const end = conclude(state(failed('admit', 'rolling.stopped')), null, 'fsha');
      expect([end.outcome, end.exit]).toEqual(['refused', 11]);
    });
    test('of those that an earlier process has brought through, too', () => {
      const plan = rolling({ batches: [['node-2']], done: ['node-1'] });
      const end = conclude(state(failed('admit', 'rolling.stopped', 'node-2'), plan), null, 'fsha');
      expect(end.outcome).toBe('partly');
    });
  });
  test('all are done', () => {
    const all = state([...upTo('activate'), ...upTo('activate', 'node-2'), ...upTo('activate', 'node-3')]);
    expect(conclude(all, null, 'fsha')).toMatchObject({ outcome: 'done', exit: 0, next: [] });
  });
  test('those that an earlier process has brought through are named', () => {
    const plan = rolling({ batches: [['node-2']], done: ['node-1'] });
    expect(conclude(state(upTo('activate', 'node-2'), plan), null, 'fsha')).toMatchObject({
      exit: 0,
      nodes: { 'node-2': 'in service' },
      earlier: ['node-1'],
    });
  });
  test('stopped in the pause: what was done is done, the rest is untouched', () => {
    const end = conclude(state(upTo('activate')), 'SIGINT', 'fsha');
    expect(end).toMatchObject({ outcome: 'interrupted', exit: 130, untouched: ['node-2', 'node-3'] });
    expect(end.next).toEqual(['fsha resume r1']);
  });
  test('refused before anything was changed', () =>
    expect(conclude(state(failed('preflight', 'refused')), null, 'fsha')).toMatchObject({
      outcome: 'refused',
      exit: 3,
    }));
  test('the window closes', () => {
    const events = [...upTo('activate'), ...failed('admit', 'rolling.stopped', 'node-2')];
    expect(conclude(state(events), null, 'fsha')).toMatchObject({
      exit: 11,
      untouched: ['node-2', 'node-3'],
      error: { code: 'rolling.stopped' },
    });
  });
});

describe('what remains', () => {
  const at = (uuids: Readonly<Record<string, string>> = {}): Observation =>
    seen({
      nodes: Object.fromEntries(
        Object.entries(uuids).map(([name, uuid]) => [name, { coreUuid: known(uuid) }]),
      ),
    });
  const rest = (
    events: readonly NewEvent[],
    now: Observation,
    plan = rolling(),
    others: ReadonlyMap<string, string | null> = new Map(),
  ) => {
    const { plan: planned } = planResume(state(events, plan), now, {
      undo: false,
      policy: policy(),
      call: 'fsha',
      others,
      window: null,
    });
    return {
      batches: planned.rolling?.batches,
      canary: planned.rolling?.canary,
      done: planned.rolling?.done,
      skipped: planned.rolling?.skipped,
      steps: Object.fromEntries(
        planned.nodes.map(({ node, steps }) => [node, steps.map(({ kind }) => kind)]),
      ),
    };
  };

  test('a node that is through is not touched again; one in hand comes first', () => {
    const events = [...upTo('activate'), ...upTo('deactivate', 'node-2')];
    expect(rest(events, at({ 'node-1': 'new-node-1' }))).toEqual({
      batches: [['node-2'], ['node-3']],
      canary: [],
      done: ['node-1'],
      skipped: [],
      steps: { 'node-2': STEPS, 'node-3': STEPS },
    });
  });
  describe('a node that a later run has taken in hand is left to that one', () => {
    const others = new Map([['node-1', 'r2']]);
    test.each([
      ['behind the restart', upTo('restart'), 'new-node-1'],
      ['before the restart', upTo('deactivate'), 'new-node-1'],
    ])('%s, and it is another FreeSWITCH: it is through', (_, events, uuid) => {
      const remains = rest(events, at({ 'node-1': uuid }), rolling(), others);
      expect(remains).toMatchObject({ batches: [['node-2'], ['node-3']], done: ['node-1'], skipped: [] });
    });
    test.each([
      ['the same FreeSWITCH', at({ 'node-1': 'uuid-of-node-1' })],
      ['nobody knows', at()],
    ])('%s: it is left out, and said so', (_, now) => {
      expect(rest(upTo('restart'), now, rolling(), others)).toMatchObject({
        batches: [['node-2'], ['node-3']],
        done: [],
        skipped: [{ node: 'node-1', why: 'r2 came after this run there' }],
      });
    });
    test('nothing else remains: refused', () => {
      const all = [...upTo('restart'), ...upTo('activate', 'node-2'), ...upTo('activate', 'node-3')];
      const now = at({ 'node-1': 'uuid-of-node-1', 'node-2': 'b', 'node-3': 'c' });
      expect(() => rest(all, now, rolling(), others)).toThrow(
        'run r1 cannot go on: node-1: r2 came after this run there',
      );
    });
    test('giving back is of the others, too, also where its restart was announced', () => {
      const events = [...upTo('restart'), ...upTo('deactivate', 'node-2')];
      const wish = { undo: true, policy: policy(), call: 'fsha', others, window: null };
      const { mode, plan, why } = planResume(state(events), at(), wish);
      expect({
        mode,
        why,
        nodes: plan.nodes.map(({ node }) => node),
        batches: plan.rolling?.batches,
      }).toEqual({
        mode: 'undo',
        why: 'left to later runs: node-1',
        nodes: ['node-2', 'node-3'],
        batches: [['node-2'], ['node-3']],
      });
    });
  });
  test('one whose core_uuid is the old one is not through, whatever the journal says', () => {
    const { batches, steps } = rest(upTo('activate'), at({ 'node-1': 'uuid-of-node-1' }));
    expect(batches).toEqual([['node-1'], ['node-2'], ['node-3']]);
    expect(steps['node-1']).toContain('settle_restart');
  });
  test('one that does not answer is not known to be through', () => {
    const silent = seen({ nodes: { 'node-1': { coreUuid: { known: false, why: 'it is down' } } } });
    expect(rest(upTo('activate'), silent).batches).toEqual([['node-1'], ['node-2'], ['node-3']]);
  });
  test('one behind its restart is verified and brought back', () => {
    const { steps } = rest(upTo('restart'), at({ 'node-1': 'new-node-1' }));
    expect(steps['node-1']).toEqual(expect.arrayContaining(['verify', 'activate']));
    expect(steps['node-1']).not.toContain('deactivate');
  });
  test('one that was given back is drained anew', () =>
    expect(rest(EXPIRED, at()).steps['node-1']).toEqual(STEPS));
  test('one that was given back waits for its own batch, and does not go beside others', () => {
    const plan = rolling({ batches: [['node-1'], ['node-2', 'node-3']], canary: ['node-1'], maxFailures: 1 });
    expect(rest([...EXPIRED, ...upTo('deactivate', 'node-2')], at(), plan)).toMatchObject({
      batches: [['node-2'], ['node-1'], ['node-3']],
      canary: ['node-1'],
    });
  });
  test.each([
    ['not begun', [], [['node-1'], ['node-2', 'node-3']], ['node-1']],
    ['given back', EXPIRED, [['node-1'], ['node-2', 'node-3']], ['node-1']],
    ['in hand', upTo('deactivate'), [['node-1'], ['node-2', 'node-3']], ['node-1']],
    ['through', upTo('activate'), [['node-2', 'node-3']], []],
  ] satisfies [string, readonly NewEvent[], string[][], string[]][])(
    'a canary that is %s',
    (_, events, batches, canary) => {
      const plan = rolling({ batches: [['node-1'], ['node-2', 'node-3']], canary: ['node-1'] });
      expect(rest(events, at({ 'node-1': 'new-node-1' }), plan)).toMatchObject({ batches, canary });
    },
  );
  test('nothing does: refused', () => {
    const all = [...upTo('activate'), ...upTo('activate', 'node-2'), ...upTo('activate', 'node-3')];
    const now = at({ 'node-1': 'a', 'node-2': 'b', 'node-3': 'c' });
    expect(() => rest(all, now)).toThrow('run r1 cannot go on: every node of it was brought through');
  });
  test('nodes that an earlier process brought through stay named', () => {
    const plan = rolling({ batches: [['node-2'], ['node-3']], done: ['node-1'] });
    expect(rest(upTo('activate', 'node-2'), at({ 'node-2': 'new-node-2' }), plan).done).toEqual([
      'node-1',
      'node-2',
    ]);
  });
  test('giving it back is giving back what is in hand; behind a restart that cannot be', () => {
    const undo = { undo: true, policy: policy(), call: 'fsha', others: new Map(), window: null };
    const now = at({ 'node-1': 'new-node-1' });
    expect(planResume(state([...upTo('activate'), ...upTo('deactivate', 'node-2')]), now, undo).mode).toBe(
      'undo',
    );
    expect(() => planResume(state(upTo('restart')), at(), undo)).toThrow(
      /the restart of node-1 was announced/,
    );
  });
});

test('without a restart whoever is back in is through', () => {
  const plan = planRolling(rolling(), policy({ restart: false }));
  const events = [...upTo('wait_drained'), began('activate'), ended('activate')];
  const node = nodeOf(stateOf(events, { plan }));
  expect([isThrough(node, 'node-1', null), phaseOf(stateOf(events, { plan }), 'node-1')]).toEqual([
    true,
    'done',
  ]);
});

test('hold is granted to one of several, and it counts as one that was not brought through', () => {
  const hold = granted({ kind: 'hold', node: 'node-1' });
  const steps = ['fence', 'restart', 'verify', 'activate'].flatMap((kind) => [
    began(kind),
    ended(kind, 'skipped'),
  ]);
  const held = state([...upTo('wait_drained'), ...hold, ...steps]);
  expect(phaseOf(held, 'node-1')).toBe('held');
  expect(whyStopped(held, rolling())).toMatch(/node-1 was not brought through/);
});
