import { describe, expect, test } from 'vitest';
import type { Estimate } from '../../src/domain/estimate.ts';
import {
  agoWords,
  atDeadlineWords,
  estimateWords,
  overWords,
  rateWords,
  spanWords,
} from '../../src/output/live-words.ts';
import { stepStateWords } from '../../src/output/step-state-words.ts';
import { policy } from './events.ts';

const MINUTE = 60_000;
const HOUR = 3_600_000;

test.each([
  [-5, '0s'],
  [999, '0s'],
  [59_999, '59s'],
  [MINUTE, '1m00s'],
  [HOUR - 1, '59m59s'],
  [HOUR + 7 * MINUTE, '1h07m'],
  [25 * HOUR, '1d01h'],
])('%i ms: %s', (ms, words) => {
  expect(spanWords(ms)).toBe(words);
});

test.each([
  [-1, '1s ago'],
  [0, '1s ago'],
  [2_001, '3s ago'],
  [59_001, '1m00s ago'],
  [HOUR + 1, '1h01m ago'],
  [24 * HOUR + 1, '1d01h ago'],
])('read %i ms ago is never fresher than it is: %s', (ms, words) => {
  expect(agoWords(ms)).toBe(words);
});

describe('the end of the last call', () => {
  test.each<readonly [Estimate, string]>([
    [{ kind: 'unknown', why: 'calls are still arriving' }, 'end unknown: calls are still arriving'],
    [{ kind: 'range', from: 0, to: 0 }, 'no call is left'],
    [{ kind: 'range', from: 0, to: 4_000 }, 'last call within 10s from now'],
    [{ kind: 'range', from: 31_000, to: 89_000 }, 'last call between 30s and 1m30s from now'],
    [{ kind: 'range', from: 4.9 * MINUTE, to: 10.1 * MINUTE }, 'last call between 4m and 11m from now'],
    [{ kind: 'range', from: 5 * MINUTE, to: 5 * MINUTE }, 'last call between 5m and 6m from now'],
    [{ kind: 'range', from: HOUR, to: 5 * HOUR + 1 }, 'last call between 1h and 5h10m from now'],
    [{ kind: 'range', from: HOUR, to: 1e12 }, 'last call between 1h and more than a day from now'],
    [{ kind: 'range', from: 1e11, to: 1e12 }, 'last call in more than a day'],
  ])('%j', (estimate, words) => {
    expect(estimateWords(estimate)).toBe(words);
  });
});

test.each([
  [null, 'rate not known yet'],
  [{ perMinute: -9.44, over: 300_000 }, 'falling 9.4/min over 5m'],
  [{ perMinute: 2, over: 61_000 }, 'rising 2.0/min over 1m'],
  [{ perMinute: -0.04, over: 300_000 }, 'steady over 5m'],
])('%j: %s', (rate, words) => {
  expect(rateWords(rate)).toBe(words);
});

test('what comes at the deadline', () => {
  const of = (changes: Partial<typeof policy>): string => atDeadlineWords({ ...policy, ...changes })[0];
  expect(of({})).toBe('then it is given back as found');
  expect(of({ onTimeout: 'hold' })).toBe('then it stays out, not restarted');
  expect(of({ onTimeout: 'hangup' })).toBe('then the calls that are left are cut');
  expect(of({ hold: true })).toBe('then it stays out (hold)');
});

test.each([
  [undefined, 'not begun'],
  [null, 'under way'],
  ['succeeded', 'done'],
  ['skipped', 'skipped'],
  ['failed', 'failed'],
  ['cancelled', 'cancelled'],
  ['unknown', 'unknown'],
] as const)('a step that is %s: %s', (outcome, words) => {
  expect(stepStateWords(outcome === undefined ? undefined : { outcome })).toBe(words);
});

test.each([
  [{ kind: 'unknown', why: 'no node is through yet' }, ['over: not known yet, no node is through yet', '']],
  [{ kind: 'range', from: 0, to: 45_000 }, ['over within 50s', '']],
  [{ kind: 'range', from: 61_000, to: 119_000 }, ['over in 1m to 2m', '']],
  [{ kind: 'range', from: 725_000, to: 1_150_000 }, ['over in 12m to 20m', '20:12 to 20:20']],
  [{ kind: 'range', from: 0, to: 1_150_000 }, ['over within 20m', 'by 20:20']],
  [{ kind: 'range', from: 90_000_000, to: 100_000_000 }, ['over in more than a day', '']],
] as const)('when a rolling run is over: %j', (estimate, words) => {
  expect(overWords(estimate, new Date(2026, 10, 22, 20, 0, 0))).toEqual(words);
});
