import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import type { ErrorInfo } from '../../src/domain/errors.ts';
import { known, type NodeObservation, unknown } from '../../src/domain/observation.ts';
import { jsonText } from '../../src/output/json-text.ts';
import { statusDocument } from '../../src/output/status-json.ts';
import { statusTable } from '../../src/output/status-table.ts';
import { cluster, observation, seenNode, seenProxy, uriOf } from './events.ts';

const two = cluster(['node-1', 'node-2'], ['lb-1', 'lb-2']);
const LEGEND = 'SESSIONS: of the limit of FreeSWITCH. p: the proxy probes it with OPTIONS.';
const gone: ErrorInfo = {
  code: 'connect.refused',
  message: '10.0.1.11:8021 refused the connection.',
  hint: 'Look whether it runs.',
};

function unreachable(name: string): NodeObservation {
  const nothing = unknown(gone.message);
  return {
    ...seenNode(name),
    trouble: gone,
    coreUuid: nothing,
    switchname: nothing,
    ready: nothing,
    uptimeMs: nothing,
    version: nothing,
    sessions: nothing,
    peak5Min: nothing,
    sessionLimit: nothing,
    calls: nothing,
    channels: nothing,
    pause: nothing,
    mark: nothing,
  };
}

describe('the table', () => {
  test('nodes and proxies side by side', () => {
    const seen = observation(
      [
        seenNode('node-1'),
        seenNode('node-2', {
          sessions: known(0),
          calls: known(0),
          uptimeMs: known(372_000),
          pause: known({ inbound: true, outbound: false }),
        }),
      ],
      [seenProxy('lb-1', ['AP', 'DX']), seenProxy('lb-2', ['AX', 'IP'])],
    );
    expect(statusTable(two, seen)).toEqual([
      'voice-eu: 2 nodes, 2 proxies',
      '',
      'NODE    lb-1      lb-2        SESSIONS  CALLS  UPTIME  VERSION  PAUSE',
      'node-1  active p  active       37/1000     35    3d4h  1.10.12  no',
      'node-2  disabled  inactive p    0/1000      0      6m  1.10.12  inbound',
      '',
      LEGEND,
    ]);
  });

  test('what is unknown says so, and why', () => {
    const seen = observation(
      [
        seenNode('node-1', {
          calls: unknown('-ERR Database error!'),
          sessionLimit: unknown('no such field'),
        }),
        unreachable('node-2'),
      ],
      [
        seenProxy('lb-1', ['AP', 'AP']),
        seenProxy('lb-2', [], { trouble: { ...gone, message: 'lb-2 did not answer within 5s.', hint: '' } }),
      ],
    );
    expect(statusTable(two, seen)).toEqual([
      'voice-eu: 2 nodes, 2 proxies',
      '',
      'NODE    lb-1      lb-2     SESSIONS    CALLS   UPTIME  VERSION  PAUSE',
      'node-1  active p  unknown      37/?  unknown     3d4h  1.10.12  no',
      'node-2  active p  unknown   unknown  unknown  unknown  unknown  unknown',
      '',
      LEGEND,
      '',
      'node-1: session limit unknown: no such field',
      'node-1: calls unknown: -ERR Database error!',
      'node-2: unknown: 10.0.1.11:8021 refused the connection. Look whether it runs.',
      'lb-2: unknown: lb-2 did not answer within 5s.',
    ]);
  });

  test('what one word cannot say stands below', () => {
    const [first, second] = two.nodes;
    if (first === undefined || second === undefined) throw new Error('no nodes');
    const inTwoSets = {
      ...two,
      nodes: [{ ...first, destinations: [...first.destinations, { set: 2, duid: 'fs1' }] }, second],
    };
    const proxy = seenProxy('lb-1', ['AP', 'AP'], {
      sets: known([
        { id: 1, targets: [{ uri: uriOf(0), duid: null, flags: 'AP' }] },
        { id: 2, targets: [{ uri: uriOf(0), duid: 'fs1', flags: 'DX' }] },
      ]),
    });
    const seen = observation(
      [
        seenNode('node-1', {
          mark: known('20261122-213134-k3f9,ops@bastion,2026-11-22T21:31:34.000Z'),
          switchname: known('fs-a'),
        }),
        seenNode('node-2', { ready: known(false) }),
      ],
      [proxy, { ...proxy, proxy: 'lb-2' }],
    );
    const lines = statusTable(inTwoSets, seen);
    expect(lines[3]).toBe('node-1  mixed       mixed        37/1000     35    3d4h  1.10.12  no');
    expect(lines.slice(-6)).toEqual([
      'node-1: FreeSWITCH calls itself fs-a',
      `node-1 on lb-1: set 1, ${uriOf(0)} active p; set 2, duid fs1 disabled`,
      `node-1 on lb-2: set 1, ${uriOf(0)} active p; set 2, duid fs1 disabled`,
      'node-2: not ready',
      `node-2 on lb-1: set 1, ${uriOf(1)} not listed`,
      `node-2 on lb-2: set 1, ${uriOf(1)} not listed`,
    ]);
    expect(lines).toContain('node-1: held by run 20261122-213134-k3f9 of ops@bastion');
  });

  test('with two proxies everything fits into 80 columns, whatever is unknown or paused', () => {
    const seen = observation(
      [seenNode('node-1', { pause: known({ inbound: false, outbound: true }) }), unreachable('node-2')],
      [seenProxy('lb-1', ['IP', 'IP']), seenProxy('lb-2', ['IP', 'IP'])],
    );
    const lines = statusTable(two, seen).slice(0, 5);
    expect(lines[2]).toContain('lb-2');
    expect(Math.max(...lines.map((line) => stringWidth(line)))).toBeLessThanOrEqual(80);
  });

  test('with many proxies their states stand below each node, grouped', () => {
    const proxies = Array.from({ length: 12 }, (_, index) => `sbc-frankfurt-${index + 1}`);
    const many = cluster(['node-1', 'node-2'], proxies);
    const seen = observation(
      [seenNode('node-1'), seenNode('node-2')],
      proxies.map((name, index) => seenProxy(name, ['AP', index === 3 ? 'DX' : 'AP'])),
    );
    const lines = statusTable(many, seen);
    expect(lines.slice(2, 8)).toEqual([
      'NODE    SESSIONS  CALLS  UPTIME  VERSION  PAUSE',
      'node-1   37/1000     35    3d4h  1.10.12  no',
      '  active p: sbc-frankfurt-1, sbc-frankfurt-2, sbc-frankfurt-3, sbc-frankfurt-4,',
      '            sbc-frankfurt-5, sbc-frankfurt-6, sbc-frankfurt-7, sbc-frankfurt-8,',
      '            sbc-frankfurt-9, sbc-frankfurt-10, sbc-frankfurt-11,',
      '            sbc-frankfurt-12',
    ]);
    expect(lines).toContain('  disabled: sbc-frankfurt-4');
    expect(Math.max(...lines.map((line) => stringWidth(line)))).toBeLessThanOrEqual(80);
  });

  test('a node that was not read at all is unknown, not missing', () => {
    const lines = statusTable(two, observation([seenNode('node-1')], []));
    expect(lines[4]).toBe('node-2  unknown  unknown   unknown  unknown  unknown  unknown  unknown');
    expect(lines).toContain('node-2: unknown: it was not read');
    expect(lines).toContain('lb-1: unknown: it was not read');
  });
});

