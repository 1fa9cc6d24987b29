/** Who goes on of those that came at one moment, and that never two of them do, however they overlap. */
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { MARK_FRESH, type Whereabouts, writeMark } from '../../src/domain/mark.ts';
import { known } from '../../src/domain/observation.ts';
import { type Rival, type RivalInput, rivalsOf, whoseTurn } from '../../src/domain/rivals.ts';

const WALL = Date.parse('2026-11-22T20:10:00Z');
const markOf = (run: string, age = 1_000, guard = false): string =>
  writeMark({ run, who: 'ops@b', token: 'aaaaaaaa', guard }, new Date(WALL - age));
/** Written that long ago by the node's clock, and long ago by that of a host which is far behind. */
const UP = 86_400_000;
const byNode = (age: number): string =>
  writeMark({ run: 'r2', who: 'ops@b', token: 'aaaaaaaa', guard: false }, new Date(0), UP - age);
const FRESH = markOf('r2');
const STALE = markOf('r2', MARK_FRESH + 1_000);

/** The runs in the way of r1, which has marked node-1, where node-2 bears this mark. */
function inTheWay(mark: string | null, changes: Partial<RivalInput> = {}): readonly string[] {
  return rivalsOf({
    run: 'r1',
    node: 'node-1',
    marks: { 'node-1': markOf('r1'), 'node-2': mark },
    before: { 'node-1': null, 'node-2': null },
    runs: {},
    uptimes: { 'node-2': known(UP) },
    forced: false,
    wall: WALL,
    ...changes,
  }).map(({ run }) => run);
}

const knownAs = (whereabouts: Whereabouts): Partial<RivalInput> => ({ runs: { r2: whereabouts } });
const before = (mark: string): Partial<RivalInput> => ({ before: { 'node-2': mark } });

describe('what is in the way', () => {
  it.each([
    ['no mark', null, {}, []],
    ['one of another host', FRESH, {}, ['r2']],
    ['one of this very run, on another node that it has in hand', markOf('r1'), {}, []],
    ['one that only keeps its node out', markOf('r2', 1_000, true), {}, []],
    ['one of a run that has ended and left its node out', `${FRESH},ended`, {}, []],
    ['one that is none of fsha’s', 'hello', {}, []],
    ['one of a run of this host that has ended', FRESH, knownAs('ended'), []],
    ['one of a run that was interrupted', FRESH, knownAs('interrupted'), []],
    ['one of a run that is under way', FRESH, knownAs('under way'), ['r2']],
    ['one that preflight saw, and that is old', STALE, before(STALE), []],
    ['one that was old and was renewed since: its writer lives', FRESH, before(STALE), ['r2']],
    ['one that came since, by a clock that is far behind', STALE, {}, ['r2']],
    ['one that is old on a node that preflight could not read', STALE, { before: {} }, []],
    ['one of a host whose clock is far behind, renewed', byNode(1_000), before(byNode(1_000)), ['r2']],
    ['and one that was not', byNode(MARK_FRESH + 1), before(byNode(MARK_FRESH + 1)), []],
    ['one that preflight saw, overruled', FRESH, { ...before(FRESH), forced: true }, []],
    ['the same, renewed since', markOf('r2', 0), { ...before(FRESH), forced: true }, []],
    ['one that came since, where an earlier one was overruled', FRESH, { forced: true }, ['r2']],
    ['one of another run than was overruled', FRESH, { ...before(markOf('r3')), forced: true }, ['r2']],
  ] as const)('%s', (_, mark, changes, expected) => {
    expect(inTheWay(mark, changes)).toEqual(expected);
  });
});

const rivals = (...runs: readonly string[]): readonly Rival[] =>
  runs.map((run) => ({ node: `node of ${run}`, run, who: 'ops@b' }));

describe('whose turn it is', () => {
  it.each([
    ['nobody else is there', [], 'go'],
    ['only later ones are there: they give way', ['r3', 'r4'], 'wait'],
    ['an earlier one is there, behind later ones', ['r3', 'r1', 'r4'], 'give way'],
  ] as const)('%s', (_, others, expected) => {
    expect(whoseTurn('r2', rivals(...others)).turn).toBe(expected);
  });

  it('names who is given way to', () => {
    expect(whoseTurn('r3', rivals('r2', 'r1', 'r4'))).toMatchObject({ rival: { run: 'r1' } });
  });
});

/** A host that writes its mark, looks, and goes on as it is told: one step at a time, in any order beside others. */
interface Host {
  readonly run: string;
  readonly node: string;
  at: 'outside' | 'looking' | 'at work' | 'gone';
  looks: number;
  /** What it has read so far in the look that it is in. */
  seen: Record<string, string | null>;
}
/** How often one looks before its time is over. */
const LOOKS = 6;

function step(host: Host, marks: Map<string, string>): void {
  if (host.at === 'outside') {
    marks.set(host.node, markOf(host.run));
    host.at = 'looking';
    return;
  }
  if (host.at !== 'looking') return;
  // One node at a time: a look at many is no one moment.
  const next = NODES.find((name) => !(name in host.seen));
  if (next !== undefined) {
    host.seen[next] = marks.get(next) ?? null;
    return;
  }
  const input = { run: host.run, node: host.node, marks: host.seen, before: {}, runs: {}, uptimes: {} };
  const { turn } = whoseTurn(host.run, rivalsOf({ ...input, forced: false, wall: WALL }));
  host.seen = {};
  host.looks += 1;
  if (turn === 'go') host.at = 'at work';
  else if (turn === 'give way' || host.looks === LOOKS) {
    marks.delete(host.node);
    host.at = 'gone';
  }
}
const NODES = ['node-0', 'node-1', 'node-2'];

function hostsWith(ids: readonly string[]): readonly Host[] {
  return ids.map((run, index) => ({ run, node: `node-${index}`, at: 'outside', looks: 0, seen: {} }));
}

const orders = fc.constantFrom(
  ['r1', 'r2', 'r3'],
  ['r2', 'r1', 'r3'],
  ['r3', 'r2', 'r1'],
  ['r2', 'r3', 'r1'],
);

test('never two of three are at work, in whatever order and however slowly each does what it does', () => {
  fc.assert(
    fc.property(orders, fc.array(fc.nat({ max: 2 }), { minLength: 10, maxLength: 120 }), (ids, turns) => {
      const hosts = hostsWith(ids);
      const marks = new Map<string, string>();
      for (const turn of turns) {
        const host = hosts[turn];
        if (host !== undefined) step(host, marks);
        expect(hosts.filter(({ at }) => at === 'at work').length).toBeLessThanOrEqual(1);
      }
    }),
    { numRuns: 2_000 },
  );
});

test('side by side at the same pace one of them gets to work, and it is the one that began first', () => {
  const hosts = hostsWith(['r2', 'r1', 'r3']);
  const marks = new Map<string, string>();
  for (let round = 0; round < 40; round += 1) for (const host of hosts) step(host, marks);
  expect(hosts.map(({ run, at }) => [run, at])).toEqual([
    ['r2', 'gone'],
    ['r1', 'at work'],
    ['r3', 'gone'],
  ]);
});
