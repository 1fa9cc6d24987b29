import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { callList } from '../../src/domain/call-list.ts';
import { type ChannelRow, known, type LiveCalls, unknown } from '../../src/domain/observation.ts';
import { planHangUp } from '../../src/domain/plan.ts';
import { callsDocument } from '../../src/output/calls-json.ts';
import { ageText, callsNotes, callsTable } from '../../src/output/calls-table.ts';
import { planLines } from '../../src/output/plan-text.ts';
import { sayEvent } from '../../src/output/sentences/registry.ts';
import { SentenceMemory } from '../../src/output/sentences/sentence.ts';
import { enveloped, policy, started } from './events.ts';

const RULES = { ...policy.cutting, protect: ['^112$'], expendable: ['^recorder-'] };
const NOW = new Date('2026-11-22T21:31:34.500Z');
const EPOCH = Date.UTC(2026, 10, 22, 21, 31, 34) / 1_000;
const [ONE, TWO] = ['3f1c8a52-9d0e-4c7b-8a64-0b7a52f1d0c3', 'afd399be-313c-4d53-bdc3-f380adf2062c'];

function leg(uuid: string, age: number, changes: Partial<ChannelRow> = {}): ChannelRow {
  return {
    uuid,
    direction: 'inbound',
    createdEpoch: EPOCH - age,
    name: `sofia/external/${uuid}`,
    callerNumber: '+4930123456',
    destination: '4989777888',
    initialDestination: '4989777888',
    application: 'bridge',
    networkAddress: '10.0.1.5',
    callUuid: '',
    state: 'ACTIVE',
    ...changes,
  };
}

function listOf(channels: readonly ChannelRow[], changes: Partial<LiveCalls> = {}) {
  return callList({ channels, ghosts: 0, sessions: channels.length, ...changes }, RULES);
}

const options = { node: 'node-1', now: NOW, showNumbers: false, width: 120 };
const list = listOf([
  leg(ONE, 11_520, { callUuid: ONE }),
  leg('b', 11_519, { callUuid: ONE, direction: 'outbound' }),
  leg(TWO, 42, { destination: '112', application: '', state: 'CS_EXECUTE', direction: 'outbound' }),
]);

describe('the table', () => {
  it('on a wide terminal: one line a call, its id last and whole', () => {
    expect(callsTable(list.calls, options)).toEqual([
      '  AGE  DIR  APP     FROM        TO          LEGS  STATE    KIND       ID',
      `3h12m  in   bridge  ********56  ********88     2  ACTIVE   -          ${ONE}`,
      `  42s  out  -       ********56  ***            1  EXECUTE  protected  ${TWO}`,
    ]);
  });

  it.each([80, 60, 55, 54, 40])('at %d columns the id stands below, whole, and no line is wider', (width) => {
    const lines = callsTable(list.calls, { ...options, width });
    expect(lines).toHaveLength(5);
    expect([lines[2], lines[4]]).toEqual([`  ${ONE}`, `  ${TWO}`]);
    for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(width);
  });

  it('numbers where they are wanted, nothing that steers a terminal', () => {
    const odd = listOf([leg('a\u001b[2J', 1, { callerNumber: 'x\u009b31m', application: '\u202eplay' })]);
    const text = callsTable(odd.calls, { ...options, showNumbers: true }).join('\n');
    expect(text).toContain('4989777888');
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  });

  it('of no calls is nothing', () => {
    expect(callsTable([], options)).toEqual([]);
  });

  it('what the node does not say is unknown', () => {
    const odd = listOf([leg('a', 0, { createdEpoch: 0, callerNumber: '', destination: '', state: '' })]);
    expect(callsTable(odd.calls, options)[1]).toBe('  ?  in   bridge  ?     ?      1  -      -     a');
  });
});

