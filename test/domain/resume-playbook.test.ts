/** What remains of a run of a playbook, by what was recorded of its steps. */
import { describe, expect, it } from 'vitest';
import type { ActionResult } from '../../src/domain/playbook/action-result.ts';
import type { Observation } from '../../src/domain/observation.ts';
import { type Frame, type Plan, planDrain, type PlannedStep } from '../../src/domain/plan.ts';
import { planResume } from '../../src/domain/resume.ts';
import type { NewEvent, StepOutcome } from '../../src/domain/run-events.ts';
import { baseline, known, observation, policy, seenNode, seenProxy } from './builders.ts';
import { began, ended, stateOf } from './run-story.ts';

const NODE = 'node-1';

function action(name: string, frame: Partial<Frame> = {}): PlannedStep {
  return {
    id: `${NODE}/ssh.${name}`,
    kind: 'action',
    node: NODE,
    params: { action: 'ssh', params: { run: ['true'] }, changes: 'node' },
    frame: { name, at: 'p.yaml:9:5', ...frame },
  };
}

const own = (kind: PlannedStep['kind']): PlannedStep => {
  const step = planDrain(NODE, policy()).nodes[0]?.steps.find((one) => one.kind === kind);
  if (step === undefined) throw new Error(`a drain has no ${kind}`);
  return step;
};

/** Of each step its kind, or the action's name. */
const plan = (...steps: readonly PlannedStep[]): Plan => ({
  kind: 'playbook',
  nodes: [{ node: NODE, steps }],
});

const WAY_OUT = ['preflight', 'deactivate', 'wait_drained'] as const;
const out = WAY_OUT.map(own);
const UPGRADE = plan(
  ...out,
  action('before'),
  own('fence'),
  action('upgrade', { disruptive: true }),
  action('after'),
  own('verify'),
  own('activate'),
  action('behind'),
);

const LOOKED: NewEvent = {
  type: 'preflight.settled',
  node: NODE,
  step: `${NODE}/preflight`,
  data: { verdicts: [], baseline: baseline(), found: baseline().destinations },
};

function announced(name: string, disruptive = false): NewEvent {
  const step = `${NODE}/ssh.${name}`;
  return {
    type: 'effect.intended',
    node: NODE,
    step,
    data: {
      effect: 'action.run',
      target: { node: NODE, step },
      wanted: { action: 'ssh', params: { run: ['true'] }, changes: 'node', disruptive },
      found: null,
    },
  };
}

function settled(name: string, ok = true): readonly NewEvent[] {
  const step = `${NODE}/ssh.${name}`;
  const value: ActionResult = { ok };
  const outcome: StepOutcome = ok ? 'succeeded' : 'failed';
  return [
    {
      type: 'effect.settled',
      node: NODE,
      step,
      data: {
        effect: 'action.run',
        target: { node: NODE, step },
        outcome: ok ? 'done' : 'failed',
        read: { ok, said: 'x' },
      },
    },
    { type: 'step.result', node: NODE, step, data: { register: null, value } },
    {
      type: 'step.settled',
      node: NODE,
      step,
      data: {
        outcome,
        ms: 1,
        ...(ok ? {} : { error: { code: 'action.failed', message: 'x', hint: '' } }),
      },
    },
  ];
}

const seen = (flags: string): Observation =>
  observation({
    nodes: [seenNode(NODE, { coreUuid: known('uuid-of-node-1') })],
    proxies: ['lb-1', 'lb-2'].map((name) =>
      seenProxy(name, [
        ['sip:10.0.1.10:5080', flags],
        ['sip:10.0.1.11:5080', 'AP'],
      ]),
    ),
  });

