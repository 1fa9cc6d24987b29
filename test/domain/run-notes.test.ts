import { describe, expect, test } from 'vitest';
import type { ClusterRuns, LastRun, UnfinishedRun } from '../../src/domain/cluster-runs.ts';
import type { LockState } from '../../src/domain/lock-holder.ts';
import type { NodeObservation, ProxyObservation } from '../../src/domain/observation.ts';
import { type RunNotesInput, runNotes } from '../../src/domain/run-notes.ts';
import { isUnderWay } from '../../src/domain/under-way.ts';
import {
  baseline,
  cluster,
  DOWN,
  known,
  type Listed,
  observation,
  seenNode,
  seenProxy,
  unknown,
} from './builders.ts';

const WALL = Date.parse('2026-11-22T22:00:00Z');
const R1 = '20261122-200000-aaaa';
const R2 = '20261122-210000-bbbb';

const unfinished: UnfinishedRun = {
  run: R1,
  command: 'drain node-1',
  kind: 'drain',
  who: 'ops@bastion',
  since: '2026-11-22T20:00:00.000Z',
  lastAt: '2026-11-22T20:10:00.000Z',
  nodes: ['node-1'],
  touched: ['node-1'],
  open: ['node-1'],
  changed: [{ node: 'node-1', proxy: 'lb-1' }],
  restartIntended: false,
  step: 'wait_drained',
  elsewhere: false,
  underWay: false,
};

const leftOut: LastRun = {
  run: R1,
  command: 'drain node-1',
  who: 'ops@bastion',
  kind: 'drain',
  nodes: ['node-1'],
  settled: true,
  lastAt: '2026-11-22T20:10:00.000Z',
  says: 'out of service',
  found: baseline().destinations,
  next: ['fsha drain node-1', 'fsha activate node-1'],
  call: 'fsha',
  seenAt: 500,
};
const leftIn: LastRun = { ...leftOut, says: 'in service', next: [] };

const FREE: LockState = { held: false };
const NAMELESS: LockState = { held: true, holder: null };

function heldBy(run: string): LockState {
  const holder = { run, command: 'drain node-1', who: 'eve@bastion', pid: 1, started: 1 };
  return { held: true, holder: { ...holder, since: '2026-11-22T21:59:00.000Z' } };
}

function runs(
  changes: Partial<ClusterRuns> & { lastOf?: Readonly<Record<string, LastRun>> } = {},
): ClusterRuns {
  const { lastOf = {}, ...rest } = changes;
  return {
    unfinished: [],
    last: new Map(Object.entries(lastOf)),
    known: new Set([R1, R2]),
    lock: FREE,
    missing: null,
    gaps: [],
    ...rest,
  };
}

/** FLAGS of node-1 on lb-1 and lb-2; node-2 is in. */
function shown(one: string, other: string, changes: Partial<ProxyObservation> = {}) {
  const listed = (flags: string): readonly Listed[] => [
    ['sip:10.0.1.10:5080', flags],
    ['sip:10.0.1.11:5080', 'AP'],
  ];
  return [seenProxy('lb-1', listed(one)), seenProxy('lb-2', listed(other), changes)];
}

function judge(
  facts: ClusterRuns,
  seen: { proxies?: readonly ProxyObservation[]; nodes?: readonly NodeObservation[] } = {},
  changes: Partial<RunNotesInput> = {},
) {
  return runNotes({
    cluster: cluster(),
    observation: observation(seen),
    runs: facts,
    wall: WALL,
    command: 'fsha',
    ...changes,
  });
}

const marked = (mark: string): readonly NodeObservation[] => [seenNode('node-1', { mark: known(mark) })];

test('nothing is to be said where nothing is left', () => {
  expect(judge(runs({ lastOf: { 'node-1': leftIn } }))).toEqual({
    wall: WALL,
    runs: [],
    contradictions: [],
    marks: {},
    last: { 'node-1': { run: R1, says: 'in service' } },
    missing: null,
    gaps: [],
  });
});

