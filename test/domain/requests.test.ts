import { describe, expect, it } from 'vitest';
import { planActivate, planDeactivate } from '../../src/domain/plan.ts';
import type { RunRequest } from '../../src/domain/policy.ts';
import { admit } from '../../src/domain/requests.ts';
import type { NewEvent } from '../../src/domain/run-events.ts';
import { began, ended, granted, nodeOf, received, answered, stateOf } from './run-story.ts';

const EXTEND: RunRequest = { kind: 'extend', ms: 600_000 };
const HOLD: RunRequest = { kind: 'hold' };
const CUT: RunRequest = { kind: 'cut', confirmed: 3 };
const ABORT: RunRequest = { kind: 'abort' };

const OUT = [began('preflight'), ended('preflight'), began('deactivate'), ended('deactivate')];
const WAITING = [...OUT, began('wait_drained')];
const DRAINED = [...WAITING, ended('wait_drained')];
const ACTIVATING = [...DRAINED, began('activate')];
const OVER: NewEvent = {
  type: 'run.settled',
  data: { outcome: 'done', exit: 0, nodes: {}, callsCut: 0, next: [] },
};
const UNDO: NewEvent = { type: 'undo.started', node: 'node-1', data: { effects: [] } };
const UNDONE: NewEvent = { type: 'undo.settled', node: 'node-1', data: { outcome: 'done' } };

describe('a window', () => {
  const waitsOf = (node: string): ReturnType<typeof stateOf> =>
    stateOf([...OUT, began('wait_drained', node)], { nodes: ['node-1', 'node-2'] });
  const HOUR = 3_600_000;
  const ending = (at: number): Parameters<typeof admit>[2] => ({
    now: 0,
    of: (node) => (node === 'node-1' ? at : null),
    last: () => null,
  });
  const one: RunRequest = { ...EXTEND, node: 'node-1' };
  it('that ends the wait before its deadline is not extended', () => {
    expect(admit(one, waitsOf('node-1'), ending(HOUR))).toMatchObject({
      accepted: false,
      why: expect.stringMatching(/^the calls of node-1 are waited for until the window leaves/) as string,
    });
    expect(admit(one, stateOf(OUT, { nodes: ['node-1', 'node-2'] }), ending(HOUR)).accepted).toBe(false);
  });
  it('that comes later leaves room, and takes nothing from another node', () => {
    expect(admit(one, waitsOf('node-1'), ending(100 * HOUR))).toEqual({ accepted: true });
    expect(admit({ ...EXTEND, node: 'node-2' }, waitsOf('node-2'), ending(HOUR))).toEqual({ accepted: true });
    expect(admit(HOLD, waitsOf('node-1'), ending(0))).toEqual({ accepted: true });
  });
});

type Row = readonly [string, RunRequest, Parameters<typeof stateOf>, why: string | null];

