import { describe, expect, it } from 'vitest';
import { planDeactivate, planHangUp } from '../../src/domain/plan.ts';
import type { Observation } from '../../src/domain/observation.ts';
import { assertOpen, planResume } from '../../src/domain/resume.ts';
import type { RunState } from '../../src/domain/run.ts';
import type { NewEvent, RunSettled } from '../../src/domain/run-events.ts';
import { baseline, DOWN, known, observation, policy, seenNode, seenProxy } from './builders.ts';
import { began, ended, stateOf, granted } from './run-story.ts';

const NODE = 'node-1';
const TARGET = { proxy: 'lb-1', set: 1, uri: 'sip:10.0.1.10:5080', duid: null } as const;
const AT = { node: NODE, step: `${NODE}/x` } as const;
const LOOKED: NewEvent = {
  type: 'preflight.settled',
  ...AT,
  data: { verdicts: [], baseline: baseline(), found: baseline().destinations },
};
const OUT: readonly NewEvent[] = [
  LOOKED,
  {
    type: 'effect.intended',
    ...AT,
    data: { effect: 'dispatcher.state', target: TARGET, found: 'AP', wanted: 'd' },
  },
];
const RESTART: NewEvent = {
  type: 'effect.intended',
  ...AT,
  data: {
    effect: 'node.restart',
    target: { node: NODE },
    found: 'uuid-of-node-1',
    wanted: 'systemctl restart',
  },
};
const RESTARTED: NewEvent = {
  type: 'effect.settled',
  ...AT,
  data: { effect: 'node.restart', target: { node: NODE }, outcome: 'done', read: 'another' },
};
const failed = (kind: string, code: 'drain.expired' | 'drain.held' | 'effect.failed'): NewEvent => ({
  type: 'step.settled',
  node: NODE,
  step: `${NODE}/${kind}`,
  data: { outcome: 'failed', ms: 1, error: { code, message: 'x', hint: '' } },
});

/** Both proxies show these FLAGS for node-1. */
const seen = (flags: string, uuid = 'uuid-of-node-1'): Observation =>
  observation({
    nodes: [seenNode(NODE, { coreUuid: known(uuid) })],
    proxies: ['lb-1', 'lb-2'].map((name) =>
      seenProxy(name, [
        ['sip:10.0.1.10:5080', flags],
        ['sip:10.0.1.11:5080', 'AP'],
      ]),
    ),
  });
const DEAD: Observation = observation({
  nodes: [seenNode(NODE, { trouble: DOWN, coreUuid: { known: false, why: 'it is down' } })],
});

function resumed(state: RunState, at: Observation, undo = false) {
  const { mode, plan, why } = planResume(state, at, {
    undo,
    policy: policy(),
    call: 'fsha',
    others: new Map(),
    window: null,
  });
  const steps = plan.nodes.flatMap((node) => node.steps.map(({ kind }) => kind));
  return { mode, steps, why };
}

const WHOLE = ['preflight', 'deactivate', 'wait_drained', 'fence', 'restart', 'verify', 'activate'];
const AGAIN = ['wait_drained', 'fence', 'restart', 'verify', 'activate'];

