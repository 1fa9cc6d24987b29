import { describe, expect, it } from 'vitest';
import { ageOf, callList, clockAhead, listedCalls, olderThan } from '../../src/domain/call-list.ts';
import type { ChannelRow, LiveCalls } from '../../src/domain/observation.ts';
import type { CutRules } from '../../src/domain/policy.ts';

const RULES: CutRules = {
  cause: 'NORMAL_CLEARING',
  protect: ['^112$'],
  protectTimeout: null,
  expendable: ['^recorder-'],
};
const EPOCH = 1_795_382_000;
const NOW = new Date((EPOCH + 3_600) * 1_000);

function leg(uuid: string, changes: Partial<ChannelRow> = {}): ChannelRow {
  return {
    uuid,
    direction: 'inbound',
    createdEpoch: EPOCH,
    name: `sofia/external/${uuid}`,
    callerNumber: '+4930123456',
    destination: '9000',
    initialDestination: '9000',
    application: 'playback',
    networkAddress: '10.0.1.5',
    callUuid: '',
    state: 'ACTIVE',
    ...changes,
  };
}

function listOf(channels: readonly ChannelRow[], changes: Partial<LiveCalls> = {}) {
  return callList({ channels, ghosts: 0, sessions: channels.length, ...changes }, RULES);
}

describe('callList', () => {
  it('has calls, not legs, oldest first', () => {
    const { calls } = listOf([
      leg('b', { callUuid: 'a', createdEpoch: EPOCH + 5, destination: '200' }),
      leg('c', { createdEpoch: EPOCH + 2, destination: 'recorder-1' }),
      leg('a', { callUuid: 'a' }),
    ]);
    expect(calls.map(({ id, kind, legs }) => [id, kind, legs.length])).toEqual([
      ['a', 'ordinary', 2],
      ['c', 'expendable', 1],
    ]);
  });

  it.each([
    ['every session has a row', 2, 0],
    ['one has none', 3, 1],
    ['one ended since the rows were read', 1, 0],
  ])('%s', (_what, sessions, unlisted) => {
    expect(listOf([leg('a'), leg('b')], { sessions })).toMatchObject({ sessions, unlisted });
  });

  it('a row that stands there twice hides no session', () => {
    expect(listOf([leg('a'), leg('a')], { sessions: 2 }).unlisted).toBe(1);
  });

  it('no session is the newer word: no calls', () => {
    expect(listOf([leg('a')], { sessions: 0 }).calls).toEqual([]);
  });
});

describe('what is shown of a call', () => {
  const { calls } = listOf([
    leg('a', { callUuid: 'a', direction: 'in\u001b[2Jbound', application: 'bridge' }),
    leg('b', { callUuid: 'a', callerNumber: '777', direction: 'outbound' }),
  ]);

  it('is that of its first leg, ends masked, and nothing that steers a terminal', () => {
    expect(listedCalls(calls, false)).toEqual([
      {
        id: 'a',
        kind: 'ordinary',
        createdEpoch: EPOCH,
        direction: 'in\ufffd[2Jbound',
        application: 'bridge',
        state: 'ACTIVE',
        from: '********56',
        to: '****',
        legs: 2,
      },
    ]);
  });

  it('and its numbers where that is wanted', () => {
    expect(listedCalls(calls, true)[0]).toMatchObject({ from: '+4930123456', to: '9000' });
  });
});

describe('ages', () => {
  it.each([
    [EPOCH, 3_600_000],
    [EPOCH + 3_600, 0],
    // A node whose clock is ahead.
    [EPOCH + 9_999, 0],
    [0, null],
    [Number.NaN, null],
  ])('begun at %d', (createdEpoch, age) => {
    expect(ageOf({ createdEpoch }, NOW)).toBe(age);
  });

  it('older is longer than, and what is of unknown age is not', () => {
    const { calls } = listOf([
      leg('old', { createdEpoch: EPOCH - 1 }),
      leg('just', { createdEpoch: EPOCH }),
      leg('young', { createdEpoch: EPOCH + 10 }),
      leg('unknown', { createdEpoch: 0 }),
    ]);
    expect(olderThan(calls, 3_600_000, NOW).map(({ id }) => id)).toEqual(['old']);
    expect(olderThan(calls, 0, NOW).map(({ id }) => id)).toEqual(['old', 'just', 'young']);
  });

  it('a call of the future tells how far a clock is ahead', () => {
    expect(clockAhead(listOf([leg('a'), leg('b', { createdEpoch: EPOCH + 3_700 })]).calls, NOW)).toBe(
      100_000,
    );
    expect(clockAhead(listOf([leg('a')]).calls, NOW)).toBe(0);
    expect(clockAhead([], NOW)).toBe(0);
  });
});
