import { describe, expect, it } from 'vitest';
import { destinationKey } from '../../src/domain/drift.ts';
import { apply, policyFor } from '../../src/domain/run.ts';
import type { EffectOutcome } from '../../src/domain/effect.ts';
import type { RunRequest } from '../../src/domain/policy.ts';
import type { NewEvent } from '../../src/domain/run-events.ts';
import { NO_WISHES } from '../../src/domain/wishes.ts';
import { policy } from './builders.ts';
import { answered, began, ended, granted, nodeOf, received, stateOf } from './run-story.ts';

const WAITING = [began('wait_drained')];
const extend = (ms: number, node?: string): RunRequest => ({
  kind: 'extend',
  ms,
  ...(node === undefined ? {} : { node }),
});

describe('requests in the fold', () => {
  it('changes nothing until it is answered', () => {
    const state = stateOf([...WAITING, received(extend(1_000))]);
    expect(nodeOf(state).wishes).toEqual(NO_WISHES);
    expect(state.openRequests).toEqual([extend(1_000)]);
  });

  it('answers in the order in which they came', () => {
    const hold: RunRequest = { kind: 'hold' };
    const story = [...WAITING, received(extend(1_000)), received(hold), answered(false)];
    const state = stateOf(story);
    expect(state.openRequests).toEqual([hold]);
    expect(nodeOf(state).wishes).toEqual(NO_WISHES);
    const done = stateOf([...story, answered(true)]);
    expect(done.openRequests).toEqual([]);
    expect(nodeOf(done).wishes).toEqual({ ...NO_WISHES, hold: true });
  });

  it('takes no notice of an answer to nothing', () => {
    expect(nodeOf(stateOf([...WAITING, answered(true)])).wishes).toEqual(NO_WISHES);
  });

  it('adds up deadlines, counts what was asked to be cut, and never takes back', () => {
    const asked: readonly RunRequest[] = [
      extend(1_000),
      { kind: 'cut', confirmed: 2 },
      extend(500),
      { kind: 'hold' },
      { kind: 'cut', confirmed: 5 },
      { kind: 'cut', confirmed: 3 },
      { kind: 'abort' },
    ];
    const state = stateOf([...WAITING, ...asked.flatMap((request) => granted(request))]);
    expect(nodeOf(state).wishes).toEqual({
      extendMs: 1_500,
      hold: true,
      cut: { confirmed: 3, nth: 3 },
      abort: true,
    });
  });

  it('tells the same number of calls, confirmed twice, apart: each is meant for its moment', () => {
    const cuts = [3, 3].flatMap((confirmed) => granted({ kind: 'cut', node: 'node-1', confirmed }));
    expect(nodeOf(stateOf([...WAITING, ...cuts])).wishes.cut).toEqual({ confirmed: 3, nth: 2 });
  });

  it('means the node that it names, whatever step that is in', () => {
    const state = stateOf([...WAITING, ...granted(extend(1_000, 'node-2'))], { nodes: ['node-1', 'node-2'] });
    expect(nodeOf(state, 'node-1').wishes.extendMs).toBe(0);
    expect(nodeOf(state, 'node-2').wishes.extendMs).toBe(1_000);
  });

  it('passes by the nodes that it does not fit where it names none', () => {
    const story = [
      ...WAITING,
      ended('wait_drained'),
      began('wait_drained', 'node-2'),
      ...granted(extend(1_000)),
    ];
    const state = stateOf(story, { nodes: ['node-1', 'node-2'] });
    expect(nodeOf(state, 'node-1').wishes).toEqual(NO_WISHES);
    expect(nodeOf(state, 'node-2').wishes.extendMs).toBe(1_000);
  });

  it('makes no node of a name that the run does not have', () => {
    expect(Object.keys(stateOf([...WAITING, ...granted(extend(1_000, 'node-9'))]).nodes)).toEqual(['node-1']);
  });

  it('keeps deadline and hold over a resume; stopping and cutting were meant for that moment', () => {
    const story = [
      ...WAITING,
      ...granted(extend(1_000)),
      ...granted({ kind: 'hold' }),
      ...granted({ kind: 'cut', confirmed: 2 }),
      ...granted({ kind: 'abort' }),
      received(extend(7)),
    ];
    const resumed: NewEvent = { type: 'run.resumed', data: { who: 'ops@bastion', mode: 'forward' } };
    const state = stateOf([...story, resumed]);
    expect(nodeOf(state).wishes).toEqual({ ...NO_WISHES, extendMs: 1_000, hold: true });
    // Nobody is there any more who would answer it.
    expect(state.openRequests).toEqual([]);
    expect(nodeOf(stateOf([...story, resumed, answered(true)])).wishes.extendMs).toBe(1_000);
    // A new command says itself until when, and whether to hold.
    const anew: NewEvent = { type: 'run.resumed', data: { ...resumed.data, anew: true } };
    expect(nodeOf(stateOf([...story, anew])).wishes).toEqual(NO_WISHES);
  });
});

