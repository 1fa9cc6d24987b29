/** Answers of Kamailio that are not what they should be: no destination is made up, and half a list is none. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DispatcherSet } from '../../src/domain/observation.ts';
import { readDispatcherList } from '../../src/kamailio/dispatcher-list.ts';
import { endpointOf } from '../../src/kamailio/endpoint.ts';
import { readInstance, readVersion } from '../../src/kamailio/instance.ts';
import { readAnswer, type RpcAnswer } from '../../src/kamailio/rpc-answer.ts';
import { refusedCall } from '../../src/kamailio/rpc-errors.ts';
import { recorded } from '../kamailio/support/recorded-answers.ts';
import { DISPATCHER_LIST_6_1 } from './support/dispatcher-list-6.1.ts';
import { holds } from './support/fuzzing.ts';
import { mutatedJson, valueAt } from './support/json-mutations.ts';
import { anyText, mutatedText } from './support/mutations.ts';
import { expectPrintable, expectReason, expectTyped, valueOr } from './support/said.ts';
import { expectLinear, watched } from './support/watched.ts';

const bodyOf = (name: string): string => recorded(name).body;
const resultOf = (name: string): unknown => valueAt(JSON.parse(bodyOf(name)), 'result');

const LISTS = [
  ...['list', 'list-full', 'list-short', 'list-with-latency-and-load', 'list-without-params'].map(resultOf),
  ...['list-first-twin-disabled', 'list-second-twin-inactive'].map(resultOf),
  DISPATCHER_LIST_6_1,
];
const OTHERS = [
  'core-version',
  'core-uptime',
  'core-ps',
  'core-psx',
  'set-state',
  'list-of-no-sets',
  'unknown-method',
];
const BODIES = [
  ...OTHERS.map(bodyOf),
  bodyOf('list'),
  JSON.stringify({ jsonrpc: '2.0', result: DISPATCHER_LIST_6_1, id: 1 }),
];
const WORDS = [
  '"jsonrpc":"2.0"',
  '"result":',
  '"error":',
  '"id":',
  'null',
  '"code":',
  '"message":',
  '"SET":',
  '"DEST":',
  'null',
];

const endpoint = endpointOf({
  name: 'lb-1',
  rpc: { url: 'http://127.0.0.1:8080/RPC' },
  frTimer: 30_000,
  list: '/etc/kamailio/dispatcher.list',
  networks: [],
});

test('a list that is read is the list that came, whole', () => {
  holds(
    fc.property(mutatedJson(LISTS), (value) => {
      const list = watched(() => readDispatcherList(value));
      expectReason(list);
      if (!list.known) return;
      expect(list.value).toEqual(expectedSets(value));
      expect(list.value).toHaveLength(Number(valueAt(value, 'NRSETS')));
      expect(new Set(list.value.map(({ id }) => id)).size).toBe(list.value.length);
      for (const { uri, flags } of list.value.flatMap(({ targets }) => targets))
        for (const text of [uri, flags]) expect(text).toMatch(/./);
    }),
    { share: 6 },
  );
});

/** The same, asked place by place of what came. */
function expectedSets(value: unknown): readonly DispatcherSet[] {
  return (valueAt(value, 'RECORDS') as unknown[]).map((record) => ({
    id: valueAt(record, 'SET', 'ID') as number,
    targets: (valueAt(record, 'SET', 'TARGETS') as unknown[]).map((target) => ({
      uri: valueAt(target, 'DEST', 'URI') as string,
      duid: (valueAt(target, 'DEST', 'ATTRS', 'DUID') || null) as string | null,
      flags: valueAt(target, 'DEST', 'FLAGS') as string,
    })),
  }));
}

test('of every list that is not changed all is read', () => {
  for (const value of LISTS)
    expect(readDispatcherList(value)).toEqual({ known: true, value: expectedSets(value) });
});

test('version and instance are text that can be shown, or unknown', () => {
  const any = fc.oneof(
    fc.jsonValue(),
    anyText,
    mutatedJson(['core-version', 'core-uptime', 'core-ps', 'core-psx'].map(resultOf)),
  );
  holds(
    fc.property(any, any, (one, other) => {
      for (const reading of watched(() => [readVersion(one), readInstance(one, other)])) {
        expectReason(reading);
        if (reading.known) expectPrintable(reading.value);
      }
    }),
    { share: 3 },
  );
});

