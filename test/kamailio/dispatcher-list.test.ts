import { describe, expect, it } from 'vitest';
import { readDispatcherList } from '../../src/kamailio/dispatcher-list.ts';
import { recorded } from './support/recorded-answers.ts';

function resultOf(name: string): unknown {
  return (JSON.parse(recorded(name).body) as { result: unknown }).result;
}

const target = (destination: object): object => ({ DEST: destination });
const set = (id: unknown, targets: unknown): object => ({ SET: { ID: id, TARGETS: targets } });
const list = (...records: object[]): object => ({ NRSETS: records.length, RECORDS: records });
const GOOD = { URI: 'sip:10.0.1.10:5080', FLAGS: 'AP', PRIORITY: 0 };

describe('a whole list', () => {
  it('of 5.6.3, sets in the order they came, attributes or none', () => {
    expect(readDispatcherList(resultOf('list'))).toEqual({
      known: true,
      value: [
        {
          id: 2,
          targets: [
            { uri: 'sip:127.0.0.13:5080;transport=tcp', duid: null, flags: 'AX' },
            { uri: 'sip:127.0.0.13:5080', duid: 'twin-b', flags: 'AX' },
            { uri: 'sip:127.0.0.13:5080', duid: 'twin-a', flags: 'AX' },
          ],
        },
        {
          id: 1,
          targets: [
            { uri: 'sip:127.0.0.12:5080', duid: null, flags: 'AX' },
            { uri: 'sip:127.0.0.11:5080', duid: 'fs1', flags: 'AX' },
          ],
        },
      ],
    });
  });

  it('with latency and load says the same', () => {
    expect(readDispatcherList(resultOf('list-with-latency-and-load'))).toEqual(
      readDispatcherList(resultOf('list')),
    );
    expect(readDispatcherList(resultOf('list-full'))).toEqual(readDispatcherList(resultOf('list')));
  });

  it('loses every duid when asked for short', () => {
    const short = readDispatcherList(resultOf('list-short'));
    expect(short.known && short.value.flatMap(({ targets }) => targets.map(({ duid }) => duid))).toEqual(
      Array<null>(5).fill(null),
    );
  });

  it('of 6.1 with keys that are new', () => {
    const attributes = {
      BODY: 'duid=fs1',
      DUID: 'fs1',
      PROBING_COUNT: 3,
      MAXLOAD: 0,
      OCMIN: 0,
      OCMAX: 100,
      SOCKET: null,
    };
    const destination = { IDX: 0, IUID: 'a-1', ...GOOD, FLAGS: 'AN', ATTRS: attributes };
    expect(readDispatcherList({ VERSION: 7, ...list(set(3, [target(destination)])) })).toEqual({
      known: true,
      value: [{ id: 3, targets: [{ uri: GOOD.URI, duid: 'fs1', flags: 'AN' }] }],
    });
  });

  it.each([
    ['no DUID', { BODY: 'weight=50' }],
    ['a null DUID', { BODY: 'weight=50', DUID: null }],
    ['an empty DUID', { DUID: '' }],
  ])('with %s', (_what, attributes) => {
    expect(readDispatcherList(list(set(1, [target({ ...GOOD, ATTRS: attributes })])))).toEqual({
      known: true,
      value: [{ id: 1, targets: [{ uri: GOOD.URI, duid: null, flags: 'AP' }] }],
    });
  });

  it('of no sets, or of a set without targets', () => {
    expect(readDispatcherList({ NRSETS: 0, RECORDS: [] })).toEqual({ known: true, value: [] });
    expect(readDispatcherList(list(set(1, [])))).toEqual({ known: true, value: [{ id: 1, targets: [] }] });
  });
});

describe('never an empty list, but unknown', () => {
  it.each<[string, unknown]>([
    ['an empty object', {}],
    ['an empty array', []],
    ['text', 'Ok.'],
    ['null', null],
    ['no RECORDS', { NRSETS: 1 }],
    ['no NRSETS', { RECORDS: [set(1, [])] }],
    ['NRSETS as text', { NRSETS: '1', RECORDS: [set(1, [])] }],
    ['RECORDS as an object', { NRSETS: 1, RECORDS: set(1, []) }],
    ['fewer sets than NRSETS', { NRSETS: 2, RECORDS: [set(1, [])] }],
    ['more sets than NRSETS', { NRSETS: 0, RECORDS: [set(1, [])] }],
    ['a record that is no set', { NRSETS: 1, RECORDS: [{}] }],
    ['a set without ID', list({ SET: { TARGETS: [] } })],
    ['a set with a name for ID', list(set('one', []))],
    ['a set without TARGETS', list({ SET: { ID: 1 } })],
    ['TARGETS as one object', list(set(1, target(GOOD)))],
    ['a set twice', list(set(1, []), set(1, []))],
    ['a target without DEST', list(set(1, [{}]))],
    ['a target without URI', list(set(1, [target({ FLAGS: 'AP' })]))],
    ['a target with an empty URI', list(set(1, [target({ ...GOOD, URI: '' })]))],
    ['a target without FLAGS', list(set(1, [target({ URI: GOOD.URI })]))],
    ['a target with FLAGS that are a number', list(set(1, [target({ ...GOOD, FLAGS: 8 })]))],
    ['a target with ATTRS that are text', list(set(1, [target({ ...GOOD, ATTRS: 'duid=a' })]))],
    ['a target with a DUID that is a number', list(set(1, [target({ ...GOOD, ATTRS: { DUID: 7 } })]))],
    ['one good target and one bad', list(set(1, [target(GOOD), target({})]))],
  ])('%s', (_what, result) => {
    expect(readDispatcherList(result)).toEqual({
      known: false,
      why: expect.stringMatching(/dispatcher list/) as string,
    });
  });
});