describe('policyFor', () => {
  it('is the policy of the run where nothing was asked', () => {
    expect(policyFor(stateOf(WAITING), 'node-1')).toEqual(policy());
    expect(policyFor(stateOf(WAITING), 'node-9')).toEqual(policy());
  });

  it('has the later deadline, on the node that it was asked for', () => {
    const state = stateOf([...WAITING, ...granted(extend(600_000, 'node-1'))], {
      nodes: ['node-1', 'node-2'],
    });
    expect(policyFor(state, 'node-1')).toEqual(policy({ timeout: 7_800_000 }));
    expect(policyFor(state, 'node-2')).toEqual(policy());
    expect(state.policy).toEqual(policy());
  });

  it('invents no deadline', () => {
    const state = stateOf([...WAITING, ...granted(extend(1, 'node-1'))], { policy: { timeout: null } });
    expect(policyFor(state, 'node-1').timeout).toBeNull();
  });

  it.each(['restore', 'hold', 'hangup'] as const)(
    'holds, whatever was to happen at the deadline: %s',
    (onTimeout) => {
      const state = stateOf([...WAITING, ...granted({ kind: 'hold' })], { policy: { onTimeout } });
      expect(policyFor(state, 'node-1')).toEqual(policy({ hold: true, onTimeout: 'hold' }));
    },
  );

  it('is the same for a request to cut: that is no setting', () => {
    const state = stateOf([...WAITING, ...granted({ kind: 'cut', confirmed: 9 })]);
    expect(policyFor(state, 'node-1')).toEqual(policy());
  });
});

describe('drift in the fold', () => {
  const TARGET = { proxy: 'lb-1', set: 1, uri: 'sip:10.0.1.10:5080', duid: null };
  const TWIN = { ...TARGET, duid: 'fs1' };
  const drifted = (target: typeof TARGET | typeof TWIN, now = 'AP'): NewEvent => ({
    type: 'drift.detected',
    node: 'node-1',
    data: { target: destinationKey(target), before: 'DX', now, cause: 'dispatcher.reload' },
  });
  const set = (target: typeof TARGET | typeof TWIN, outcome: EffectOutcome): NewEvent => ({
    type: 'effect.settled',
    node: 'node-1',
    data: { effect: 'dispatcher.state', target, outcome, read: 'DX' },
  });
  const KEY = destinationKey(TARGET);
  const TWIN_KEY = destinationKey(TWIN);

  const rows: readonly (readonly [string, readonly NewEvent[], Readonly<Record<string, string>>])[] = [
    ['nothing', [], {}],
    ['seen', [drifted(TARGET)], { [KEY]: 'AP' }],
    ['seen again, otherwise', [drifted(TARGET), drifted(TARGET, 'IP')], { [KEY]: 'IP' }],
    ['of two twins', [drifted(TARGET), drifted(TWIN)], { [KEY]: 'AP', [TWIN_KEY]: 'AP' }],
    ['set again', [drifted(TARGET), set(TARGET, 'done')], {}],
    ['found as it should be', [drifted(TARGET), set(TARGET, 'already')], {}],
    ['not set again', [drifted(TARGET), set(TARGET, 'failed')], { [KEY]: 'AP' }],
    ['not known to be set again', [drifted(TARGET), set(TARGET, 'unknown')], { [KEY]: 'AP' }],
    ['set before it was seen', [set(TARGET, 'done'), drifted(TARGET)], { [KEY]: 'AP' }],
    ['the other twin set', [drifted(TARGET), drifted(TWIN), set(TWIN, 'done')], { [KEY]: 'AP' }],
    [
      'another effect',
      [
        drifted(TARGET),
        {
          type: 'effect.settled',
          node: 'node-1',
          data: { effect: 'node.pause', target: { node: 'node-1' }, outcome: 'done', read: true },
        },
      ],
      { [KEY]: 'AP' },
    ],
  ];
  it.each(rows)('%s', (_, events, expected) => {
    expect(nodeOf(stateOf(events)).drifted).toEqual(expected);
  });

  it('is one node’s own', () => {
    const state = stateOf([drifted(TARGET)], { nodes: ['node-1', 'node-2'] });
    expect(nodeOf(state, 'node-2').drifted).toEqual({});
  });
});

it('is the same in one go as event by event', () => {
  const events = [...WAITING, ...granted(extend(1_000)), received({ kind: 'hold' })];
  const steps = events.map((_, index) => stateOf(events.slice(0, index + 1)));
  const last = steps.at(-2);
  if (last === undefined) throw new Error('no events');
  const event = { v: 1, seq: 5, at: '', mono: 0, run: 'r1', ...received({ kind: 'hold' }) } as const;
  expect(apply(last, event).openRequests).toEqual(stateOf(events).openRequests);
  expect(last.openRequests).toEqual([]);
});
