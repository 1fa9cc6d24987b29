import { expect, test } from 'vitest';
import { known, unknown } from '../../src/domain/observation.ts';
import { isTarget, placedTargets } from '../../src/domain/targets.ts';
import { serviceIn, sessionsText, tally } from '../../src/output/status-service.ts';
import { targetIndex } from '../../src/domain/target-index.ts';
import { cluster, observation, seenNode, seenProxy } from './events.ts';

const one = cluster(['node-1'], ['lb-1', 'lb-2']);
const [node] = one.nodes;

test.each([
  ['AP', 'AP', 'in service'],
  ['AX', 'TP', 'in service'],
  ['DX', 'DX', 'out of service'],
  ['DX', 'AP', 'impaired'],
  ['IP', 'IP', 'impaired'],
  ['AP', undefined, 'impaired'],
  ['AP', '??', 'unknown'],
])('%s and %s is %s', (first, second, expected) => {
  const flags = [first, second].map((text) => (text === undefined ? [] : [text]));
  const seen = observation(
    [],
    flags.map((list, index) => seenProxy(`lb-${index + 1}`, list)),
  );
  if (node === undefined) throw new Error('no node');
  expect(serviceIn(one, seen, node)).toBe(expected);
});

test('a proxy that is not known makes the service unknown, whatever the others say', () => {
  if (node === undefined) throw new Error('no node');
  expect(serviceIn(one, observation([], [seenProxy('lb-1', ['DX'])]), node)).toBe('unknown');
  const cut = observation(
    [],
    [seenProxy('lb-1', ['AP']), seenProxy('lb-2', [], { sets: unknown('cut off') })],
  );
  expect(serviceIn(one, cut, node)).toBe('unknown');
});

test('sessions that are not known are not 0', () => {
  const of = cluster(['node-1', 'node-2', 'node-3'], ['lb-1']);
  const text = (...sessions: readonly (number | null)[]): string =>
    sessionsText(
      tally(
        of,
        observation(
          sessions.map((count, index) =>
            seenNode(`node-${index + 1}`, { sessions: count === null ? unknown('no') : known(count) }),
          ),
          [],
        ),
      ),
      3,
    );
  expect(text(1, 0, 0)).toBe('1 session');
  expect(text(7, null, 2)).toBe('9 sessions (of 1 node unknown)');
  expect(text(0, 0)).toBe('0 sessions (of 1 node unknown)');
  expect(text(null, null)).toBe('sessions unknown');
});

test('the index of a list finds what is found one by one', () => {
  const uris = [
    'sip:10.0.1.10:5080',
    'SIP:user@10.0.1.10:5080;x=1',
    'sip:10.0.1.10:5080;transport=tcp',
    'sip:10.0.1.10',
    'sip:[2001:DB8::1]:5080',
    'sip:[2001:db8::1]:5080',
    'no uri at all',
    'sip:edge.example.com',
  ];
  const sets = [1, 2].map((id) => ({
    id,
    targets: uris.map((uri, index) => ({ uri, duid: index % 3 === 0 ? `fs${index}` : null, flags: 'AP' })),
  }));
  const find = targetIndex(sets);
  const wanted = [
    ...uris.map((uri) => ({ set: 1, uri })),
    { set: 2, uri: 'sip:10.0.1.10:5060;transport=udp' },
    { set: 3, uri: 'sip:10.0.1.10:5080' },
    { set: 2, duid: 'fs3' },
    { set: 2, duid: 'fs4' },
  ];
  const counts = wanted.map((destination) => {
    const found = find(destination);
    expect(found).toEqual(placedTargets(sets).filter((target) => isTarget(destination, target)));
    return found.length;
  });
  expect(counts).toEqual([2, 2, 1, 1, 2, 2, 1, 1, 1, 0, 1, 0]);
});
