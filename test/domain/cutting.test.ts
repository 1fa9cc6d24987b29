import { describe, expect, it } from 'vitest';
import { callNamed, callsOf, type CutVerdict, hangUpOf, judgeCut, mayCut } from '../../src/domain/cutting.ts';
import type { ChannelRow, LiveCalls } from '../../src/domain/observation.ts';
import type { CutRules } from '../../src/domain/policy.ts';
import { known, policy, unknown } from './builders.ts';

const RULES: CutRules = {
  cause: 'NORMAL_CLEARING',
  protect: ['^(112|911)$'],
  protectTimeout: null,
  expendable: ['^recorder-'],
};

function leg(uuid: string, destination: string, changes: Partial<ChannelRow> = {}): ChannelRow {
  return {
    uuid,
    direction: 'inbound',
    createdEpoch: 1_795_382_279,
    name: `sofia/external/${uuid}`,
    callerNumber: '+4930123456',
    destination,
    initialDestination: destination,
    application: '',
    networkAddress: '10.0.1.5',
    callUuid: '',
    state: 'ACTIVE',
    ...changes,
  };
}

function live(channels: readonly ChannelRow[], changes: Partial<LiveCalls> = {}): LiveCalls {
  return { channels, ghosts: 0, sessions: channels.length, ...changes };
}

/** `id:kind legs` of each call. */
function shown(channels: readonly ChannelRow[], rules: CutRules = RULES): readonly string[] {
  return callsOf(live(channels), rules).map(
    (call) => `${call.id}:${call.kind} ${call.legs.map(({ uuid }) => uuid).join('+')}`,
  );
}

describe('callsOf', () => {
  const rows: readonly (readonly [string, readonly ChannelRow[], readonly string[]])[] = [
    ['no legs', [], []],
    ['one leg', [leg('a', '9000')], ['a:ordinary a']],
    [
      'an emergency call that was transferred',
      [leg('a', 'queue-1', { initialDestination: '112' })],
      ['a:protected a'],
    ],
    ['two calls of one leg each', [leg('a', '9000'), leg('b', '9000')], ['a:ordinary a', 'b:ordinary b']],
    [
      'a bridged pair, the first leg naming itself',
      [leg('a', '200', { callUuid: 'a' }), leg('b', '200', { callUuid: 'a' })],
      ['a:ordinary a+b'],
    ],
    [
      'a bridged pair, the first leg naming none',
      [leg('a', '200'), leg('b', '200', { callUuid: 'a' })],
      ['a:ordinary a+b'],
    ],
    [
      'the further leg listed first',
      [leg('b', '200', { callUuid: 'a' }), leg('a', '200')],
      ['a:ordinary b+a'],
    ],
    [
      'a leg of a leg',
      [leg('c', '3', { callUuid: 'b' }), leg('b', '2', { callUuid: 'a' }), leg('a', '1')],
      ['a:ordinary c+b+a'],
    ],
    [
      'two further legs whose first one is gone',
      [leg('b', '2', { callUuid: 'gone' }), leg('c', '3', { callUuid: 'gone' })],
      ['gone:ordinary b+c'],
    ],
    [
      'legs that name each other',
      [leg('a', '1', { callUuid: 'b' }), leg('b', '2', { callUuid: 'a' })],
      ['b:ordinary a+b'],
    ],
    [
      'oldest call first, by its oldest leg',
      [
        leg('late', '1', { createdEpoch: 50 }),
        leg('b', '1', { createdEpoch: 90, callUuid: 'a' }),
        leg('a', '1', { createdEpoch: 40 }),
      ],
      ['a:ordinary a+b', 'late:ordinary late'],
    ],
    ['protected by the first leg', [leg('a', '112'), leg('b', 'x', { callUuid: 'a' })], ['a:protected a+b']],
    [
      'protected by a further leg that is not answered',
      [leg('a', '200'), leg('b', '911', { callUuid: 'a', state: 'RINGING', direction: 'outbound' })],
      ['a:protected a+b'],
    ],
    [
      'protected, although another leg is expendable',
      [leg('a', '112'), leg('r', 'recorder-1', { callUuid: 'a' })],
      ['a:protected a+r'],
    ],
    [
      'expendable by any leg',
      [leg('a', '200'), leg('r', 'recorder-1', { callUuid: 'a' })],
      ['a:expendable a+r'],
    ],
    ['a number that only contains a protected one', [leg('a', '0112')], ['a:ordinary a']],
    ['no destination', [leg('a', '')], ['a:ordinary a']],
  ];

  it.each(rows)('%s', (_, channels, expected) => {
    expect(shown(channels)).toEqual(expected);
  });

  it.each([
    '112',
    ' 112 ',
    '112@10.0.0.1',
    'sip:112@10.0.0.1',
    'SIPS:112@gw.example;user=phone',
    'tel:112',
    'tel:112;phone-context=+49',
  ])('finds the protected number in %s', (destination) => {
    expect(shown([leg('a', destination)])).toEqual(['a:protected a']);
  });

  it('finds what a pattern says about the domain', () => {
    const rules = { ...RULES, protect: ['@psap[.]example$'] };
    expect(shown([leg('a', 'sip:7@psap.example'), leg('b', '7@office.example')], rules)).toEqual([
      'a:protected a',
      'b:ordinary b',
    ]);
  });

  it('takes a number for expendable by the number alone', () => {
    const rules = { ...RULES, protect: [], expendable: ['^(?!1)'] };
    expect(shown([leg('a', 'sip:112@h'), leg('b', 'sip:900@h')], rules)).toEqual([
      'a:ordinary a',
      'b:expendable b',
    ]);
  });

  it('reads patterns as the inventory does, without the flag u', () => {
    expect(shown([leg('a', 'x-1')], { ...RULES, protect: ['^x\\-1$'] })).toEqual(['a:protected a']);
  });

  it('puts every leg into exactly one call, in whatever order they are listed', () => {
    const legs = Array.from({ length: 24 }, (_, index) =>
      leg(`u${index}`, '1', { createdEpoch: index, callUuid: index % 3 === 0 ? '' : `u${index - 1}` }),
    );
    for (let turn = 0; turn < legs.length; turn += 1) {
      const turned = [...legs.slice(turn), ...legs.slice(0, turn)];
      const calls = callsOf(live(turned), RULES);
      expect(calls.map(({ id }) => id)).toEqual(['u0', 'u3', 'u6', 'u9', 'u12', 'u15', 'u18', 'u21']);
      expect(calls.flatMap((call) => call.legs.map(({ uuid }) => uuid))).toEqual(
        legs.map(({ uuid }) => uuid),
      );
    }
  });
});

