import { describe, expect, test } from 'vitest';
import type { Load } from '../../../src/domain/capacity.ts';
import type { Cluster } from '../../../src/domain/cluster.ts';
import { known, type Observation, unknown } from '../../../src/domain/observation.ts';
import { admitNext } from '../../../src/domain/rolling/admit-next.ts';
import type { AdmitLimits } from '../../../src/domain/rolling/rolling-plan.ts';
import { DOWN, node, seenProxy } from '../builders.ts';
import { busy, four, nodeIn, seen } from './four-nodes.ts';

interface Asked {
  readonly observation?: Observation;
  readonly admitted?: readonly string[];
  readonly limits?: Partial<AdmitLimits>;
  readonly ignoreProxies?: readonly string[];
  readonly force?: readonly string[];
  readonly emptied?: readonly string[];
  readonly surges?: Readonly<Record<string, Load>>;
  readonly cluster?: Cluster;
}

/** Why node-1 waits; null where it is admitted. Capacities are 100 calls and 200 sessions. */
function why(asked: Asked = {}): string | null {
  const { cluster = four(), observation = seen(), admitted = [], limits = {} } = asked;
  const { ignoreProxies = [], force = [], emptied = [], surges = {} } = asked;
  const answer = admitNext({
    cluster,
    observation,
    candidate: nodeIn(cluster, 'node-1'),
    admitted: new Set(admitted),
    emptied: new Set(emptied),
    surges: new Map(Object.entries(surges)),
    limits: { maxUnavailable: 1, headroom: 0.2, dispatch: 'next', ...limits },
    policy: { ignoreProxies, force },
  });
  return answer.admitted ? null : answer.why;
}

test('everything is well, and there is room: admitted', () => expect(why()).toBeNull());

describe('how many are out', () => {
  test('one that is in hand counts', () =>
    expect(why({ admitted: ['node-2'] })).toBe('node-2 (in hand): no more than 1 may be out at a time'));
  test.each([
    ['disabled', { flags: { 'node-2': 'DX' } }, 'node-2 (disabled on lb-1)'],
    ['inactive', { flags: { 'node-2': 'IP' } }, 'node-2 (inactive on lb-1)'],
    [
      'paused',
      { nodes: { 'node-2': { pause: known({ inbound: true, outbound: false }) } } },
      'node-2 (paused)',
    ],
    ['not ready', { nodes: { 'node-2': { ready: known(false) } } }, 'node-2 (not ready)'],
    ['silent', { nodes: { 'node-2': { trouble: DOWN } } }, 'node-2 (cannot be read: connect.refused)'],
  ])('one that is %s counts', (_, how, said) =>
    expect(why({ observation: seen(how) })).toBe(`${said}: no more than 1 may be out at a time`),
  );
  test('one that is full is not out', () => {
    const observation = seen({ nodes: { 'node-2': busy(100), 'node-3': busy(0), 'node-4': busy(0) } });
    expect(why({ observation })).toBeNull();
  });
  test('two may be', () => expect(why({ admitted: ['node-2'], limits: { maxUnavailable: 2 } })).toBeNull());
  test('the candidate itself does not count against itself', () =>
    expect(why({ observation: seen({ flags: { 'node-1': 'DX' } }) })).toBeNull());
  test('one that is out itself makes them no more: two that are out do not wait for each other', () => {
    const observation = seen({ flags: { 'node-1': 'DX', 'node-2': 'DX' } });
    expect(why({ observation })).toBeNull();
    expect(why({ observation, admitted: ['node-2'] })).toBe(
      'node-2 (in hand): no more than 1 may be out at a time',
    );
  });
});