function rest(of: Plan, events: readonly NewEvent[], flags: string): readonly string[] {
  const { mode, plan: remains } = planResume(stateOf(events, { plan: of }), seen(flags), {
    undo: false,
    policy: policy(),
    call: 'fsha',
    others: new Map(),
    window: null,
  });
  expect(mode).toBe('forward');
  return remains.nodes.flatMap(({ steps }) =>
    steps.map((step) => (step.kind === 'action' ? (step.frame?.name ?? '') : step.kind)),
  );
}

const OUT = [LOOKED, ...WAY_OUT.map((kind) => ended(kind))];
const LOOKS = ['preflight', 'keep_out', 'settle_restart'];
const BEGUN = [...OUT, announced('before'), ...settled('before'), announced('upgrade', true)];
const UPGRADED = [...BEGUN, ...settled('upgrade')];
const WHOLE = [...WAY_OUT, 'before', 'fence', 'upgrade', 'after', 'verify', 'activate', 'behind'];

describe('planResume of a playbook with steps of its own', () => {
  it.each([
    ['nothing was done', [], 'AP', WHOLE],
    ['it was out, and nothing has ended calls', OUT, 'DX', WHOLE],
    ['a step before was carried out', [...OUT, announced('before'), ...settled('before')], 'DX', WHOLE],
    // Whether it was carried out is for the step to find out; if it may be once more, calls would have to have ended.
    ['the disruptive step was begun', BEGUN, 'DX', [...LOOKS, ...WHOLE.slice(5)]],
    ['the disruptive step was carried out', UPGRADED, 'DX', [...LOOKS, ...WHOLE.slice(5)]],
    [
      'a later one was begun',
      [...UPGRADED, announced('after')],
      'DX',
      [...LOOKS, 'after', 'verify', 'activate', 'behind'],
    ],
    [
      'it was seen to be well, and is on its way back in: it is looked at once more',
      [...UPGRADED, announced('after'), ...settled('after'), ended('verify'), began('activate')],
      'DX',
      [...LOOKS, 'verify', 'activate', 'behind'],
    ],
    [
      'it is back in on a proxy: it is not taken out again',
      [...UPGRADED, announced('after'), ...settled('after'), ended('verify'), began('activate')],
      'AP',
      ['preflight', 'settle_restart', 'verify', 'activate', 'behind'],
    ],
    [
      'it is back in, and a step behind that was begun',
      [
        ...UPGRADED,
        announced('after'),
        ...settled('after'),
        ended('verify'),
        ended('activate'),
        announced('behind'),
      ],
      'AP',
      ['preflight', 'settle_restart', 'behind'],
    ],
  ] as const)('%s', (_, events, flags, steps) => {
    expect(rest(UPGRADE, events, flags)).toEqual(steps);
  });

  it('a disruptive step that may be done once more has the calls waited for that came meanwhile', () => {
    const again = plan(...out, own('fence'), action('upgrade', { disruptive: true, rerun: 'safe' }));
    expect(rest(again, [...OUT, announced('upgrade', true)], 'DX')).toEqual([
      ...LOOKS,
      'wait_drained',
      'fence',
      'upgrade',
    ]);
  });

  it('what is in again without a restart is not taken out for what comes behind', () => {
    const quiet = plan(...out, action('before'), own('activate'), action('behind'));
    const back = [...OUT, announced('before'), ...settled('before'), ended('activate'), announced('behind')];
    expect(rest(quiet, back, 'AP')).toEqual(['behind']);
  });

  it('one that was on its way back in without a restart goes on in', () => {
    const quiet = plan(...out, action('before'), own('activate'), action('behind'));
    const going = [...OUT, announced('before'), ...settled('before'), began('activate')];
    expect(rest(quiet, going, 'DX')).toEqual(['preflight', 'activate', 'behind']);
  });

  it('what failed, and was being rescued, goes on with its rescue', () => {
    const rescued = plan(action('fails', { rescue: [action('mend')] }), action('last'));
    const events = [announced('fails'), ...settled('fails', false), announced('mend')];
    expect(rest(rescued, events, 'AP')).toEqual(['fails', 'last']);
  });
});
