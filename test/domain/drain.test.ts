import { describe, expect, it } from 'vitest';
import {
  beginDrain,
  decideDrain,
  type DrainMemory,
  type DrainPolicy,
  type DrainReading,
  nextLook,
} from '../../src/domain/drain.ts';
import type { Drift } from '../../src/domain/drift.ts';
import { known, unknown } from './builders.ts';

const POLICY: DrainPolicy = { settle: 5_000, frTimer: 30_000, deadline: null };

const drift: Drift = {
  destination: { proxy: 'lb-1', set: 1, uri: 'sip:10.0.1.10:5080', duid: null, flags: 'AP' },
  now: 'AP',
  cause: 'dispatcher.reload, or somebody set it',
};

function reading(at: number, sessions: number | string, changes: Partial<DrainReading> = {}): DrainReading {
  return {
    at,
    sessions: typeof sessions === 'number' ? known(sessions) : unknown(sessions),
    coreUuid: known('u1'),
    drift: [],
    unknown: [],
    ...changes,
  };
}

/** Feeds readings one after the other, each judged at the moment it was taken; gives the kinds of decision. */
function decisions(readings: readonly DrainReading[], policy: DrainPolicy = POLICY): readonly string[] {
  let memory: DrainMemory = beginDrain(0, 'u1');
  return readings.map((one) => {
    const decided = decideDrain(memory, one, policy, one.at);
    memory = decided.memory;
    return decided.decision.kind;
  });
}

describe('decideDrain', () => {
  const quick = { ...POLICY, frTimer: 0 };
  const rows: readonly (readonly [string, readonly DrainReading[], DrainPolicy, readonly string[]])[] = [
    ['calls are waited for', [reading(0, 3), reading(5_000, 1)], quick, ['wait', 'wait']],
    ['one glance at zero is not enough', [reading(10_000, 0)], quick, ['wait']],
    ['zero twice, but within the settle time', [reading(0, 0), reading(4_999, 0)], quick, ['wait', 'wait']],
    ['zero twice over the settle time', [reading(0, 0), reading(5_000, 0)], quick, ['wait', 'drained']],
    ['zero seen once, even with settle 0', [reading(0, 0)], { ...quick, settle: 0 }, ['wait']],
    [
      'zero that was read before it was out',
      [reading(-500, 0), reading(0, 0), reading(4_500, 0), reading(5_000, 0)],
      quick,
      ['wait', 'wait', 'wait', 'drained'],
    ],
    [
      'a call between two zeros starts over',
      [reading(0, 0), reading(3_000, 1), reading(6_000, 0), reading(8_000, 0), reading(11_000, 0)],
      quick,
      ['wait', 'wait', 'wait', 'wait', 'drained'],
    ],
    [
      'unknown between two zeros starts over',
      [reading(0, 0), reading(3_000, 'ESL gone'), reading(6_000, 0), reading(11_000, 0)],
      quick,
      ['wait', 'blind', 'wait', 'drained'],
    ],
    [
      'an unknown proxy between two zeros starts over',
      [reading(0, 0), reading(3_000, 0, { unknown: ['lb-1: down'] }), reading(6_000, 0), reading(11_000, 0)],
      quick,
      ['wait', 'blind', 'wait', 'drained'],
    ],
    [
      'an unknown core_uuid is no zero',
      [reading(0, 0, { coreUuid: unknown('no reply') }), reading(6_000, 0)],
      quick,
      ['blind', 'wait'],
    ],
    [
      'not before frTimer has passed',
      [reading(0, 0), reading(10_000, 0), reading(29_999, 0), reading(30_000, 0)],
      POLICY,
      ['wait', 'wait', 'wait', 'drained'],
    ],
    [
      'drift is more urgent than zero',
      [reading(0, 0), reading(5_000, 0, { drift: [drift] }), reading(6_000, 0), reading(11_000, 0)],
      quick,
      ['wait', 'regressed', 'wait', 'drained'],
    ],
    [
      'drift is mended even after the deadline',
      [reading(60_000, 2, { drift: [drift] })],
      { ...quick, deadline: 50_000 },
      ['regressed'],
    ],
    [
      'a restart by another hand starts over',
      [
        reading(0, 0),
        reading(5_000, 0, { coreUuid: known('u2') }),
        reading(6_000, 0, { coreUuid: known('u2') }),
        reading(11_000, 0, { coreUuid: known('u2') }),
      ],
      quick,
      ['wait', 'regressed', 'wait', 'drained'],
    ],
    [
      'the deadline with calls up',
      [reading(49_999, 2), reading(50_000, 2)],
      { ...quick, deadline: 50_000 },
      ['wait', 'expired'],
    ],
    ['the deadline while blind', [reading(50_000, 'ESL gone')], { ...quick, deadline: 50_000 }, ['expired']],
    [
      'the deadline while settling',
      [reading(48_000, 0), reading(50_000, 0)],
      { ...quick, deadline: 50_000 },
      ['wait', 'expired'],
    ],
    [
      'drained at the very deadline',
      [reading(45_000, 0), reading(50_000, 0)],
      { ...quick, deadline: 50_000 },
      ['wait', 'drained'],
    ],
  ];
  it.each(rows)('%s', (_name, readings, policy, expected) => {
    expect(decisions(readings, policy)).toEqual(expected);
  });

  it('judges by when a reading began, not by when it arrived', () => {
    const first = decideDrain(beginDrain(0, 'u1'), reading(0, 0), { ...POLICY, frTimer: 0 }, 4_000);
    const second = decideDrain(first.memory, reading(4_900, 0), { ...POLICY, frTimer: 0 }, 9_000);
    expect(second.decision.kind).toBe('wait');
  });

  it('says why it waits, in one clause', () => {
    const { decision } = decideDrain(beginDrain(0, 'u1'), reading(0, 1), POLICY, 0);
    expect(decision).toEqual({ kind: 'wait', why: '1 session still up' });
  });
});

describe('nextLook', () => {
  const rows: readonly (readonly [string, DrainMemory, DrainPolicy, number, number])[] = [
    ['at the poll interval while calls are up', beginDrain(0, 'u1'), POLICY, 1_000, 5_000],
    [
      'when the settle time ends',
      { ...beginDrain(0, 'u1'), zeroSince: 40_000, zeroReadings: 1 },
      { ...POLICY, settle: 1_000 },
      40_200,
      800,
    ],
    [
      'when frTimer ends, where that is later',
      { ...beginDrain(0, 'u1'), zeroSince: 27_000, zeroReadings: 1 },
      { ...POLICY, settle: 1_000 },
      27_500,
      2_500,
    ],
    [
      'at the deadline, where that is sooner',
      beginDrain(0, 'u1'),
      { ...POLICY, deadline: 3_000 },
      1_000,
      2_000,
    ],
  ];
  it.each(rows)('%s', (_name, memory, policy, now, expected) => {
    expect(nextLook(memory, policy, 5_000, now)).toBe(expected);
  });
});
