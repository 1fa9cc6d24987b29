import { describe, expect, test } from 'vitest';
import { estimateEnd } from '../../src/domain/estimate.ts';
import { SessionHistory } from '../../src/tui/session-history.ts';

const POLL = 5_000;

/** A reading at every poll. */
function history(counts: readonly (number | null)[], capacity?: number): SessionHistory {
  const made = new SessionHistory(capacity);
  counts.forEach((count, index) => made.add(index * POLL, count, count));
  return made;
}

describe('merging', () => {
  test('keeps the highest, as it was read, and stays within its capacity for hours', () => {
    const made = new SessionHistory(100);
    for (let index = 0; index < 10_000; index += 1) made.add(index * POLL, index === 4_321 ? 900 : 5, 3);
    expect(made.samples.length).toBeLessThanOrEqual(100);
    expect(made.samples.filter(({ sessions }) => sessions === 900)).toMatchObject([{ at: 4_321 * POLL }]);
    expect(made.peak).toBe(900);
    expect(made.samples.at(-1)).toMatchObject({ at: 9_999 * POLL, until: 9_999 * POLL });
    expect(made.columns(50, 9_999 * POLL, POLL).cells).not.toContain(null);
  });

  test('the last half stays as fine as it was read', () => {
    const made = history([1, 2, 3, 4, 5, 6, 7, 8, 9], 8);
    expect(made.samples.map(({ sessions }) => sessions)).toEqual([2, 4, 5, 6, 7, 8, 9]);
  });

  test('unknown is kept where nothing was known, and never beats a number', () => {
    const made = history([null, null, 3, null, 5, 6, 7, 8, 9], 8);
    expect(made.samples.map(({ sessions }) => sessions)).toEqual([null, 3, 5, 6, 7, 8, 9]);
  });
});

describe('columns', () => {
  test('one for each poll, as long as there is room', () => {
    expect(history([4, 3, 2]).columns(10, 2 * POLL, POLL)).toEqual({ cells: [4, 3, 2], span: 2 * POLL });
  });

  test('the whole time in what room there is, the highest of each', () => {
    const { cells } = history([9, 1, 8, 1, 7, 1, 6, 1]).columns(4, 7 * POLL, POLL);
    expect(cells).toEqual([9, 8, 7, 6]);
  });

  test('a gap where it was unknown, and none is a number', () => {
    expect(history([4, null, 0]).columns(10, 2 * POLL, POLL).cells).toEqual([4, null, 0]);
  });

  test('is unknown once three polls brought nothing', () => {
    expect(history([4]).columns(10, 5 * POLL, POLL).cells).toEqual([4, 4, 4, 4, null, null]);
  });

  test('nothing without a reading or without room', () => {
    expect(new SessionHistory().columns(10, 5, POLL).cells).toEqual([]);
    expect(history([4]).columns(0, 5, POLL).cells).toEqual([]);
  });

  test('does not move as a whole with every look', () => {
    const made = history(Array.from({ length: 20 }, (_, index) => 100 - index));
    const one = made.columns(12, 19 * POLL, POLL).cells;
    made.add(20 * POLL, 80, 80);
    expect(made.columns(12, 20 * POLL, POLL).cells.slice(0, one.length)).toEqual(one);
  });
});

describe('the rate', () => {
  test.each<readonly [string, readonly (number | null)[], number | null]>([
    ['nothing yet', [], null],
    ['less than a minute', [10, 9, 8], null],
    ['one fewer at each poll', Array.from({ length: 20 }, (_, index) => 50 - index), -12],
    ['one more at each poll', Array.from({ length: 20 }, (_, index) => 50 + index), 12],
    ['gaps between', [50, ...Array.from({ length: 11 }, () => null), 38], -12],
    ['unknown now', [...Array.from({ length: 20 }, () => 5), null], null],
  ])('%s', (_, counts, perMinute) => {
    expect(history(counts).rate?.perMinute ?? null).toBe(perMinute);
  });

  test('is that of the last five minutes', () => {
    const made = history([
      ...Array.from({ length: 100 }, (_, index) => 1_000 - index),
      ...Array.from({ length: 70 }, () => 7),
    ]);
    expect(made.rate).toEqual({ perMinute: 0, over: 300_000 });
  });
});

describe('what the estimate is made from', () => {
  type Reading = readonly [sessions: number | null, calls: number | null, ghostRows?: number];
  const countsOf = (readings: readonly Reading[]): unknown => {
    const made = new SessionHistory();
    readings.forEach(([sessions, calls, ghostRows], index) => made.add(index, sessions, calls, ghostRows));
    return made.counts.map(({ count }) => count);
  };

  test.each<readonly [string, readonly Reading[], readonly (number | null)[]]>([
    [
      'calls',
      [
        [10, 5],
        [8, 4],
      ],
      [5, 4],
    ],
    [
      'gaps stay',
      [
        [10, 5],
        [null, null],
        [8, 4],
      ],
      [5, null, 4],
    ],
    [
      'sessions where calls were unknown once: never both in one line',
      [
        [10, 5],
        [9, null],
        [8, 4],
      ],
      [10, 9, 8],
    ],
    [
      'sessions where the database has lost the calls',
      [
        [10, 5],
        [8, 0],
      ],
      [10, 8],
    ],
    [
      'sessions where the database had lost the calls for a while',
      [
        [10, 5],
        [9, 0],
        [8, 4],
      ],
      [10, 9, 8],
    ],
    [
      'sessions where there were more calls than sessions for a while',
      [
        [10, 5],
        [9, 14],
        [8, 4],
      ],
      [10, 9, 8],
    ],
    [
      'sessions where rows of calls that are gone were among the calls, few enough to hide',
      [
        [10, 5],
        [9, 7, 3],
        [8, 4],
      ],
      [10, 9, 8],
    ],
    [
      'calls where nothing was left for a moment',
      [
        [2, 1],
        [0, 0],
        [2, 1],
      ],
      [1, 0, 1],
    ],
    [
      'none left',
      [
        [10, 5],
        [0, 0],
      ],
      [5, 0],
    ],
  ])('%s', (_, readings, counts) => {
    expect(countsOf(readings)).toEqual(counts);
  });
});

test('an estimate goes on after the database was wrong for one reading', () => {
  const made = new SessionHistory();
  for (let index = 0; index < 40; index += 1) {
    const sessions = 100 - index;
    made.add(index * POLL, sessions, index === 35 ? 0 : Math.ceil(sessions / 2));
  }
  expect(estimateEnd(made.counts, null, 39 * POLL).kind).toBe('range');
});

test('moves with the clock of the process that goes on', () => {
  const made = history([4, 3]);
  made.shift(-1_000);
  expect(made.samples.map(({ at, until }) => [at, until])).toEqual([
    [-1_000, -1_000],
    [4_000, 4_000],
  ]);
});
