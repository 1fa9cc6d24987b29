import { describe, expect, test } from 'vitest';
import type { ErrorInfo } from '../../src/domain/errors.ts';
import { known, type NodeObservation, type Observation, unknown } from '../../src/domain/observation.ts';
import { StatusNews } from '../../src/output/status-news.ts';
import { cluster, observation, seenNode, seenProxy } from './events.ts';

const two = cluster(['node-1', 'node-2'], ['lb-1', 'lb-2']);
const refused: ErrorInfo = {
  code: 'connect.refused',
  message: '10.0.1.11:8021 refused.',
  hint: 'Look there.',
};
const silent: ErrorInfo = { code: 'timeout', message: 'lb-2 did not answer within 5s.', hint: '' };

function seen(
  nodes: Readonly<Record<string, Partial<NodeObservation>>> = {},
  flags: Readonly<Record<string, readonly string[]>> = {},
): Observation {
  return observation(
    two.nodes.map(({ name }) => seenNode(name, nodes[name])),
    two.proxies.map(({ name }) => seenProxy(name, flags[name] ?? ['AP', 'AP'])),
  );
}

/** What is said of each observation, one after the other; the first is how it began. */
function told(...observations: readonly Observation[]): readonly string[][] {
  const news = new StatusNews(two);
  return observations.map((one, index) =>
    (index === 0 ? news.begin(one) : news.take(one)).map(({ text, bad }) => (bad ? `! ${text}` : text)),
  );
}

const gone = {
  trouble: refused,
  sessions: unknown('no'),
  ready: unknown('no'),
  pause: unknown('no'),
  mark: unknown('no'),
};
const CALM = 'voice-eu: 2 nodes, 2 proxies: 2 in service, 74 sessions';

describe('how it stands', () => {
  test('in one line where all is well', () => {
    expect(told(seen())).toEqual([[CALM]]);
  });

  test('and everything that is not as it should be', () => {
    const mark = known('20261122-213134-k3f9,ops@bastion,2026-11-22T21:31:34.000Z');
    const [lines] = told(
      seen(
        {
          'node-1': { mark, pause: known({ inbound: true, outbound: false }), ready: known(false) },
          'node-2': gone,
        },
        { 'lb-1': ['DX', 'AP'], 'lb-2': ['DX', 'IP'] },
      ),
    );
    expect(lines).toEqual([
      'voice-eu: 2 nodes, 2 proxies: 0 in service, 1 out of service, 1 impaired, 1 unreachable, 37 sessions (of 1 node unknown)',
      '! node-1: disabled on lb-1, lb-2',
      '! node-1: not ready',
      '! node-1: paused: inbound',
      'node-1: held by run 20261122-213134-k3f9 of ops@bastion',
      '! node-2: unknown: 10.0.1.11:8021 refused. Look there.',
      '! node-2: inactive p on lb-2',
    ]);
  });

  test('what was not read is unknown, and what is found then is told', () => {
    expect(
      told(
        observation([seenNode('node-1')], []),
        seen({ 'node-2': { pause: known({ inbound: true, outbound: true }) } }, { 'lb-2': ['AP', 'DX'] }),
        seen(),
      ),
    ).toEqual([
      [
        'voice-eu: 2 nodes, 2 proxies: 0 in service, 2 unknown, 37 sessions (of 1 node unknown)',
        '! lb-1: unknown: it was not read',
        '! lb-2: unknown: it was not read',
        '! node-2: unknown: it was not read',
      ],
      [
        'lb-1: answers',
        'lb-2: answers',
        'node-2: reachable',
        '! node-2: paused: both',
        '! node-2: disabled on lb-2',
      ],
      ['node-2: no longer paused (was both)', 'node-2: active p on lb-2 (was disabled)'],
    ]);
  });
});