describe('a run that has not come to its end', () => {
  const says = (
    underWay: boolean | null,
    changes: Partial<UnfinishedRun> = {},
    rest: Partial<ClusterRuns> = {},
  ) => judge(runs({ unfinished: [{ ...unfinished, underWay, ...changes }], ...rest })).runs;

  test('goes on where it holds a lock', () => {
    expect(says(true)).toEqual([
      {
        run: R1,
        command: 'drain node-1',
        who: 'ops@bastion',
        state: 'in-progress',
        nodes: ['node-1'],
        since: '2026-11-22T20:00:00.000Z',
        step: 'wait_drained',
        changed: true,
        next: [`fsha show ${R1} --follow`],
      },
    ]);
  });

  test('and while it only keeps a node out, that may be brought back', () => {
    expect(says(true, { step: 'guard' })).toMatchObject([
      { state: 'in-progress', next: [`fsha show ${R1} --follow`, 'fsha activate node-1'] },
    ]);
  });

  test('and while its process is stopped, which has to go on first', () => {
    expect(says(true, { step: 'guard', stopped: 4_711 })).toMatchObject([
      {
        state: 'in-progress',
        stopped: true,
        next: ['kill -CONT 4711', `fsha show ${R1} --follow`, 'fsha activate node-1'],
      },
    ]);
  });

  test('was interrupted where it holds none', () => {
    expect(says(false)).toMatchObject([
      {
        run: R1,
        state: 'interrupted',
        since: '2026-11-22T20:10:00.000Z',
        next: [`fsha resume ${R1}`, `fsha resume ${R1} --undo`],
      },
    ]);
  });

  test('behind an announced restart it cannot be undone', () => {
    expect(says(false, { restartIntended: true })).toMatchObject([{ next: [`fsha resume ${R1}`] }]);
  });

  test('nobody goes on with one whose journal is damaged', () => {
    expect(says(false, { damaged: true })).toMatchObject([
      { state: 'interrupted', next: ['fsha activate node-1 --force mark'] },
    ]);
  });

  test('may be either where that cannot be told', () => {
    expect(says(null)).toMatchObject([
      { state: 'unfinished', next: [`fsha show ${R1} --follow`, `fsha resume ${R1}`] },
    ]);
  });

  test('one of another host may go on there as long as its mark is renewed', () => {
    const states = (elsewhere: boolean, at: string) =>
      judge(runs({ unfinished: [{ ...unfinished, elsewhere }] }), {
        nodes: marked(`${R1},ops@bastion,${at}`),
      }).runs.map(({ state }) => state);
    expect(states(true, '2026-11-22T21:59:00.000Z')).toEqual(['unfinished']);
    expect(states(true, '2026-11-22T21:00:00.000Z')).toEqual(['interrupted']);
    expect(states(true, '2026-11-22T21:59:00.000Z,ended')).toEqual(['interrupted']);
    expect(states(false, '2026-11-22T21:59:00.000Z')).toEqual(['interrupted']);
    expect(says(true, { elsewhere: true })).toMatchObject([{ state: 'in-progress' }]);
  });

  test('without its mark the journal of one of another host tells when it was alive', () => {
    const state = (lastAt: string, changes: Partial<NodeObservation> = {}, elsewhere = true) =>
      judge(runs({ unfinished: [{ ...unfinished, elsewhere, lastAt }] }), {
        nodes: [seenNode('node-1', changes)],
      }).runs.map((one) => one.state);
    const [justNow, longAgo] = ['2026-11-22T21:58:00.000Z', '2026-11-22T21:50:00.000Z'];
    expect(state(justNow)).toEqual(['unfinished']);
    expect(state(justNow, { mark: unknown('it restarts') })).toEqual(['unfinished']);
    expect(state(longAgo)).toEqual(['interrupted']);
    expect(state(justNow, {}, false)).toEqual(['interrupted']);
    // It has lost the node to another run.
    expect(state(justNow, { mark: known(`${R2},eve@b,2026-11-22T21:59:00.000Z`) })).toEqual(['interrupted']);
  });

  test('of a node that is gone from the inventory nobody can go on with it', () => {
    const gone = { nodes: ['node-9'], touched: ['node-9'], open: ['node-9'], changed: [] };
    expect(says(false, gone)).toMatchObject([
      {
        state: 'interrupted',
        missing: {
          what: 'has node-9 in hand, which is not in /etc/fsha/fsha.yaml',
          todo: `put it back there until the run has come to its end; where it is gone for good, move ${R1}.ndjson out of /var/lib/fsha/runs`,
        },
        next: [],
      },
    ]);
    expect(says(null, gone)).toMatchObject([{ state: 'unfinished', next: [`fsha show ${R1} --follow`] }]);
    // The journal is still what tells how to bring the other one back.
    const both = { ...gone, nodes: ['node-1', 'node-9'], open: ['node-1', 'node-9'] };
    expect(says(false, both)).toMatchObject([
      { missing: { todo: 'put it back there until the run has come to its end' }, next: [] },
    ]);
    expect(says(false, { changed: [{ node: 'node-1', proxy: 'lb-9' }] })).toMatchObject([
      { missing: { what: 'has changed node-1 on lb-9, which is not in /etc/fsha/fsha.yaml' }, next: [] },
    ]);
  });

  test('one that announced nothing changed nothing', () => {
    expect(says(false, { touched: [] })).toMatchObject([{ state: 'interrupted', changed: false }]);
  });

  test('the commands are those of this call', () => {
    const facts = runs({ unfinished: [{ ...unfinished, underWay: true }] });
    const { runs: notes } = judge(facts, {}, { command: 'fsha --config x.yaml' });
    expect(notes).toMatchObject([{ next: [`fsha --config x.yaml show ${R1} --follow`] }]);
  });

  test('is over for good where a later run changed each of its nodes', () => {
    const later = { ...leftIn, run: R2, lastAt: '2026-11-22T21:10:00.000Z' };
    expect(says(false, {}, { last: new Map([['node-1', later]]) })).toEqual([]);
    const both = { nodes: ['node-1', 'node-2'] };
    expect(says(false, both, { last: new Map([['node-1', later]]) })).toMatchObject([{ run: R1 }]);
    // One that ended before it wrote last is no later one, whatever its name says.
    const earlier = { ...later, lastAt: '2026-11-22T20:09:00.000Z' };
    expect(says(false, {}, { last: new Map([['node-1', earlier]]) })).toMatchObject([{ run: R1 }]);
    // Unless it is proven that the other one came after it: that one found its mark.
    const proven = { overtaken: ['node-1'] };
    expect(says(false, proven, { last: new Map([['node-1', earlier]]) })).toEqual([]);
    expect(says(false, { ...both, ...proven }, { last: new Map([['node-1', earlier]]) })).toHaveLength(1);
    // As long as it goes on it is not over.
    expect(says(true, {}, { last: new Map([['node-1', later]]) })).toMatchObject([{ state: 'in-progress' }]);
  });

  test('whoever holds the lock without a journal has just begun', () => {
    const facts = runs({ lock: heldBy('20261122-220000-cccc') });
    expect(judge(facts).runs).toMatchObject([
      {
        run: '20261122-220000-cccc',
        who: 'eve@bastion',
        state: 'in-progress',
        since: '2026-11-22T21:59:00.000Z',
      },
    ]);
    // One with a journal that has come to its end is about to let it go.
    expect(judge(runs({ lock: heldBy(R2) })).runs).toEqual([]);
  });
});