describe('planResume, forward', () => {
  it.each([
    ['nothing was done', [], seen('AP'), WHOLE],
    ['it was out, and waited', OUT, seen('DX'), WHOLE],
    [
      'the restart was announced, and the node is the same',
      [...OUT, RESTART],
      seen('DX'),
      ['preflight', 'keep_out', 'settle_restart', ...AGAIN],
    ],
    [
      'the restart was announced, and the node is silent',
      [...OUT, RESTART],
      DEAD,
      ['preflight', 'keep_out', 'settle_restart', ...AGAIN],
    ],
    [
      'the restart was announced, and the node is another one',
      [...OUT, RESTART],
      seen('DX', 'another'),
      ['preflight', 'keep_out', 'settle_restart', 'verify', 'activate'],
    ],
    [
      'it was restarted, and is silent now',
      [...OUT, RESTART, RESTARTED],
      DEAD,
      ['preflight', 'settle_restart', 'verify', 'activate'],
    ],
    [
      'it was restarted, and was on its way back in',
      [...OUT, RESTART, RESTARTED],
      seen('AP', 'another'),
      ['preflight', 'settle_restart', 'verify', 'activate'],
    ],
    [
      'it is in, although its restart was announced and not carried out',
      [...OUT, RESTART],
      seen('AP'),
      ['preflight', 'keep_out', 'settle_restart', ...AGAIN],
    ],
  ] as const)('%s', (_, events, at, steps) => {
    expect(resumed(stateOf(events), at)).toEqual({ mode: 'forward', steps, why: null });
  });

  it('goes by the policy that counts now', () => {
    const { plan } = planResume(stateOf(OUT), seen('DX'), {
      undo: false,
      policy: policy({ hold: true }),
      call: 'fsha',
      others: new Map(),
      window: null,
    });
    expect(plan.nodes[0]?.steps.map(({ kind }) => kind)).toEqual([
      'preflight',
      'deactivate',
      'wait_drained',
      'fence',
    ]);
  });

  it('a drain without a restart that was on its way back in is not taken out once more', () => {
    const state = stateOf([...OUT, ended('wait_drained'), began('activate')], {
      policy: { restart: false },
    });
    expect(resumed(state, seen('AP')).steps).toEqual(['preflight', 'activate']);
  });

  it('a node that was kept out is kept out again', () => {
    const state = stateOf(OUT, { plan: planDeactivate(NODE, true) });
    expect(resumed(state, seen('DX')).steps).toEqual(['preflight', 'deactivate', 'guard']);
  });
});

describe('planResume, back', () => {
  it('is what was asked for', () => {
    expect(resumed(stateOf(OUT), seen('DX'), true)).toMatchObject({ mode: 'undo', why: null });
  });

  it('is what its process was at, whatever is asked for', () => {
    const expired = [...OUT, failed('wait_drained', 'drain.expired')];
    const started: NewEvent = { type: 'undo.started', ...AT, data: { effects: [] } };
    for (const events of [expired, [...expired, started], [...OUT, failed('deactivate', 'effect.failed')]]) {
      const { mode, why } = resumed(stateOf(events), seen('DX'));
      expect([mode, why]).toEqual(['undo', 'node-1 was being given back: that goes on']);
    }
  });

  it('is what its process was told to do, where it died before it could begin with that', () => {
    const { mode } = resumed(stateOf([...OUT, ...granted({ kind: 'abort' })]), seen('DX'));
    expect(mode).toBe('undo');
  });

  it('is not what became of one that is to stay out', () => {
    const held = stateOf([...OUT, failed('wait_drained', 'drain.held')]);
    expect(resumed(held, seen('DX')).mode).toBe('forward');
    const hold = stateOf([...OUT, failed('wait_drained', 'drain.expired')], {
      policy: { onTimeout: 'hold' },
    });
    expect(resumed(hold, seen('DX')).mode).toBe('forward');
  });

  it('is refused once the restart was announced, and for calls that were cut', () => {
    expect(() => resumed(stateOf([...OUT, RESTART]), seen('DX'), true)).toThrow(
      /cannot be undone: the restart of node-1/,
    );
    const cut = stateOf([], { plan: planHangUp(NODE, ['c1']) });
    expect(() => resumed(cut, seen('AP'), true)).toThrow(/has cut calls/);
  });
});

describe('assertOpen', () => {
  const settled = (outcome: RunSettled['outcome'], exit: number): NewEvent => ({
    type: 'run.settled',
    data: { outcome, exit, nodes: {}, callsCut: 0, next: ['fsha activate node-1'] },
  });

  it.each([
    ['unknown', 9],
    ['interrupted', 130],
  ] as const)('lets one go on that ended as %s and has left something', (outcome, exit) => {
    expect(() => assertOpen(stateOf([...OUT, settled(outcome, exit)]))).not.toThrow();
  });

  it.each([
    ['done', 0],
    ['held', 6],
    ['restored', 5],
    ['failed', 7],
  ] as const)('refuses one that ended as %s', (outcome, exit) => {
    expect(() => assertOpen(stateOf([...OUT, settled(outcome, exit)]))).toThrow(
      `it has ended (${outcome}, exit ${exit})`,
    );
  });

  it('refuses one that was interrupted and left nothing', () => {
    expect(() => assertOpen(stateOf([LOOKED, settled('interrupted', 130)]))).toThrow(/it has ended/);
  });
});
