/** Who holds a node, and what that is to a run that wants one: the check `mark`, and `unfinished` beside it. */
import { describe, expect, it } from 'vitest';
import { MARK_FRESH, type Whereabouts } from '../../src/domain/mark.ts';
import type { NodeObservation } from '../../src/domain/observation.ts';
import type { Purpose } from '../../src/domain/plan.ts';
import type { PreflightInput } from '../../src/domain/preflight/check.ts';
import { CHECK_NAMES, FORCEABLE, judge } from '../../src/domain/preflight/checks.ts';
import { isMarkedByUnknown } from '../../src/domain/preflight/mark.ts';
import type { Verdict } from '../../src/domain/verdict.ts';
import { baseline, DOWN, known, observation, policy, preflightInput, seenNode, unknown } from './builders.ts';

const WALL = Date.parse('2026-11-22T20:10:00Z');
const mark = (age: number, rest = ''): string => `r1,ops@b,${new Date(WALL - age).toISOString()}${rest}`;
const FRESH = mark(10_000);
const STALE = mark(MARK_FRESH + 1_000);
/** How long FreeSWITCH has been up where it is read. */
const UP = 86_400_000;
/** Written that long ago by the node's own clock, and by a host whose clock is that far off. */
const byNode = (age: number, off: number): string =>
  `r1,ops@b,${new Date(WALL - age + off).toISOString()},0a1b2c3d,up${UP - age}`;

function verdicts(check: string, changes: Partial<PreflightInput>): readonly Verdict[] {
  return judge(preflightInput({ wall: WALL, ...changes })).filter((one) => one.check === check);
}

/** The worst that is said of a mark on this node, with `!` where it is for the lock's sake. */
function said(node: 'node-1' | 'node-2', value: string, changes: Partial<PreflightInput> = {}): string {
  const found = verdicts('mark', {
    observation: observation({ nodes: [seenNode(node, { mark: known(value) })] }),
    ...changes,
  });
  const worst =
    found.find(({ level }) => level === 'refusal') ??
    found.find(({ level }) => level === 'warning') ??
    found[0];
  return `${worst?.level ?? 'nothing'}${worst?.locked === true ? '!' : ''}`;
}

const runs = (whereabouts: Whereabouts): Partial<PreflightInput> => ({ runs: { r1: whereabouts } });

describe('the node itself', () => {
  it.each([
    ['of a run on another host', FRESH, {}, 'refusal!'],
    ['of one that was not renewed: whoever knows that it is dead says so', STALE, {}, 'refusal!'],
    ['of one that was', STALE, { policy: policy({ force: ['mark'] }) }, 'warning!'],
    ['of none of fsha’s', 'hello', {}, 'refusal!'],
    ['of this very run', FRESH, { run: 'r1' }, 'ok'],
    ['of a run of this host that has ended', FRESH, runs('ended'), 'ok'],
    ['of one that was interrupted', FRESH, runs('interrupted'), 'ok'],
    ['of one that is under way', FRESH, runs('under way'), 'refusal!'],
    ['of one that keeps it out and gives way: that one ends', FRESH, runs('guarding'), 'warning'],
    ['of one that does so on another host', mark(10_000, ',guard'), {}, 'warning'],
    ['of one on another host that has ended and left it out', mark(10_000, ',ended'), {}, 'ok'],
    ['the same, to be taken out', mark(10_000, ',ended'), { purpose: 'deactivate' }, 'ok'],
    [
      'of one that has written its end here and goes on',
      mark(10_000, ',ended'),
      runs('under way'),
      'refusal!',
    ],
    ['of one that does so, where nobody wants it', FRESH, { ...runs('guarding'), purpose: 'doctor' }, 'ok'],
  ] as const)('marked by a run, %s', (_, value, changes, expected) => {
    expect(said('node-1', value, changes)).toBe(expected);
  });

  it('the commands that go on are those of this call', () => {
    const call = 'fsha --config /etc/x.yaml';
    const fix = (node: 'node-1' | 'node-2', whereabouts: Whereabouts): string | undefined =>
      verdicts('mark', {
        call,
        observation: observation({ nodes: [seenNode(node, { mark: known(FRESH) })] }),
        ...runs(whereabouts),
      }).find(({ level }) => level !== 'ok')?.fix;
    expect(fix('node-2', 'interrupted')).toBe(`Go on with it: ${call} resume r1`);
    expect(fix('node-1', 'under way')).toContain(`Look at that run first: ${call} show r1;`);
    expect(fix('node-2', 'damaged')).toBe(
      `Move its file out of its directory, then bring the node back: ${call} activate node-2 --force mark`,
    );
    // Where its inventory lies on another host is not known here.
    expect(fix('node-1', 'elsewhere')).toContain('Look at that run first: fsha show r1 on its host;');
    const interrupted = {
      run: 'r1',
      settled: false,
      baseline: baseline(),
      restarted: true,
      restartOpen: true,
    };
    for (const purpose of ['doctor', 'activate'] as const)
      expect(verdicts('unfinished', { call, purpose, interrupted })).toMatchObject([
        { fix: expect.stringContaining(`: ${call} resume r1`) as string },
      ]);
  });

  it('is not kept out twice', () => {
    const purpose: Purpose = 'deactivate';
    expect(said('node-1', FRESH, { ...runs('guarding'), purpose })).toBe('refusal!');
    expect(said('node-1', mark(10_000, ',guard'), { purpose })).toBe('refusal!');
  });

  it('unknown is not free', () => {
    const observed = observation({ nodes: [seenNode('node-1', { mark: unknown('no answer') })] });
    expect(verdicts('mark', { observation: observed })).toMatchObject([{ level: 'refusal' }]);
  });
});