test.each([
  [FREE, false],
  [heldBy(R1), true],
  [heldBy(R2), false],
  [NAMELESS, null],
  [null, null],
])('with the lock %j run 1 is under way: %s', (lock, expected) => {
  expect(isUnderWay(R1, lock)).toBe(expected);
});

describe('a run that left a node out', () => {
  const out = shown('DX', 'DX');

  test('is named with the commands that it wrote down, as fsha is called now', () => {
    const last = {
      ...leftOut,
      call: 'fsha --config /etc/a.yaml',
      next: [
        'fsha --config /etc/a.yaml status',
        `fsha --config /etc/a.yaml show ${R1}`,
        'fsha --config /etc/a.yaml activate node-1',
        'kamcmd dispatcher.set_state d 1 sip:10.0.1.10:5080  # on lb-2',
      ],
    };
    const { runs: notes, contradictions } = judge(runs({ lastOf: { 'node-1': last } }), { proxies: out });
    expect(contradictions).toEqual([]);
    expect(notes).toEqual([
      {
        run: R1,
        command: 'drain node-1',
        who: 'ops@bastion',
        state: 'left-out',
        nodes: ['node-1'],
        since: '2026-11-22T20:10:00.000Z',
        step: null,
        changed: true,
        next: ['fsha activate node-1', 'kamcmd dispatcher.set_state d 1 sip:10.0.1.10:5080  # on lb-2'],
      },
    ]);
  });

  test('without such commands it is activate', () => {
    const last = { ...leftOut, next: [`fsha show ${R1}`] };
    expect(judge(runs({ lastOf: { 'node-1': last } }), { proxies: out }).runs).toMatchObject([
      { next: ['fsha activate node-1'] },
    ]);
  });

  test('one run that left several is named once, with what concerns these', () => {
    const nodes = ['node-1', 'node-2', 'node-3'];
    const next = nodes.map((name) => `fsha activate ${name}`);
    const last = { ...leftOut, nodes, next };
    const both = (flags: string): readonly Listed[] => [
      ['sip:10.0.1.10:5080', flags],
      ['sip:10.0.1.11:5080', flags],
    ];
    const facts = runs({ lastOf: { 'node-1': last, 'node-2': last } });
    const proxies = [seenProxy('lb-1', both('DX')), seenProxy('lb-2', both('DX'))];
    expect(judge(facts, { proxies }).runs).toMatchObject([
      { nodes: ['node-1', 'node-2'], next: ['fsha activate node-1', 'fsha activate node-2'] },
    ]);
  });

  test('it is left out as long as not every proxy is seen to have it in', () => {
    const facts = runs({ lastOf: { 'node-1': leftOut } });
    const states = (proxies: readonly ProxyObservation[]) =>
      judge(facts, { proxies }).runs.map(({ state }) => state);
    expect(states(shown('AP', 'DX'))).toEqual(['left-out']);
    expect(states(shown('AP', 'IP'))).toEqual(['left-out']);
    expect(states(shown('AP', 'AP', { trouble: DOWN, sets: unknown('down') }))).toEqual(['left-out']);
    expect(states(shown('AP', 'AP'))).toEqual([]);
  });

  test('what it is unknown of is told until it is seen in, unmarked and not paused', () => {
    const facts = runs({ lastOf: { 'node-1': { ...leftOut, says: 'unknown' } } });
    const states = (nodes: readonly NodeObservation[], proxies = shown('AP', 'AP')) =>
      judge(facts, { proxies, nodes }).runs.map(({ state }) => state);
    expect(states([], out)).toEqual(['left-unknown']);
    expect(states([])).toEqual([]);
    expect(states([seenNode('node-1', { pause: known({ inbound: true, outbound: false }) })])).toEqual([
      'left-unknown',
    ]);
    expect(states([seenNode('node-1', { mark: unknown('no answer') })])).toEqual(['left-unknown']);
    expect(states(marked(`${R1},ops@bastion,2026-11-22T20:00:00.000Z`))).toEqual(['left-unknown']);
    expect(states([seenNode('node-1', { trouble: DOWN })])).toEqual(['left-unknown']);
  });

  test('those that go on come first, then the interrupted ones, each the newest first', () => {
    const other = { ...unfinished, run: R2, nodes: ['node-2'], touched: ['node-2'], underWay: true };
    const facts = runs({ unfinished: [unfinished, other], lastOf: { 'node-1': leftOut } });
    expect(judge(facts, { proxies: out }).runs.map(({ state, run }) => [state, run])).toEqual([
      ['in-progress', R2],
      ['interrupted', R1],
      ['left-out', R1],
    ]);
  });
});

