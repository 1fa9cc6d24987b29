import { describe, expect, test } from 'vitest';
import {
  afterMark,
  afterPing,
  afterSetState,
  isPinged,
  isSelectable,
  printFlags,
  stateFromArgument,
  stateFromListFlags,
  type DestinationState,
  type ProbingMode,
  type ProbingSettings,
} from '../../src/lab/proxy/dispatcher-state-machine.ts';
import { STATE_TABLE } from '../support/dispatcher-state-table.ts';

const settings = (mode: ProbingMode): ProbingSettings => ({
  mode,
  probingThreshold: 2,
  inactiveThreshold: 1,
});

function wanted(argument: string): DestinationState {
  const state = stateFromArgument(argument);
  if (state === undefined) throw new Error(`${argument} is no state`);
  return state;
}

function fresh(argument: string): DestinationState {
  return afterSetState(stateFromListFlags(0, false), wanted(argument));
}

/** Rounds of pings with the same outcome; one that is not pinged stays as it is. */
function pings(state: DestinationState, rounds: number, good: boolean, mode: ProbingMode): DestinationState {
  let now = state;
  for (let round = 0; round < rounds; round += 1) {
    if (isPinged(now, mode)) now = afterPing(now, good, settings(mode));
  }
  return now;
}

describe.each(STATE_TABLE)('set $set in probing mode $mode', ({ set, mode, flags }) => {
  test(`goes ${flags.join(' → ')}`, () => {
    const right = fresh(set);
    const good = pings(right, 5, true, mode);
    const silent = pings(good, 4, false, mode);
    const goodAgain = pings(silent, 5, true, mode);
    expect([right, good, silent, goodAgain].map(printFlags)).toEqual(flags);
  });
});

describe('set_state', () => {
  test.each([
    ['drain', 'DX'],
    ['Disabled', 'DX'],
    ['dp', 'DX'],
    ['ax', 'AX'],
    ['AP', 'AP'],
    ['inactive', 'IX'],
    ['ip ', 'IP'],
    ['trying', 'TX'],
    ['0p', 'IP'],
    ['1', 'AX'],
    ['2', 'DX'],
    ['3p', 'TP'],
  ])('%s gives %s', (argument, flags) => {
    expect(printFlags(wanted(argument))).toBe(flags);
  });

  test('knows no other letter', () => {
    expect(stateFromArgument('xyz')).toBeUndefined();
  });

  test('clears the prohibition of pings, which is known from 6.x on', () => {
    expect(printFlags(stateFromListFlags(16, false))).toBe('AX');
    const forbidden = stateFromListFlags(16, true);
    expect(printFlags(forbidden)).toBe('AN');
    expect(isPinged(forbidden, 1)).toBe(false);
    expect(printFlags(afterSetState(forbidden, wanted('d')))).toBe('DX');
    expect(printFlags(afterSetState(forbidden, wanted('a')))).toBe('AX');
  });
});

describe('pings', () => {
  test('one failure makes it trying, which is still selected; the second inactive', () => {
    const once = afterPing(fresh('ap'), false, settings(1));
    expect([printFlags(once), isSelectable(once)]).toEqual(['TP', true]);
    const twice = afterPing(once, false, settings(1));
    expect([printFlags(twice), isSelectable(twice)]).toEqual(['IP', false]);
  });

  test('a good one in between starts the count anew', () => {
    const recovered = afterPing(afterPing(fresh('ap'), false, settings(1)), true, settings(1));
    expect(printFlags(afterPing(recovered, false, settings(1)))).toBe('TP');
  });

  test('in mode 0 a failure after ip leaves it inactive and unprobed for ever', () => {
    const failed = afterPing(fresh('ip'), false, settings(0));
    expect(printFlags(failed)).toBe('IX');
    expect(isPinged(failed, 0)).toBe(false);
  });

  test('an inactive destination needs as many good ones as the threshold says, and stays probed meanwhile', () => {
    const twice = { ...settings(0), inactiveThreshold: 2 };
    const once = afterPing(fresh('ip'), true, twice);
    expect(printFlags(once)).toBe('IP');
    expect(printFlags(afterPing(once, true, twice))).toBe('AX');
  });

  test('an answer that comes after the drain changes nothing', () => {
    expect(printFlags(afterPing(fresh('d'), true, settings(1)))).toBe('DX');
    expect(printFlags(afterPing(fresh('d'), false, settings(1)))).toBe('DX');
  });
});

describe('ds_mark_dst', () => {
  test('overwrites a state that was disabled by hand', () => {
    expect(printFlags(afterMark(fresh('d'), wanted('ip'), settings(1)))).toBe('IP');
  });

  test('makes a destination inactive at once where it marks it trying', () => {
    expect(printFlags(afterMark(fresh('ap'), wanted('tp'), settings(1)))).toBe('IP');
  });
});