describe('what the others can hold', () => {
  test('all of it falls on one neighbour', () => {
    // 30 of its own and 50 of node-1's are 80; 80 of 100 may be used.
    const tight = (own: number): Observation => seen({ nodes: { 'node-1': busy(50), 'node-3': busy(own) } });
    expect(why({ observation: tight(30) })).toBeNull();
    expect(why({ observation: tight(31) })).toBe(
      'the others would be too full: node-3 would have 81 calls, its capacity is 100 less 20% headroom',
    );
    expect(why({ observation: tight(31), limits: { headroom: 0.1 } })).toBeNull();
    expect(why({ observation: tight(31), limits: { dispatch: 'even' } })).toBeNull();
  });
  test('it is spread evenly, rounded up', () => {
    const even = { dispatch: 'even', headroom: 0 } as const;
    // 50 over three is 17.
    const tight = (own: number): Observation => seen({ nodes: { 'node-1': busy(50), 'node-3': busy(own) } });
    expect(why({ observation: tight(83), limits: even })).toBeNull();
    expect(why({ observation: tight(84), limits: even })).toMatch(/node-3 would have 101 calls/);
  });
  test('sessions count beside calls: of FreeSWITCH’s own limit where that is lower', () => {
    const observation = seen({
      nodes: {
        'node-1': { sessions: known(40), calls: known(20), peak5Min: known(40) },
        'node-2': { sessionLimit: known(50) },
      },
    });
    expect(why({ observation, limits: { headroom: 0 } })).toBeNull();
    expect(why({ observation, limits: { headroom: 0.1 } })).toMatch(
      /node-2 would have 50 sessions, its capacity is 50 less 10%/,
    );
  });
  test('the peak of the last five minutes counts', () =>
    expect(why({ observation: seen({ nodes: { 'node-1': busy(10, 80) } }) })).toMatch(
      /would have 90 calls, its capacity is 100 less/,
    ));
  test('what a node in hand had more at its peak than when it was let out counts, as long as it may come again', () => {
    const hand = { admitted: ['node-2'], limits: { maxUnavailable: 2 } };
    const observation = seen({ nodes: { 'node-2': busy(5, 30) }, flags: { 'node-2': 'DX' } });
    const surge = (calls: number) => ({ 'node-2': { calls, sessions: calls } });
    // 10 of its own, 10 of node-1's, 5 that are left on node-2: 55 more are 80.
    expect(why({ ...hand, observation, surges: surge(55) })).toBeNull();
    expect(why({ ...hand, observation, surges: surge(56) })).toMatch(/would have 81 calls/);
    expect(why({ ...hand, observation, surges: surge(61), emptied: ['node-2'] })).toMatch(/have 81 calls/);
    expect(why({ ...hand, observation, surges: surge(60), emptied: ['node-2'] })).toBeNull();
  });
  test('of a node in hand what has ended there is on the others by now, and counts there', () => {
    const limits = { maxUnavailable: 2 };
    const left = (calls: number): Observation =>
      seen({ nodes: { 'node-2': busy(calls, 90) }, flags: { 'node-2': 'DX' } });
    expect(why({ admitted: ['node-2'], limits, observation: left(60) })).toBeNull();
    expect(why({ admitted: ['node-2'], limits, observation: left(61) })).toMatch(/would have 81 calls/);
  });
  test('one in hand that restarts says nothing, and has nothing', () => {
    const silent = { sessions: unknown('it restarts'), calls: unknown(''), trouble: DOWN };
    const observation = seen({ nodes: { 'node-2': silent }, flags: { 'node-2': 'DX' } });
    const hand = { admitted: ['node-2'], limits: { maxUnavailable: 2 }, observation };
    expect(why(hand)).toMatch(/node-2: its sessions are unknown/);
    expect(why({ ...hand, emptied: ['node-2'] })).toBeNull();
  });
  test.each(['node-1', 'node-2'])('sessions of %s are unknown', (name) => {
    const observation = seen({ nodes: { [name]: { sessions: unknown('no answer'), calls: unknown('') } } });
    // One that takes calls and does not say how many is no survivor.
    expect(why({ observation })).toBe(
      name === 'node-1'
        ? 'whether the others can carry it is unknown: node-1: its sessions are unknown'
        : null,
    );
  });
});

describe('several sets', () => {
  const uri = (last: number): string => `sip:10.0.1.1${last}:5080`;
  /** node-1 and node-3 in set 1, node-2 and node-3 in set 2, and what else. */
  const split = four({
    nodes: [
      node('node-1', '10.0.1.11'),
      node('node-2', '10.0.1.12', { destinations: [{ set: 2, uri: uri(2) }] }),
      node('node-3', '10.0.1.13', {
        destinations: [
          { set: 1, uri: uri(3) },
          { set: 2, uri: uri(3) },
        ],
      }),
      node('node-4', '10.0.1.14'),
    ],
  });
  const listed = (one: readonly number[], two: readonly number[]): Observation['proxies'] => {
    const targets = (all: readonly number[]) =>
      all.map((last) => ({ uri: uri(last), duid: null, flags: 'AP' }));
    const sets = known([
      { id: 1, targets: targets(one) },
      { id: 2, targets: targets(two) },
    ]);
    return { 'lb-1': seenProxy('lb-1', [], { sets }), 'lb-2': seenProxy('lb-2', [], { sets }) };
  };
  const loads = { 'node-1': busy(60), 'node-2': busy(60), 'node-3': busy(10) };
  const hand = { cluster: split, limits: { maxUnavailable: 3, headroom: 0 } };

  test('one that is in hand in another set fills a survivor that both have', () => {
    const observation = seen({ nodes: loads, proxies: listed([1, 3], [2, 3]) });
    expect(why({ ...hand, observation })).toBeNull();
    expect(why({ ...hand, observation, admitted: ['node-2'] })).toMatch(/node-3 would have 130 calls/);
  });
  test('spread evenly, it counts by the set that brings most of it', () => {
    const limits = { maxUnavailable: 3, headroom: 0, dispatch: 'even' } as const;
    // Half of node-1's and all of node-2's: 10 + 30 + 60.
    const observation = (own: number): Observation =>
      seen({
        nodes: { ...loads, 'node-3': busy(own), 'node-4': busy(0) },
        proxies: listed([1, 3, 4], [2, 3]),
      });
    expect(why({ ...hand, limits, observation: observation(10), admitted: ['node-2'] })).toBeNull();
    expect(why({ ...hand, limits, observation: observation(11), admitted: ['node-2'] })).toMatch(
      /node-3 would have 101 calls/,
    );
  });
  test('one that shares no set with any survivor of this one does not matter', () => {
    const observation = seen({ nodes: { ...loads, 'node-4': busy(0) }, proxies: listed([1, 4], [2, 3]) });
    expect(why({ ...hand, observation, admitted: ['node-2'] })).toBeNull();
  });
});