describe('the last run and the proxies say different things', () => {
  const between = (
    last: LastRun,
    proxies: readonly ProxyObservation[],
    rest: Partial<ClusterRuns> = {},
    nodes: readonly NodeObservation[] = [],
  ) => judge(runs({ lastOf: { 'node-1': last }, ...rest }), { proxies, nodes }).contradictions;

  test.each([
    ['out', 'active on one proxy', leftOut, shown('DX', 'AP'), [{ proxy: 'lb-2', flags: ['AP'] }]],
    [
      'out',
      'inactive, which comes back by itself',
      leftOut,
      shown('TX', 'IP'),
      [
        { proxy: 'lb-1', flags: ['TX'] },
        { proxy: 'lb-2', flags: ['IP'] },
      ],
    ],
    ['out', 'disabled', leftOut, shown('DX', 'DX'), null],
    ['in', 'disabled', leftIn, shown('DX', 'AP'), [{ proxy: 'lb-1', flags: ['DX'] }]],
    ['in', 'active or trying', leftIn, shown('AX', 'TP'), null],
    ['in', 'inactive: it fails its probes', leftIn, shown('IP', 'AP'), null],
    ['unknown', 'disabled', { ...leftIn, says: 'unknown' }, shown('DX', 'AP'), null],
    ['in', 'what nobody can read', leftIn, shown('??', 'AP'), null],
    ['out', 'what nobody can read', leftOut, shown('DX', '??'), null],
  ] satisfies [string, string, LastRun, readonly ProxyObservation[], object | null][])(
    'says %s, shown as %s',
    (_, __, last, proxies, expected) => {
      const [found] = between(last, proxies);
      expect(found?.shown ?? null).toEqual(expected);
    },
  );

  test('with who says what, and both ways out of it', () => {
    expect(between(leftOut, shown('DX', 'AP'))).toEqual([
      {
        node: 'node-1',
        run: R1,
        says: 'out of service',
        shown: [{ proxy: 'lb-2', flags: ['AP'] }],
        next: ['fsha activate node-1', 'fsha deactivate node-1'],
      },
    ]);
  });

  test('what is unknown contradicts nothing', () => {
    const dark = { trouble: DOWN, sets: unknown('down') };
    expect(between(leftOut, shown('DX', 'AP', dark))).toEqual([]);
    expect(between(leftIn, shown('AP', 'DX', dark))).toEqual([]);
    expect(between(leftOut, shown('DX', 'AP', { sets: unknown('no list') }))).toEqual([]);
    const [first] = shown('DX', 'AP');
    expect(
      judge(
        runs({ lastOf: { 'node-1': leftOut } }),
        {},
        {
          observation: { nodes: {}, proxies: first === undefined ? {} : { 'lb-1': first } },
        },
      ).contradictions,
    ).toEqual([]);
    expect(between({ ...leftIn, settled: false, says: 'unknown' }, shown('DX', 'DX'))).toEqual([]);
  });

  test('what was read before the run had ended contradicts nothing', () => {
    const proxies = shown('DX', 'AP');
    expect(between({ ...leftIn, seenAt: 1_000 }, proxies)).toHaveLength(1);
    expect(between({ ...leftIn, seenAt: 1_001 }, proxies)).toEqual([]);
  });

  test('nor what a run does that goes on, or may', () => {
    const by = (changes: Partial<UnfinishedRun>) =>
      between(leftIn, shown('DX', 'DX'), { unfinished: [{ ...unfinished, run: R2, ...changes }] });
    expect(by({ underWay: true })).toEqual([]);
    expect(by({ underWay: null })).toEqual([]);
    // Of another node it says nothing.
    expect(by({ underWay: true, nodes: ['node-2'] })).toHaveLength(1);
  });

  test('nor what a run of another host did, whose mark the node has', () => {
    const foreign = '20261122-215900-zzzz,eve@other,2026-11-22T21:59:00.000Z';
    expect(between(leftIn, shown('DX', 'DX'), {}, marked(foreign))).toEqual([]);
    expect(between(leftIn, shown('DX', 'DX'), {}, marked(`${foreign},ended`))).toEqual([]);
    expect(
      between(leftOut, shown('AP', 'AP'), {}, marked(`${R1},ops@bastion,2026-11-22T20:00:00.000Z`)),
    ).toHaveLength(1);
  });

  test('what the run had found disabled it left disabled, unless it was to enable all', () => {
    const found = baseline().destinations.map((one) =>
      one.proxy === 'lb-2' ? { ...one, flags: 'DX' } : one,
    );
    expect(between({ ...leftIn, found }, shown('AP', 'DX'))).toEqual([]);
    expect(between({ ...leftIn, found, kind: 'activate' }, shown('AP', 'DX'))).toHaveLength(1);
    // What it did not find, and of what nothing is known, it says nothing.
    expect(between({ ...leftIn, found: [] }, shown('AP', 'DX'))).toEqual([]);
    expect(between({ ...leftIn, found: null }, shown('AP', 'DX'))).toEqual([]);
  });

  test('a destination that is named by its duid is found by it', () => {
    const uri = 'sip:10.0.1.10:5080';
    const twins = (one: string, other: string): readonly Listed[] => [
      [uri, one, 'fs1'],
      [uri, other, 'fs2'],
    ];
    const [first, second] = cluster().nodes;
    if (first === undefined || second === undefined) throw new Error('no nodes');
    const byDuid = { ...first, destinations: ['fs1', 'fs2'].map((duid) => ({ set: 1, duid })) };
    const found = ['fs1', 'fs2'].map((duid) => ({
      proxy: 'lb-1',
      set: 1,
      uri,
      duid,
      flags: duid === 'fs1' ? 'AP' : 'DX',
    }));
    const says = (one: string, other: string) =>
      judge(
        runs({ lastOf: { 'node-1': { ...leftIn, found } } }),
        { proxies: [seenProxy('lb-1', twins(one, other)), seenProxy('lb-2', [])] },
        { cluster: cluster({ nodes: [byDuid, second] }) },
      ).contradictions;
    expect(says('AP', 'DX')).toEqual([]);
    expect(says('DX', 'DX')).toHaveLength(1);
  });
});