it.each([
  ['of a run on another host', FRESH, {}, true],
  ['of one that was not renewed', STALE, {}, true],
  ['of none of fsha’s', 'hello', {}, true],
  ['of one that is under way here', FRESH, runs('under way'), true],
  ['of this very run', FRESH, { run: 'r1' }, false],
  ['of a run of this host that has ended', FRESH, runs('ended'), false],
  ['of one that was interrupted: its journal says what it announced', FRESH, runs('interrupted'), false],
  ['of one whose journal is damaged: it says nothing', FRESH, runs('damaged'), true],
  ['of one that keeps it out', FRESH, runs('guarding'), false],
  ['of one that does so on another host', mark(10_000, ',guard'), {}, false],
  ['of one on another host that has ended and left it out', mark(10_000, ',ended'), {}, false],
] as const)('a restart that nobody here knows of, behind a mark %s', (_, value, changes, expected) => {
  const observed = observation({ nodes: [seenNode('node-1', { mark: known(value) })] });
  const input = preflightInput({ wall: WALL, observation: observed, ...changes });
  expect(isMarkedByUnknown(input)).toBe(expected);
});

it.each([
  ['no mark', seenNode('node-1'), false],
  ['a mark that cannot be read', seenNode('node-1', { mark: unknown('no answer') }), true],
  ['a node that cannot be read', seenNode('node-1', { trouble: DOWN }), true],
] as const)('a restart that nobody here knows of, behind %s', (_, seen, expected) => {
  expect(isMarkedByUnknown(preflightInput({ observation: observation({ nodes: [seen] }) }))).toBe(expected);
});

describe('another node of the cluster', () => {
  it.each([
    ['fresh, on another host: one run at a time', FRESH, {}, 'refusal!'],
    ['fresh, and overruled', FRESH, { policy: policy({ force: ['mark'] }) }, 'warning!'],
    ['its time is still to come: a clock that is ahead', mark(-3_600_000), {}, 'refusal!'],
    ['its time cannot be read', 'r1,ops@b,yesterday', {}, 'refusal!'],
    ['stale: shown, in nobody’s way', STALE, {}, 'warning'],
    ['of a run of this host that has ended', FRESH, runs('ended'), 'ok'],
    ['of one that was interrupted: shown', FRESH, runs('interrupted'), 'warning'],
    ['of one whose journal is damaged: shown', FRESH, runs('damaged'), 'warning'],
    ['of one that is only kept out', mark(10_000, ',guard'), {}, 'ok'],
    ['of one that has ended on another host', mark(10_000, ',ended'), {}, 'ok'],
    ['of none of fsha’s', 'hello', {}, 'ok'],
    ['of this very run', FRESH, { run: 'r1' }, 'ok'],
  ] as const)('%s', (_, value, changes, expected) => {
    expect(said('node-2', value, changes)).toBe(expected);
  });

  it('left out by a run of another host that has ended: said so', () => {
    const observed = observation({ nodes: [seenNode('node-1', { mark: known(mark(10_000, ',ended')) })] });
    expect(verdicts('mark', { observation: observed })).toMatchObject([
      { level: 'ok', why: 'node-1 was left out by run r1 of ops@b, 10s ago, which has ended' },
    ]);
  });

  it('is said with its age', () => {
    const observed = observation({ nodes: [seenNode('node-2', { mark: known(STALE) })] });
    const [, other] = verdicts('mark', { observation: observed });
    expect(other?.why).toBe('node-2 is held by run r1 of ops@b, 5m1s ago');
  });

  it('that is silent is in nobody’s way', () => {
    const observed = observation({ nodes: [seenNode('node-2', { trouble: DOWN })] });
    expect(verdicts('mark', { observation: observed })).toMatchObject([{ level: 'ok' }]);
  });
});