describe('the last of a set', () => {
  const two = (second: string): Cluster =>
    four({
      nodes: [
        node('node-1', '10.0.1.11'),
        node('node-2', '10.0.1.12', { destinations: [{ set: 2, uri: second }] }),
      ],
    });
  const listed = (uri: string, set: number): Observation['proxies'] => {
    const sets = known([
      { id: 1, targets: [{ uri: 'sip:10.0.1.11:5080', duid: null, flags: 'AP' }] },
      { id: set, targets: [{ uri, duid: null, flags: 'AP' }] },
    ]);
    return { 'lb-1': seenProxy('lb-1', [], { sets }), 'lb-2': seenProxy('lb-2', [], { sets }) };
  };
  test('somebody in another set is nobody in this one', () => {
    const uri = 'sip:10.0.1.12:5080';
    expect(why({ cluster: two(uri), observation: seen({ proxies: listed(uri, 2) }) })).toBe(
      'nobody would be left in set 1 of lb-1',
    );
  });
  test('one that nobody knows does not count', () => {
    const uri = 'sip:10.9.9.9:5080';
    expect(
      why({
        cluster: two('sip:10.0.1.12:5080'),
        limits: { maxUnavailable: 2 },
        observation: seen({ proxies: listed(uri, 1) }),
      }),
    ).toMatch(/nobody would be left in set 1 of lb-1: sip:10\.9\.9\.9:5080 is not in the inventory/);
  });
  test('all others are full', () => {
    const full = Object.fromEntries(['node-2', 'node-3', 'node-4'].map((name) => [name, busy(100)]));
    expect(why({ observation: seen({ nodes: full }) })).toMatch(
      /^nobody would be left in set 1 of lb-1: node-2 is full \(100 of 100 calls\)/,
    );
  });
});

describe('overruled', () => {
  const full = Object.fromEntries(['node-2', 'node-3', 'node-4'].map((name) => [name, busy(100)]));
  const tight = seen({ nodes: { 'node-1': busy(95) } });
  test.each([
    ['nobody is left', { nodes: full }, 'survivors', null],
    ['nobody is left', { nodes: full }, 'capacity', /nobody would be left/],
    ['there is no room', { nodes: { 'node-1': busy(95) } }, 'capacity', null],
    ['there is no room', { nodes: { 'node-1': busy(95) } }, 'survivors', /too full/],
  ])('%s, %j, --force %s', (_, how, check, said) => {
    const answer = why({ observation: seen(how), force: [check] });
    if (said === null) expect(answer).toBeNull();
    else expect(answer).toMatch(said);
  });
  test('how many may be out is not', () =>
    expect(why({ admitted: ['node-2'], observation: tight, force: ['survivors', 'capacity'] })).toMatch(
      /in hand/,
    ));
});

describe('proxies', () => {
  const silent = { 'lb-2': seenProxy('lb-2', [], { trouble: DOWN, sets: unknown('it is down') }) };
  test('one that is silent: nobody knows', () =>
    expect(why({ observation: seen({ proxies: silent }) })).toBe('lb-2 cannot be read: it is down'));
  test('one that is silent and ignored', () =>
    expect(why({ observation: seen({ proxies: silent }), ignoreProxies: ['lb-2'] })).toBeNull());
});

describe('one that is out already is asked about again', () => {
  const out = { flags: { 'node-1': 'DX' } };
  test('the others have room: it may stay out', () =>
    expect(why({ admitted: ['node-1'], observation: seen(out) })).toBeNull());
  test('they have not: it is needed', () =>
    expect(
      why({
        admitted: ['node-1'],
        observation: seen({ ...out, nodes: { 'node-1': busy(0), 'node-4': busy(81) } }),
      }),
    ).toMatch(/node-4 would have 81 calls/));
});