describe('marks', () => {
  const state = (mark: string, facts = runs()) =>
    judge(facts, { nodes: marked(mark) }).marks['node-1']?.state;

  test('of runs that are not known here may be under way, or are stale', () => {
    expect(state('20261122-215900-zzzz,eve@other,2026-11-22T21:59:00.000Z')).toBe('fresh');
    expect(state('20261122-210000-zzzz,eve@other,2026-11-22T21:00:00.000Z')).toBe('stale');
    expect(state('20261122-210000-zzzz,eve@other,no-time')).toBe('fresh');
    expect(state('20261122-215900-zzzz,eve@other,2026-11-22T21:59:00.000Z,ended')).toBe('left');
    expect(state('somebody was here')).toBe('foreign');
  });

  test('of runs that are noted need no word, of those that have ended one', () => {
    const mark = `${R1},ops@bastion,2026-11-22T20:00:00.000Z`;
    expect(state(mark, runs({ unfinished: [unfinished] }))).toBe('noted');
    expect(state(mark, runs({ unfinished: [{ ...unfinished, underWay: true }] }))).toBe('noted');
    expect(state(mark)).toBe('ended');
    expect(state(`${mark},ended`)).toBe('ended');
  });

  test('say only what they say themselves where it is not known which runs there were here', () => {
    const mark = '20261122-215900-zzzz,eve@other,2026-11-22T21:59:00.000Z';
    expect(state(mark, runs({ known: null }))).toBeUndefined();
    expect(judge(runs({ known: null, lock: heldBy(R1) })).runs).toMatchObject([{ state: 'in-progress' }]);
  });

  test('that are not there, or unknown, are none', () => {
    expect(judge(runs()).marks).toEqual({});
    expect(judge(runs(), { nodes: [seenNode('node-1', { mark: unknown('no answer') })] }).marks).toEqual({});
    expect(judge(runs(), { nodes: [seenNode('node-1', { trouble: DOWN, mark: known('x') })] }).marks).toEqual(
      {},
    );
  });
});