describe('judgeCut', () => {
  const ordinary = [leg('a', '1'), leg('b', '2'), leg('c', '3')];
  const recorder = leg('r', 'recorder-1');
  const emergency = leg('e', '112');
  const rows: readonly (readonly [string, LiveCalls | string, number, CutVerdict['kind']])[] = [
    ['unknown', 'the database does not answer', Number.POSITIVE_INFINITY, 'blind'],
    ['nothing up', live([]), Number.POSITIVE_INFINITY, 'nothing'],
    ['ended since the rows were read', live(ordinary, { sessions: 0 }), 9, 'nothing'],
    ['ghosts only', live([], { ghosts: 4 }), 9, 'nothing'],
    ['no row for a session', live([], { sessions: 1 }), Number.POSITIVE_INFINITY, 'blind'],
    ['fewer rows than sessions', live(ordinary, { sessions: 4 }), Number.POSITIVE_INFINITY, 'blind'],
    ['ghosts cover nothing', live(ordinary, { sessions: 4, ghosts: 1 }), 9, 'blind'],
    ['one row twice', live([...ordinary, leg('a', '1')]), 9, 'blind'],
    ['sessions that are no number', live(ordinary, { sessions: Number.NaN }), 9, 'blind'],
    ['more rows than sessions', live(ordinary, { sessions: 2 }), 3, 'cut'],
    ['as many as allowed', live(ordinary), 3, 'cut'],
    ['one more than allowed', live(ordinary), 2, 'too many'],
    ['none allowed', live(ordinary), 0, 'too many'],
    ['no number allowed', live(ordinary), Number.NaN, 'too many'],
    ['all allowed', live(ordinary), Number.POSITIVE_INFINITY, 'cut'],
    ['expendable ones do not count', live([...ordinary, recorder]), 3, 'cut'],
    ['expendable ones alone', live([recorder]), 0, 'cut'],
    ['expendable ones beside one that counts', live([recorder, leg('a', '1')]), 0, 'too many'],
    ['a protected one', live([emergency]), Number.POSITIVE_INFINITY, 'protected'],
    ['a protected one beside others', live([...ordinary, emergency]), Number.POSITIVE_INFINITY, 'protected'],
    ['a protected one beside expendable ones', live([recorder, emergency]), 0, 'protected'],
    ['protected goes before too many', live([...ordinary, emergency]), 0, 'protected'],
    ['blind goes before protected', live([emergency], { sessions: 2 }), 0, 'blind'],
  ];

  it.each(rows)('%s', (_, calls, atMost, expected) => {
    const seen = typeof calls === 'string' ? unknown(calls) : known(calls);
    expect(judgeCut(seen, RULES, atMost).kind).toBe(expected);
  });

  it('cuts what is up, oldest first, expendable or not', () => {
    const channels = [leg('new', '1', { createdEpoch: 30 }), leg('r', 'recorder-1', { createdEpoch: 20 })];
    const verdict = judgeCut(known(live([...channels, leg('old', '1', { createdEpoch: 10 })])), RULES, 2);
    expect(verdict.kind === 'cut' && verdict.calls.map(({ id }) => id)).toEqual(['old', 'r', 'new']);
  });

  it('says why not', () => {
    const say = (calls: LiveCalls, atMost = 1): CutVerdict => judgeCut(known(calls), RULES, atMost);
    expect(judgeCut(unknown('core database: error'), RULES, 1)).toEqual({
      kind: 'blind',
      why: 'calls unknown: core database: error',
    });
    expect(say(live(ordinary, { sessions: 5 }))).toEqual({
      kind: 'blind',
      why: '5 sessions in memory, but only 3 of them are listed',
    });
    expect(say(live([emergency]))).toEqual({
      kind: 'protected',
      why: 'a call to a protected number is up',
      calls: 1,
    });
    expect(say(live([emergency, leg('f', '911'), recorder]))).toMatchObject({
      why: '2 calls to protected numbers are up',
      calls: 2,
    });
    expect(say(live(ordinary))).toEqual({
      kind: 'too many',
      ordinary: 3,
      why: '3 calls that count are up, 1 may be cut',
    });
    expect(say(live([leg('a', '1')]), 0)).toMatchObject({ why: '1 call that counts is up, 0 may be cut' });
  });

  it('never cuts a protected call, nor more than allowed, nor in half sight', () => {
    const destinations = ['1', 'recorder-1', '112'];
    for (let mix = 0; mix < 81; mix += 1) {
      const channels = [0, 1, 2, 3].map((place) =>
        leg(`u${place}`, destinations[Math.floor(mix / 3 ** place) % 3] ?? ''),
      );
      for (const atMost of [0, 1, 2, 4]) {
        for (const sessions of [3, 4, 5]) {
          const verdict = judgeCut(known(live(channels, { sessions })), RULES, atMost);
          const count = (destination: string): number =>
            channels.filter((one) => one.destination === destination).length;
          const allowed = sessions <= 4 && count('112') === 0 && count('1') <= atMost;
          expect(verdict.kind === 'cut').toBe(allowed);
        }
      }
    }
  });
});