test.each([
  [45_000, '45s'],
  [372_000, '6m'],
  [3_600_000 * 5 + 60_000 * 7, '5h7m'],
  [86_400_000 * 120, '120d0h'],
])('uptime of %i ms is %s', (ms, text) => {
  const lines = statusTable(two, observation([seenNode('node-1', { uptimeMs: known(ms) })], []));
  expect(lines[3]).toContain(` ${text} `);
});

describe('the document', () => {
  const at = new Date('2026-11-22T21:31:34Z');

  test('has what is known, null and why for what is not, and no secret', () => {
    const seen = observation(
      [seenNode('node-1', { calls: unknown('-ERR Database error!') }), unreachable('node-2')],
      [seenProxy('lb-1', ['AP', 'DX']), seenProxy('lb-2', [], { trouble: gone })],
    );
    const document = statusDocument(two, seen, at);
    expect(document).toMatchObject({
      v: 1,
      type: 'status',
      at: '2026-11-22T21:31:34.000Z',
      cluster: 'voice-eu',
      complete: false,
    });
    expect(document.nodes[0]).toEqual({
      node: 'node-1',
      labels: { role: 'edge' },
      error: null,
      ready: true,
      sessions: 37,
      sessionLimit: 1_000,
      peak5Min: 40,
      calls: null,
      channels: 37,
      uptimeMs: 273_600_000,
      version: '1.10.12-release-10222002881-a88d069d6f 64bit',
      coreUuid: '9a0b1c2d-0000-4000-8000-000000000001',
      pause: { inbound: false, outbound: false },
      mark: null,
      markFresh: null,
      lastRun: null,
      unknown: { calls: '-ERR Database error!' },
      destinations: [
        {
          proxy: 'lb-1',
          set: 1,
          uri: uriOf(0),
          duid: null,
          listed: 1,
          flags: 'AP',
          state: 'active',
          probing: true,
        },
        {
          proxy: 'lb-2',
          set: 1,
          uri: uriOf(0),
          duid: null,
          listed: null,
          flags: null,
          state: null,
          probing: null,
        },
      ],
    });
    expect(document.nodes[1]).toMatchObject({ error: gone, sessions: null, pause: null });
    expect(Object.keys(document.nodes[1]?.unknown ?? {})).toHaveLength(11);
    expect(document.proxies).toEqual([
      { proxy: 'lb-1', error: null, version: 'kamailio 5.6.3', instance: '1 2' },
      { proxy: 'lb-2', error: gone, version: 'kamailio 5.6.3', instance: '1 2' },
    ]);
    expect(jsonText(document)).not.toMatch(/hunter2|ClueCon|secret/);
  });

  test('counts the lines of a destination: none and two are faults, not states', () => {
    const twin = { uri: uriOf(0), duid: null, flags: 'AP' };
    const seen = observation(
      [seenNode('node-1'), seenNode('node-2')],
      [
        seenProxy('lb-1', [], { sets: known([{ id: 1, targets: [twin, twin] }]) }),
        seenProxy('lb-2', ['AP', 'AP']),
      ],
    );
    const { nodes, complete } = statusDocument(two, seen, at);
    expect(complete).toBe(true);
    expect(nodes.map(({ destinations }) => destinations[0])).toEqual([
      {
        proxy: 'lb-1',
        set: 1,
        uri: uriOf(0),
        duid: null,
        listed: 2,
        flags: null,
        state: null,
        probing: null,
      },
      {
        proxy: 'lb-1',
        set: 1,
        uri: uriOf(1),
        duid: null,
        listed: 0,
        flags: null,
        state: null,
        probing: null,
      },
    ]);
  });
});