describe('clocks of hosts that differ', () => {
  const AHEAD = 6 * 60_000;
  const other = (value: string, changes: Partial<NodeObservation> = {}): Partial<PreflightInput> => ({
    observation: observation({
      nodes: [seenNode('node-2', { mark: known(value), uptimeMs: known(UP), ...changes })],
    }),
  });

  it.each([
    ['renewed a moment ago, by a clock that is behind', byNode(10_000, -AHEAD), {}, 'refusal!'],
    ['renewed a moment ago, by a clock that is ahead', byNode(10_000, AHEAD), {}, 'refusal!'],
    ['not renewed, by a clock that is ahead', byNode(MARK_FRESH + 1_000, AHEAD), {}, 'warning'],
    ['not renewed, by a clock that is behind', byNode(MARK_FRESH + 1_000, -AHEAD), {}, 'warning'],
    // What cannot be told is not old.
    ['old perhaps, where uptime is unknown', byNode(AHEAD, 0), { uptimeMs: unknown('x') }, 'refusal!'],
    // No FreeSWITCH has a mark from before its start: this host's clock is all there is.
    [
      'from another start, fresh by the wall clock',
      byNode(10_000, 0),
      { uptimeMs: known(60_000) },
      'refusal!',
    ],
    ['from another start, old by the wall clock', byNode(AHEAD, 0), { uptimeMs: known(60_000) }, 'warning'],
  ] as const)('%s', (_, value, changes, expected) => {
    expect(said('node-2', value, other(value, changes))).toBe(expected);
  });

  it.each([
    [byNode(10_000, AHEAD), {}, 'r1 of ops@b, 10s ago: one run'],
    [byNode(10_000, -AHEAD), {}, 'r1 of ops@b, 10s ago: one run'],
    [byNode(10_000, 0), { uptimeMs: unknown('x') }, 'r1 of ops@b: one run'],
  ])('%s is told with its age by the clock of the node', (value, changes, words) => {
    const [, second] = verdicts('mark', other(value, changes));
    expect(second?.why).toContain(words);
  });
});

describe('a run that was interrupted on the node', () => {
  const interrupted = (restartOpen: boolean): Partial<PreflightInput> => ({
    interrupted: { run: 'r1', settled: false, baseline: baseline(), restarted: restartOpen, restartOpen },
  });

  it.each(['drain', 'deactivate', 'activate'] as const)(
    '%s: said, and that a restart which it announced is waited for',
    (purpose) => {
      expect(verdicts('unfinished', { ...interrupted(true), purpose })).toMatchObject([
        { level: 'warning', fix: 'To go on with that run: fsha resume r1' },
      ]);
      expect(verdicts('unfinished', { ...interrupted(false), purpose })).toMatchObject([{ level: 'ok' }]);
    },
  );

  it('doctor: told', () => {
    expect(verdicts('unfinished', { ...interrupted(false), purpose: 'doctor' })).toMatchObject([
      { level: 'warning' },
    ]);
  });
});

it('a clock that is ahead is told as such', () => {
  const observed = observation({ nodes: [seenNode('node-2', { mark: known(mark(-86_400_000)) })] });
  const [, other] = verdicts('mark', { observation: observed });
  expect(other?.why).toMatch(/1d|24h.* ahead of the clock of this host/);
});

it.each([
  [-60_000, 'ops@b, 0ms ago'],
  [-61_000, 'ops@b, 1m1s ahead of the clock of this host'],
  [-7_200_000, 'ops@b, 2h ahead of the clock of this host'],
])('whose time lies %i ms ahead is told so, where that is more than clocks may differ', (age, words) => {
  for (const name of ['node-1', 'node-2']) {
    const observed = observation({ nodes: [seenNode(name, { mark: known(mark(age)) })] });
    expect(verdicts('mark', { observation: observed }).map(({ why }) => why)).toContainEqual(
      expect.stringMatching(new RegExp(`^${name} is held by run r1 of ${words}`)),
    );
  }
});

it('what an interrupted run announced is waited for, and so is nothing that could be overruled', () => {
  expect(FORCEABLE).not.toContain('unfinished');
  expect(CHECK_NAMES).toContain('unfinished');
});