const http = fc.record({
  status: fc.oneof(
    { weight: 3, arbitrary: fc.constant(200) },
    fc.constant(500),
    fc.integer({ min: 100, max: 999 }),
  ),
  challenge: fc.oneof(fc.constant(''), fc.constant('Digest realm="x"'), anyText),
  body: fc.oneof(
    anyText,
    mutatedText(BODIES, WORDS),
    mutatedJson(BODIES.map((text) => JSON.parse(text) as unknown)).map((value) => JSON.stringify(value)),
  ),
});

test('an answer is a result to this very request, an error of Kamailio, or a typed error', () => {
  holds(
    fc.property(http, fc.constantFrom(1, 2), (answer, id) => {
      const read = valueOr(['rpc.auth', 'protocol'], () =>
        watched(() => readAnswer(endpoint, 'dispatcher.list', id, answer)),
      );
      if (read === undefined) return;
      const sent: unknown = JSON.parse(answer.body);
      expect(valueAt(sent, 'jsonrpc')).toBe('2.0');
      if (read.ok) {
        expect([answer.status, valueAt(sent, 'id')]).toEqual([200, id]);
        expect(sent).toHaveProperty('result', read.result);
        expectReason(readDispatcherList(read.result));
      } else {
        expect([id, null, undefined]).toContain(valueAt(sent, 'id'));
        expectTyped(refusedCall(endpoint, 'dispatcher.list', read.code, read.message), ['rpc.error']);
      }
    }),
    { share: 6 },
  );
});

test('an answer that is cut short is no answer', () => {
  holds(
    fc.property(fc.constantFrom(...BODIES), fc.nat(), (body, length) => {
      const cut = body.slice(0, length % body.trimEnd().length);
      const read = valueOr(['protocol'], () =>
        readAnswer(endpoint, 'x', 1, { status: 200, challenge: '', body: cut }),
      );
      expect(read).toBeUndefined();
    }),
    { share: 3 },
  );
});

test('what is nested for its own sake is refused before it is parsed', () => {
  for (const [open, close] of [
    ['[', ']'],
    ['{"a":', '}'],
  ] as const) {
    const deep = open.repeat(1_000_000) + '0' + close.repeat(1_000_000);
    const body = `{"jsonrpc":"2.0","result":${deep},"id":1}`;
    const ask = (): RpcAnswer => readAnswer(endpoint, 'x', 1, { status: 200, challenge: '', body });
    expect(valueOr(['protocol'], () => watched(ask))).toBeUndefined();
    expect(ask).toThrow('nested too deeply');
  }
});

test('the time it takes grows with the answer', () => {
  const set = '{"SET":{"ID":1,"TARGETS":[]}},';
  const starts = [
    '',
    '{"jsonrpc":"2.0","id":1,"result":',
    '{"jsonrpc":"2.0","id":1,"result":"kamailio ',
    '{"jsonrpc":"2.0","id":1,"result":{"NRSETS":1,"RECORDS":[',
  ];
  holds(
    fc.property(
      fc.constantFrom(...starts),
      fc.constantFrom(' ', '[', '{"a":', 'a', '"', '\\"', 'sock=', '0,', '"sock=a",', set),
      fc.constantFrom('', '"}', ']}', ']}}'),
      (start, unit, end) => {
        expectLinear(25_000, (size) => {
          const body = start + unit.repeat(Math.ceil(size / unit.length)) + end;
          return () => {
            const read = readAnswer(endpoint, 'x', 1, { status: 200, challenge: '', body });
            return (
              read.ok && [
                readDispatcherList(read.result),
                readVersion(read.result),
                readInstance({ up_since: 'x' }, read.result),
              ]
            );
          };
        });
      },
    ),
    { share: 0.3 },
  );
});

test('many sets take no longer than their number', () => {
  expectLinear(3_000, (count) => {
    const RECORDS = Array.from({ length: count }, (_, index) => ({ SET: { ID: index, TARGETS: [] } }));
    return () => readDispatcherList({ NRSETS: count, RECORDS });
  });
});