test('what could not be read is handed on', () => {
  const { gaps, missing } = judge(runs({ gaps: ['the disk is gone'], missing: '/var/lib/fsha' }));
  expect([gaps, missing]).toEqual([['the disk is gone'], '/var/lib/fsha']);
});

describe('a rolling run that has ended without having brought all of its nodes through', () => {
  const partly = {
    run: R1,
    command: 'rolling --all',
    who: 'ops@bastion',
    lastAt: '2026-11-22T20:00:00.000Z',
    nodes: ['node-1', 'node-2'],
    changed: true,
  };
  const by = (run: string, lastAt: string): LastRun => ({ ...leftIn, run, lastAt });
  test('it can be gone on with', () =>
    expect(judge(runs({ partly })).runs).toEqual([
      expect.objectContaining({ state: 'partly', nodes: ['node-1', 'node-2'], next: [`fsha resume ${R1}`] }),
    ]));
  test('what a later run has changed is that one’s; an earlier one, or itself, says nothing', () => {
    const lastOf = { 'node-1': by(R2, '2026-11-22T21:00:00.000Z'), 'node-2': by(R1, partly.lastAt) };
    expect(judge(runs({ partly, lastOf })).runs.map(({ nodes }) => nodes)).toEqual([['node-2']]);
    const later = by(R2, '2026-11-22T21:00:00.000Z');
    expect(judge(runs({ partly, lastOf: { 'node-1': later, 'node-2': later } })).runs).toEqual([]);
  });
});