describe('below the table', () => {
  it.each([
    ['all there', list, 2, ['node-1: 2 calls, 3 sessions']],
    ['some too young', list, 1, ['node-1: 2 calls, 3 sessions; 1 not so old left out']],
    [
      'sessions without a row',
      listOf([leg(ONE, 5)], { sessions: 3 }),
      1,
      [
        'node-1: 1 call, 3 sessions',
        'node-1: 2 sessions in memory have no row in the core database: not every call is listed',
      ],
    ],
    [
      'ghost rows',
      listOf([], { ghosts: 1 }),
      0,
      [
        'node-1: 0 calls, 0 sessions',
        'node-1: 1 row of calls that are gone left out (their process was killed)',
      ],
    ],
    [
      'a clock that is ahead',
      listOf([leg(ONE, -90)]),
      1,
      [
        'node-1: 1 call, 1 session',
        "node-1: its clock is at least 1m29s ahead of this machine's: calls are older than shown",
      ],
    ],
    ['the second to which FreeSWITCH rounds', listOf([leg(ONE, -1)]), 1, ['node-1: 1 call, 1 session']],
  ] as const)('%s', (_what, of, shown, lines) => {
    expect(callsNotes(of, shown, options)).toEqual(lines);
  });
});

it.each([
  [0, '0s'],
  [42_999, '42s'],
  [725_000, '12m5s'],
  [3_599_999, '59m59s'],
  [11_549_000, '3h12m'],
  [7_200_000, '2h'],
  [187_200_000, '2d4h'],
  [172_800_000, '2d'],
])('an age of %d ms is %s', (ms, text) => {
  expect(ageText(ms)).toBe(text);
});

describe('the document', () => {
  const asked = { cluster: 'voice', node: 'node-1', now: NOW, showNumbers: false, olderThanMs: null };

  it('has what is known', () => {
    expect(callsDocument(known(list), list.calls.slice(1), asked)).toEqual({
      v: 1,
      type: 'calls',
      at: '2026-11-22T21:31:34.500Z',
      cluster: 'voice',
      node: 'node-1',
      complete: true,
      unknown: null,
      sessions: 3,
      unlistedSessions: 0,
      ghostRows: 0,
      olderThanMs: null,
      calls: [
        {
          id: TWO,
          kind: 'protected',
          direction: 'outbound',
          application: '',
          state: 'CS_EXECUTE',
          from: '********56',
          to: '***',
          legs: 1,
          since: '2026-11-22T21:30:52.000Z',
          ageMs: 42_500,
        },
      ],
    });
  });

  it('calls that are not all there are not complete', () => {
    const some = listOf([leg(ONE, 5, { createdEpoch: 0 })], { sessions: 2 });
    expect(callsDocument(known(some), some.calls, { ...asked, olderThanMs: 5 })).toMatchObject({
      complete: false,
      unlistedSessions: 1,
      olderThanMs: 5,
      calls: [{ since: null, ageMs: null }],
    });
  });

  it('unknown is null, and says why', () => {
    expect(callsDocument(unknown('core database: -ERR'), [], asked)).toMatchObject({
      complete: false,
      unknown: 'core database: -ERR',
      sessions: null,
      calls: null,
    });
  });
});

describe('a run that is to cut them', () => {
  const plan = planHangUp('node-1', [ONE, TWO]);

  it('says in its plan which, how, and when not', () => {
    expect(planLines(plan, { policy: { ...policy, cutting: RULES } })).toEqual([
      'node-1: hangup in 1 step',
      '  1. hang_up: cut 2 calls, the oldest first, with NORMAL_CLEARING, and none while a call to ^112$ is up',
      `       ${ONE}`,
      `       ${TWO}`,
    ]);
    expect(planLines(planHangUp('node-1', []))[1]).toBe('  1. hang_up: nothing: there is no such call');
  });

  it.each([
    [plan, '  no call was cut'],
    [undefined, undefined],
  ])('says at its end where none was cut; any other run does not', (of, line) => {
    const begin = started();
    const [first, last] = enveloped([
      begin.type === 'run.started' && of !== undefined
        ? { ...begin, data: { ...begin.data, plan: of } }
        : begin,
      {
        type: 'run.settled',
        data: { outcome: 'already', exit: 0, nodes: {}, callsCut: 0, next: [] },
      },
    ]);
    const memory = new SentenceMemory(false);
    if (first === undefined || last === undefined) throw new Error('no events');
    memory.note(first);
    expect(sayEvent(last, memory)?.text.split('\n')[1]).toBe(line);
  });
});
