import { FshaError } from '../../../src/domain/errors.ts';
import { describe, expect, test } from 'vitest';
import type { RollingSettings } from '../../../src/domain/cluster.ts';
import { known, type Observation } from '../../../src/domain/observation.ts';
import { type Batches, planBatches } from '../../../src/domain/rolling/batches.ts';
import { DOWN } from '../builders.ts';
import { busy, four, seen } from './four-nodes.ts';

const ALL = ['node-1', 'node-2', 'node-3', 'node-4'];

function planned(
  settings: Partial<RollingSettings> = {},
  observation: Observation = seen(),
  wish: { readonly nodes?: readonly string[]; readonly skipUnreachable?: boolean } = {},
): Batches {
  const cluster = four();
  return planBatches(cluster, observation, {
    nodes: ALL,
    skipUnreachable: false,
    ...wish,
    settings: { ...cluster.rolling, canary: 0, ...settings },
  });
}

describe('how many at a time', () => {
  test.each([
    [1, [['node-1'], ['node-2'], ['node-3'], ['node-4']]],
    [3, [['node-1', 'node-2', 'node-3'], ['node-4']]],
    [9, [ALL]],
    // Of four: rounded down, and at least one.
    [
      '50%',
      [
        ['node-1', 'node-2'],
        ['node-3', 'node-4'],
      ],
    ],
    [
      '74%',
      [
        ['node-1', 'node-2'],
        ['node-3', 'node-4'],
      ],
    ],
    ['10%', [['node-1'], ['node-2'], ['node-3'], ['node-4']]],
  ] satisfies [RollingSettings['maxUnavailable'], readonly (readonly string[])[]][])(
    '%s',
    (maxUnavailable, batches) => expect(planned({ maxUnavailable }).batches).toEqual(batches),
  );
  test.each([
    [1, [['node-1'], ['node-2', 'node-3'], ['node-4']], ['node-1']],
    [
      2,
      [
        ['node-1', 'node-2'],
        ['node-3', 'node-4'],
      ],
      [],
    ],
    // Not more than may be out.
    [
      3,
      [
        ['node-1', 'node-2'],
        ['node-3', 'node-4'],
      ],
      [],
    ],
  ])('with %i canaries, two at a time', (wanted, batches, canary) =>
    expect(planned({ maxUnavailable: 2, canary: wanted })).toMatchObject({ batches, canary }),
  );
});

describe('nodes that are out before', () => {
  const out = seen({ flags: { 'node-3': 'DX' } });
  test('one of those that are asked for goes first', () =>
    expect(planned({}, out).batches).toEqual([['node-3'], ['node-1'], ['node-2'], ['node-4']]));
  test('another one takes the place of one', () =>
    expect(planned({ maxUnavailable: 2 }, out, { nodes: ['node-1', 'node-2'] }).batches).toEqual([
      ['node-1'],
      ['node-2'],
    ]));
  test('another one takes the only place: refused', () =>
    expect(() => planned({}, out, { nodes: ['node-1', 'node-2'] })).toThrow(
      'node-3 (disabled on lb-1) is out already, and no more than 1 may be out at a time',
    ));
});

describe('nodes that are given back as found, out of service', () => {
  const paused = { pause: known({ inbound: true, outbound: false }) };
  test.each([
    ['paused, though active', { nodes: { 'node-2': paused } }, 'node-2 (paused)'],
    ['inactive and not probed', { flags: { 'node-2': 'IX' } }, 'node-2 (set inactive on lb-1)'],
  ])('%s: the others may not go beside it', (_, how, said) => {
    const observation = seen(how);
    expect(() => planned({}, observation)).toThrow(
      `${said} would be given back as found, out of service, and no more than 1 may be out at a time`,
    );
    // By itself it may, and beside it one at a time where two may be out.
    expect(planned({}, observation, { nodes: ['node-2'] }).batches).toEqual([['node-2']]);
    expect(planned({ maxUnavailable: 2 }, observation).batches).toEqual([
      ['node-2'],
      ['node-1'],
      ['node-3'],
      ['node-4'],
    ]);
  });
  test.each([
    [
      'paused by a run of fsha, which disables it, too',
      { nodes: { 'node-2': paused }, flags: { 'node-2': 'DX' } },
    ],
    ['inactive, since it does not pass its probes', { flags: { 'node-2': 'IP' } }],
  ])('%s: it is back in afterwards', (_, how) =>
    expect(planned({}, seen(how)).batches).toEqual([['node-2'], ['node-1'], ['node-3'], ['node-4']]),
  );
});

describe('nodes that cannot be read', () => {
  const silent = seen({ nodes: { 'node-2': { trouble: DOWN } } });
  test('refused', () => expect(() => planned({}, silent)).toThrow('node-2 cannot be read: it is down'));
  test('the first refusal names all that it takes to leave them out', () => {
    const hintOf = (maxUnavailable: number): unknown => {
      try {
        return planned({ maxUnavailable }, silent);
      } catch (error) {
        return error instanceof FshaError ? error.hint : error;
      }
    };
    expect(hintOf(1)).toMatch(/: --skip-unreachable --max-unavailable 2\.$/);
    expect(hintOf(2)).toMatch(/: --skip-unreachable\.$/);
  });
  test('left out, and it counts as one that is out', () => {
    expect(planned({ maxUnavailable: 2 }, silent, { skipUnreachable: true })).toEqual({
      batches: [['node-1'], ['node-3'], ['node-4']],
      canary: [],
      skipped: [{ node: 'node-2', why: 'it is down' }],
      maxUnavailable: 2,
    });
    expect(() => planned({}, silent, { skipUnreachable: true })).toThrow(/node-2 .* is out already/);
  });
});

test('those with the fewest sessions first, equal ones as in the inventory', () => {
  const observation = seen({ nodes: { 'node-1': busy(30), 'node-2': busy(20), 'node-4': busy(5) } });
  expect(planned({ order: 'sessions' }, observation).batches.flat()).toEqual([
    'node-4',
    'node-3',
    'node-2',
    'node-1',
  ]);
});