const RULES: readonly Row[] = [
  // Any request.
  ['a node of no run', { ...HOLD, node: 'node-9' }, [WAITING], 'node-9 is no node of this run'],
  [
    'a node with a forged name',
    { ...HOLD, node: 'a\u001b[2J' },
    [WAITING],
    'a\ufffd[2J is no node of this run',
  ],
  [
    'a name that every object has',
    { ...HOLD, node: 'constructor' },
    [WAITING],
    'constructor is no node of this run',
  ],
  ['no nodes at all', ABORT, [[], { plan: { kind: 'drain', nodes: [] } }], 'the run has no nodes'],
  ...[EXTEND, HOLD, CUT, ABORT].map((request): Row => [
    `${request.kind} when it is over`,
    request,
    [[...WAITING, OVER]],
    'the run is over',
  ]),
  // Stop.
  ['abort at the beginning', ABORT, [[]], null],
  ['abort while it waits', ABORT, [WAITING], null],
  ['abort behind everything', ABORT, [ACTIVATING], null],
  [
    'abort after a resume',
    ABORT,
    [[...WAITING, OVER, { type: 'run.resumed', data: { who: 'x', mode: 'forward' } }]],
    null,
  ],
  [
    'abort when it is being given back',
    ABORT,
    [[...WAITING, ended('wait_drained', 'failed'), UNDO]],
    'node-1 is being given back already',
  ],
  ['abort when it was given back', ABORT, [[...WAITING, UNDO, UNDONE]], 'node-1 was given back already'],
  [
    'abort when it is being kept out',
    ABORT,
    [[...DRAINED, began('verify'), ended('verify', 'failed'), began('secure')]],
    'node-1 is being kept out already',
  ],
  [
    'abort after a resume of what was cut off as it was kept out',
    ABORT,
    [[...DRAINED, began('secure'), { type: 'run.resumed', data: { who: 'x', mode: 'forward' } }]],
    null,
  ],
  [
    'abort after a resume of what was cut off as it was given back',
    ABORT,
    [[...WAITING, UNDO, { type: 'run.resumed', data: { who: 'x', mode: 'forward' } }]],
    null,
  ],
  // A later deadline.
  ['extend before it waits', EXTEND, [[]], null],
  ['extend while it waits', EXTEND, [WAITING], null],
  ['extend when the wait is over', EXTEND, [DRAINED], 'the wait for the calls of node-1 is over'],
  [
    'extend when the wait was given up',
    EXTEND,
    [[...WAITING, ended('wait_drained', 'failed')]],
    'the wait for the calls of node-1 is over',
  ],
  [
    'extend where nothing is awaited',
    EXTEND,
    [[], { plan: planDeactivate('node-1') }],
    'the calls of node-1 are not waited for in this run',
  ],
  [
    'extend without a deadline',
    EXTEND,
    [WAITING, { policy: { timeout: null } }],
    'there is no deadline to extend',
  ],
  ...[0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53].map((ms): Row => [
    `extend by ${ms}`,
    { kind: 'extend', ms },
    [WAITING],
    'a deadline is extended by a positive number of milliseconds',
  ]),
  [
    'extend beyond all numbers',
    { kind: 'extend', ms: Number.MAX_SAFE_INTEGER },
    [WAITING],
    'the deadline would be too far away',
  ],
  [
    'extend once more, beyond all numbers',
    { kind: 'extend', ms: 10_000_000 },
    [[...WAITING, ...granted({ kind: 'extend', ms: Number.MAX_SAFE_INTEGER - 10_000_000 })]],
    'the deadline would be too far away',
  ],
  // Stay out.
  ['hold at the beginning', HOLD, [[]], null],
  ['hold while it waits', HOLD, [WAITING], null],
  ['hold before it is brought in', HOLD, [DRAINED], null],
  ['hold twice', HOLD, [[...WAITING, ...granted(HOLD)]], null],
  ['hold what is held by plan', HOLD, [WAITING, { policy: { hold: true } }], null],
  ['hold when it is being brought in', HOLD, [ACTIVATING], 'node-1 is brought back in already'],
  [
    'hold when it was brought in',
    HOLD,
    [[...ACTIVATING, ended('activate')]],
    'node-1 is brought back in already',
  ],
  [
    'hold when it is given back',
    HOLD,
    [[...WAITING, ended('wait_drained', 'failed'), UNDO]],
    'node-1 is given back already',
  ],
  ['hold an activate', HOLD, [[], { plan: planActivate('node-1') }], 'only a drain can be held'],
  ['hold a deactivate', HOLD, [[], { plan: planDeactivate('node-1') }], 'only a drain can be held'],
  // Cut.
  ['cut before it waits', CUT, [OUT], 'the calls of node-1 are not being waited for'],
  ['cut while it waits', CUT, [WAITING], null],
  ['cut when the wait is over', CUT, [DRAINED], 'the calls of node-1 are not being waited for'],
  [
    'cut where nothing is awaited',
    CUT,
    [[], { plan: planDeactivate('node-1') }],
    'the calls of node-1 are not being waited for',
  ],
  ...[0, -3, 2.5, Number.NaN, Number.POSITIVE_INFINITY].map((confirmed): Row => [
    `cut ${confirmed} calls`,
    { kind: 'cut', confirmed },
    [WAITING],
    'the number of calls to cut is not a positive number',
  ]),
  ['cut as many again', CUT, [[...WAITING, ...granted(CUT)]], null],
  ['cut fewer', { kind: 'cut', confirmed: 1 }, [[...WAITING, ...granted(CUT)]], null],
  ['cut more', { kind: 'cut', confirmed: 4 }, [[...WAITING, ...granted(CUT)]], null],
  ['cut what was refused before', CUT, [[...WAITING, received(CUT), answered(false)]], null],
];