test.each<[string, Observation, readonly string[]]>([
  ['nothing', seen(), []],
  [
    'sessions and uptime, which change all the time',
    seen({ 'node-1': { sessions: known(99), uptimeMs: known(1) } }),
    [],
  ],
  ['a state on one proxy', seen({}, { 'lb-1': ['AP', 'DX'] }), ['! node-2: disabled on lb-1 (was active p)']],
  [
    'a state on all',
    seen({}, { 'lb-1': ['DX', 'AP'], 'lb-2': ['DX', 'AP'] }),
    ['! node-1: disabled on lb-1, lb-2 (was active p)'],
  ],
  [
    'a destination that is gone',
    seen({}, { 'lb-1': ['AP'] }),
    ['! node-2: not listed on lb-1 (was active p)'],
  ],
  [
    'a node that cannot be read',
    seen({ 'node-2': gone }),
    ['! node-2: unreachable: 10.0.1.11:8021 refused. Look there.'],
  ],
  [
    'a value that is not known',
    seen({ 'node-1': { calls: unknown('-ERR Database error!') } }),
    ['! node-1: calls unknown: -ERR Database error!'],
  ],
  ['a restart', seen({ 'node-1': { coreUuid: known('another') } }), ['! node-1: FreeSWITCH was restarted']],
  [
    'a version',
    seen({ 'node-1': { version: known('1.10.13-dev') } }),
    ['node-1: version 1.10.13 (was 1.10.12)'],
  ],
  ['readiness', seen({ 'node-1': { ready: known(false) } }), ['! node-1: not ready']],
  [
    'a mark',
    seen({ 'node-1': { mark: known('r-1,ops@b,2026-11-22T21:31:34Z') } }),
    ['node-1: held by run r-1 of ops@b'],
  ],
])('of what is new: %s', (_what, next, expected) => {
  expect(told(seen(), next, next)).toEqual([[CALM], expected, []]);
});

test('what was unknown meanwhile is compared with what was known last', () => {
  const lost = {
    ...seen(),
    proxies: { ...seen().proxies, 'lb-2': seenProxy('lb-2', [], { trouble: silent }) },
  };
  expect(
    told(seen(), lost, lost, seen({}, { 'lb-2': ['AP', 'IP'] }), seen({ 'node-1': gone }), seen()).slice(1),
  ).toEqual([
    ['! lb-2: unknown: lb-2 did not answer within 5s.'],
    [],
    ['lb-2: answers', '! node-2: inactive p on lb-2 (was active p)'],
    [
      '! node-1: unreachable: 10.0.1.11:8021 refused. Look there.',
      'node-2: active p on lb-2 (was inactive p)',
    ],
    ['node-1: reachable again'],
  ]);
});

test('a Kamailio that was restarted', () => {
  const next = {
    ...seen(),
    proxies: { ...seen().proxies, 'lb-1': seenProxy('lb-1', ['AX', 'AX'], { instance: known('9 9') }) },
  };
  expect(told(seen(), next)[1]).toEqual([
    '! lb-1: Kamailio was restarted',
    'node-1: active on lb-1 (was active p)',
    'node-2: active on lb-1 (was active p)',
  ]);
});

test('what many nodes have in common is one line', () => {
  const names = Array.from({ length: 40 }, (_, index) => `n${index + 1}`);
  const of = cluster(names, ['lb-1']);
  const all = (flags: string): Observation =>
    observation(
      names.map((name) => seenNode(name)),
      [
        seenProxy(
          'lb-1',
          names.map(() => flags),
        ),
      ],
    );
  const news = new StatusNews(of);
  news.begin(all('AP'));
  expect(news.take(all('AX')).map(({ text }) => text)).toEqual([
    '40 nodes: active on lb-1 (was active p): n1, n2, n3, n4, n5, n6, n7, n8 and 32 more',
  ]);
});

test('names that steer a terminal do not', () => {
  const of = cluster(['node\u001b[2J'], ['lb\u0007']);
  const news = new StatusNews(of);
  const lines = [
    ...news.begin(observation([], [])),
    ...news.take(
      observation(
        [seenNode('node\u001b[2J', { mark: known('\u001b[1mx') })],
        [seenProxy('lb\u0007', ['\u001b[5m'])],
      ),
    ),
  ];
  expect(lines.length).toBeGreaterThan(4);
  for (const { text } of lines) expect(text).not.toMatch(/[\u0000-\u001f]/);
});