describe('mayCut', () => {
  const rows: readonly (readonly [number, readonly string[], number | null])[] = [
    [0, [], null],
    [0, ['^rec'], 0],
    [3, [], 3],
    [3, ['^rec'], 3],
  ];
  it.each(rows)('threshold %d, expendable %j: %j', (threshold, expendable, atMost) => {
    expect(mayCut(policy({ threshold, cutting: { ...RULES, expendable } }))).toBe(atMost);
  });
});

describe('hangUpOf', () => {
  function first(channels: readonly ChannelRow[], showNumbers: boolean): unknown {
    const [call] = callsOf(live(channels), RULES);
    const last = call?.legs.at(-1);
    if (call === undefined || last === undefined) throw new Error('no call');
    return hangUpOf(call, last, policy({ showNumbers, cutting: { ...RULES, cause: 'MANAGER_REQUEST' } }));
  }
  const pair = [
    leg('a', '4940555', { createdEpoch: 1_795_382_279 }),
    leg('b', '49405\u001b5', { createdEpoch: 1_795_382_290, callUuid: 'a' }),
  ];

  it('masks the numbers', () => {
    expect(first(pair, false)).toEqual({
      cause: 'MANAGER_REQUEST',
      call: 'a',
      from: '********56',
      to: '*****\ufffd5',
      since: '2026-11-22T21:17:59.000Z',
      expendable: false,
    });
  });
  it('shows them where the user wanted it, but nothing that steers a terminal', () => {
    expect(first(pair, true)).toMatchObject({ from: '+4930123456', to: '49405\ufffd5' });
  });
  it('says what does not count', () => {
    expect(first([leg('r', 'recorder-1')], false)).toMatchObject({ expendable: true, to: '********-1' });
  });
  it('takes any time that FreeSWITCH may list', () => {
    const far = leg('a', '1', { createdEpoch: Number.MAX_SAFE_INTEGER });
    expect(first([far], false)).toMatchObject({ since: '+275760-09-13T00:00:00.000Z' });
    expect(first([leg('a', '1', { createdEpoch: 0 })], false)).toMatchObject({
      since: '1970-01-01T00:00:00.000Z',
    });
  });
});

describe('callNamed', () => {
  const calls = callsOf(
    live([leg('a', '200', { callUuid: 'a' }), leg('b', '200', { callUuid: 'a' }), leg('c', '9000')]),
    RULES,
  );
  it.each([
    ['a', 'a'],
    ['b', 'a'],
    ['c', 'c'],
    ['nosuch', undefined],
    ['', undefined],
  ])('%s is the call %s', (uuid, id) => {
    expect(callNamed(calls, uuid)?.id).toBe(id);
  });
});