describe('admit', () => {
  it.each(RULES)('%s', (_, request, story, why) => {
    expect(admit(request, stateOf(...story))).toEqual(
      why === null ? { accepted: true } : { accepted: false, why },
    );
  });

  const TWO = { nodes: ['node-1', 'node-2'] };
  const ONE_WAITS = stateOf([...DRAINED, began('wait_drained', 'node-2')], TWO);
  it.each([
    ['one of two is enough', EXTEND, { accepted: true }],
    ['the other one named', { ...EXTEND, node: 'node-2' }, { accepted: true }],
    [
      'named, and not fitting',
      { ...EXTEND, node: 'node-1' },
      { accepted: false, why: 'the wait for the calls of node-1 is over' },
    ],
  ] as const)('%s', (_, request, expected) => {
    expect(admit(request, ONE_WAITS)).toEqual(expected);
  });

  it('an abort that finds one of two given back is for the other one', () => {
    const state = stateOf([...WAITING, UNDO, UNDONE, ...granted(ABORT)], TWO);
    expect(TWO.nodes.map((name) => nodeOf(state, name).wishes.abort)).toEqual([false, true]);
  });

  it('says of each node why not, and once what is true of all', () => {
    const over = stateOf(
      [...DRAINED, began('wait_drained', 'node-2'), ended('wait_drained', 'failed', 'node-2')],
      TWO,
    );
    expect(admit(EXTEND, over).why).toBe(
      'the wait for the calls of node-1 is over; the wait for the calls of node-2 is over',
    );
    expect(admit({ kind: 'extend', ms: 0 }, over).why).toBe(
      'a deadline is extended by a positive number of milliseconds',
    );
  });

  it('a stop is of the whole run, also where a journal names a node beside it', () => {
    const one = { ...ABORT, node: 'node-1' } as unknown as RunRequest;
    const state = stateOf([...WAITING, ...granted(one)], TWO);
    expect(TWO.nodes.map((name) => nodeOf(state, name).wishes.abort)).toEqual([true, true]);
    expect(admit(one, stateOf([...WAITING, UNDO], TWO))).toEqual({ accepted: true });
  });
  it('grants in the fold exactly what it admits, node by node', () => {
    const stories: readonly (readonly NewEvent[])[] = [
      [],
      OUT,
      WAITING,
      DRAINED,
      ACTIVATING,
      [...WAITING, UNDO],
      [...DRAINED, began('secure')],
    ];
    const other = [began('wait_drained', 'node-2'), ...granted({ ...CUT, node: 'node-2' })];
    for (const story of stories) {
      for (const request of [EXTEND, HOLD, CUT]) {
        const before = stateOf([...story, ...other], TWO);
        const after = stateOf([...story, ...other, ...granted(request)], TWO);
        for (const node of TWO.nodes) {
          const changed =
            JSON.stringify(nodeOf(after, node).wishes) !== JSON.stringify(nodeOf(before, node).wishes);
          expect([node, request.kind, changed]).toEqual([
            node,
            request.kind,
            admit({ ...request, node }, before).accepted,
          ]);
        }
      }
    }
  });
});
