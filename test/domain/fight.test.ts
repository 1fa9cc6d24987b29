import { describe, expect, it } from 'vitest';
import { afterDrift, afterMend, beginFight, type Fight, FOUGHT } from '../../src/domain/fight.ts';

const A = 'lb-1 set 1 sip:10.0.1.10:5080';
const B = 'lb-2 set 1 sip:10.0.1.10:5080';

/** Drift of A at these moments, set again at once unless told otherwise; whether each was a fight. */
function fights(
  moments: readonly number[],
  poll = 5_000,
  mends: (index: number) => boolean = () => true,
): readonly boolean[] {
  let fight: Fight = beginFight();
  return moments.map((now, index) => {
    const seen = afterDrift(fight, A, now, poll);
    fight = mends(index) ? afterMend(seen.fight, A, now) : seen.fight;
    return seen.fought;
  });
}

function every(ms: number, times: number): readonly number[] {
  return Array.from({ length: times }, (_, index) => index * ms);
}

describe('afterDrift', () => {
  it('calls the fifth in a row a fight', () => {
    expect(fights(every(5_000, 6))).toEqual([false, false, false, false, true, true]);
    expect(FOUGHT).toBe(5);
  });

  it.each([
    ['a poll and 10 s', 5_000, 15_000, true],
    ['just more than that', 5_000, 15_001, false],
    ['a reload by cron, with a long poll', 30_000, 60_000, false],
    ['10 s, where polls are short', 100, 10_000, true],
    ['just more than that', 100, 10_101, false],
  ])('%s between two: at once or not', (_, poll, gap, expected) => {
    expect(fights(every(gap, 5), poll).at(-1)).toBe(expected);
  });

  it('mends for ever what comes once a minute', () => {
    expect(fights(every(60_000, 500))).not.toContain(true);
  });

  it('counts anew after a drift that came later', () => {
    const moments = [0, 1, 2, 3].map((one) => one * 1_000);
    const later = moments.map((one) => one + 100_000);
    expect(fights([...moments, ...later, 104_000])).toEqual([...new Array<boolean>(8).fill(false), true]);
  });

  it('counts each destination for itself', () => {
    let fight = beginFight();
    for (let now = 0; now < 8_000; now += 1_000) {
      const key = now % 2_000 === 0 ? A : B;
      const seen = afterDrift(fight, key, now, 5_000);
      expect(seen.fought).toBe(false);
      fight = afterMend(seen.fight, key, now);
    }
    expect(afterDrift(fight, A, 8_000, 5_000).fought).toBe(true);
  });

  it('counts once what could not be set again', () => {
    expect(fights(every(1_000, 50), 5_000, () => false)).not.toContain(true);
    // Set again only after every third look: 13 looks are five drifts.
    const seen = fights(every(1_000, 13), 5_000, (index) => index % 3 === 2);
    expect(seen.indexOf(true)).toBe(12);
  });

  it('counts from when it was set again, which may be long after it drifted', () => {
    let fight = beginFight();
    for (let now = 0; now < 4 * 60_000; now += 60_000) {
      fight = afterMend(afterDrift(fight, A, now, 5_000).fight, A, now + 55_000);
    }
    expect(afterDrift(fight, A, 4 * 60_000, 5_000).fought).toBe(true);
  });

  it('keeps what it was given as it was', () => {
    const before = afterDrift(beginFight(), A, 0, 5_000).fight;
    const copy = structuredClone(before);
    afterDrift(before, A, 1, 5_000);
    afterMend(before, A, 2);
    expect(before).toEqual(copy);
  });
});

it('does not begin a row by setting what never drifted', () => {
  expect(afterMend(beginFight(), A, 0)).toEqual(beginFight());
});
