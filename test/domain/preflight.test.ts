import { describe, expect, it } from 'vitest';
import { CHECK_NAMES, FORCEABLE, judge, refuses } from '../../src/domain/preflight/checks.ts';
import type { PreflightInput } from '../../src/domain/preflight/check.ts';
import {
  baseline,
  cluster,
  DOWN,
  known,
  type Listed,
  node,
  observation,
  policy,
  preflightInput,
  proxy,
  seenNode,
  seenProxy,
  unknown,
} from './builders.ts';

const ONE: Listed = ['sip:10.0.1.10:5080', 'AP'];
const TWO: Listed = ['sip:10.0.1.11:5080', 'AP'];

/** The verdicts that are not ok, as `level check` each. */
function troubles(changes: Partial<PreflightInput>): readonly string[] {
  return judge(preflightInput(changes))
    .filter((verdict) => verdict.level !== 'ok')
    .map((verdict) => `${verdict.level} ${verdict.check}`);
}

describe('preflight', () => {
  it('finds nothing wrong with a healthy cluster, and every check speaks', () => {
    const verdicts = judge(preflightInput());
    expect(verdicts.filter((verdict) => verdict.level !== 'ok')).toEqual([]);
    expect(new Set(verdicts.map((verdict) => verdict.check))).toEqual(new Set(CHECK_NAMES));
    expect(refuses(verdicts)).toBe(false);
  });

  const rows: readonly (readonly [string, Partial<PreflightInput>, readonly string[]])[] = [
    [
      'the node does not answer',
      { observation: observation({ nodes: [seenNode('node-1', { trouble: DOWN })] }) },
      ['refusal esl'],
    ],
    [
      'its sessions are unknown',
      { observation: observation({ nodes: [seenNode('node-1', { sessions: unknown('garbage') })] }) },
      ['refusal esl', 'refusal capacity'],
    ],
    [
      'its profiles cannot be read',
      {
        observation: observation({
          nodes: [
            seenNode('node-1', {
              full: { profiles: unknown('x'), gateways: known([]), registrations: known(0) },
            }),
          ],
        }),
      },
      ['refusal esl'],
    ],
    [
      'it is not ready',
      { observation: observation({ nodes: [seenNode('node-1', { ready: known(false) })] }) },
      ['warning esl'],
    ],
    [
      'another FreeSWITCH answers there',
      { observation: observation({ nodes: [seenNode('node-1', { switchname: known('node-7') })] }) },
      ['refusal identity'],
    ],
    [
      'two nodes are one FreeSWITCH',
      {
        observation: observation({
          nodes: [
            seenNode('node-1', { coreUuid: known('same') }),
            seenNode('node-2', { coreUuid: known('same') }),
          ],
        }),
      },
      ['refusal identity'],
    ],
    [
      'a proxy is silent',
      { observation: observation({ proxies: [seenProxy('lb-2', [], { trouble: DOWN })] }) },
      ['refusal proxies'],
    ],
    [
      'a proxy gives no list',
      { observation: observation({ proxies: [seenProxy('lb-2', [], { sets: unknown('cut short') })] }) },
      ['refusal proxies'],
    ],
    [
      'a silent proxy is ignored',
      {
        policy: policy({ ignoreProxies: ['lb-2'] }),
        observation: observation({ proxies: [seenProxy('lb-2', [], { trouble: DOWN })] }),
      },
      ['warning proxies'],
    ],
    [
      'two proxies are one',
      {
        observation: observation({
          proxies: [seenProxy('lb-2', [ONE, TWO], { instance: known('instance-of-lb-1') })],
        }),
      },
      ['refusal distinct-proxies'],
    ],
    [
      'the node is not listed on one proxy',
      { observation: observation({ proxies: [seenProxy('lb-2', [TWO])] }) },
      ['refusal destinations'],
    ],
    [
      'the list is empty',
      { observation: observation({ proxies: [seenProxy('lb-2', [])] }) },
      ['refusal destinations', 'refusal survivors'],
    ],
    [
      'the same URI stands twice',
      { observation: observation({ proxies: [seenProxy('lb-2', [ONE, ONE, TWO])] }) },
      ['refusal destinations'],
    ],
    [
      'flags that nobody knows',
      { observation: observation({ proxies: [seenProxy('lb-2', [['sip:10.0.1.10:5080', 'ZZ'], TWO])] }) },
      ['refusal destinations'],
    ],
    [
      'pinging is forbidden (6.x)',
      { observation: observation({ proxies: [seenProxy('lb-2', [['sip:10.0.1.10:5080', 'AN'], TWO])] }) },
      ['warning destinations'],
    ],
    [
      'another port of the node is listed',
      {
        addresses: { '10.0.1.10': known(['10.0.1.10']) },
        observation: observation({ proxies: [seenProxy('lb-2', [ONE, TWO, ['sip:10.0.1.10:5090', 'AP']])] }),
      },
      ['refusal unlisted-targets'],
    ],
    [
      'another transport of the node is listed',
      {
        addresses: { '10.0.1.10': known(['10.0.1.10']) },
        observation: observation({
          proxies: [seenProxy('lb-2', [ONE, TWO, ['sip:10.0.1.10:5080;transport=tcp', 'AP']])],
        }),
      },
      ['refusal unlisted-targets'],
    ],
    [
      'the node is listed under a name',
      {
        addresses: { 'fs1.example': known(['10.0.1.10']) },
        observation: observation({
          proxies: [seenProxy('lb-2', [ONE, TWO, ['sip:fs1.example:5080', 'AP']])],
        }),
      },
      ['refusal unlisted-targets'],
    ],
    [
      'a name that does not resolve',
      {
        addresses: { 'fs1.example': unknown('no') },
        observation: observation({
          proxies: [seenProxy('lb-2', [ONE, TWO, ['sip:fs1.example:5080', 'AP']])],
        }),
      },
      ['warning unlisted-targets'],
    ],
    [
      'a stranger is listed',
      {
        addresses: { '10.9.9.9': known(['10.9.9.9']) },
        observation: observation({ proxies: [seenProxy('lb-2', [ONE, TWO, ['sip:10.9.9.9:5080', 'AP']])] }),
      },
      [],
    ],
    [
      'the other node is inactive on one proxy',
      { observation: observation({ proxies: [seenProxy('lb-2', [ONE, ['sip:10.0.1.11:5080', 'IP']])] }) },
      ['refusal survivors'],
    ],
    [
      'the other node is in state trying, still selected',
      { observation: observation({ proxies: [seenProxy('lb-2', [ONE, ['sip:10.0.1.11:5080', 'TP']])] }) },
      [],
    ],
    [
      'the other node does not answer',
      { observation: observation({ nodes: [seenNode('node-2', { trouble: DOWN })] }) },
      ['refusal survivors', 'refusal survivors'],
    ],
    [
      'the other node is not ready',
      { observation: observation({ nodes: [seenNode('node-2', { ready: known(false) })] }) },
      ['refusal survivors', 'refusal survivors'],
    ],
    [
      'the other node is paused',
      {
        observation: observation({
          nodes: [seenNode('node-2', { pause: known({ inbound: true, outbound: false }) })],
        }),
      },
      ['refusal survivors', 'refusal survivors'],
    ],
    [
      'the other node is full by its own limit',
      {
        observation: observation({
          nodes: [seenNode('node-2', { sessions: known(20), calls: known(10), sessionLimit: known(20) })],
        }),
      },
      ['refusal survivors', 'refusal survivors'],
    ],
    [
      'the other node is full by its calls',
      {
        observation: observation({
          nodes: [seenNode('node-2', { sessions: known(110), calls: known(100) })],
        }),
      },
      ['refusal survivors', 'refusal survivors'],
    ],
    [
      'only a stranger is left',
      {
        cluster: cluster({ nodes: [node('node-1', '10.0.1.10')] }),
        addresses: { '10.0.1.11': known(['10.0.1.11']) },
      },
      ['refusal survivors', 'refusal survivors'],
    ],
    [
      'the others cannot carry it',
      {
        observation: observation({
          nodes: [
            seenNode('node-1', { sessions: known(60), calls: known(60) }),
            seenNode('node-2', { sessions: known(60), calls: known(60) }),
          ],
        }),
      },
      ['refusal capacity'],
    ],
    [
      'it will be tight',
      {
        observation: observation({
          nodes: [
            seenNode('node-1', { sessions: known(45), calls: known(45) }),
            seenNode('node-2', { sessions: known(45), calls: known(45) }),
          ],
        }),
      },
      ['warning capacity'],
    ],
    [
      'a peak is unknown',
      { observation: observation({ nodes: [seenNode('node-2', { peak5Min: unknown('it does not say') })] }) },
      ['warning capacity'],
    ],
    [
      'SSH does not log in',
      { facts: { ssh: { code: 'ssh.auth', message: 'no', hint: 'Add the key.' }, options: known(200) } },
      ['refusal ssh'],
    ],
    [
      'SSH is not needed without a restart',
      { policy: policy({ restart: false }), facts: { options: known(200) } },
      [],
    ],
    [
      'sudo says no',
      { facts: { ssh: null, restart: known('sudo does not allow it'), options: known(200) } },
      ['refusal restart-permission'],
    ],
    [
      'nobody can tell about sudo',
      { facts: { ssh: null, restart: unknown('a shell line'), options: known(200) } },
      ['warning restart-permission'],
    ],
    [
      'the core database is down',
      {
        observation: observation({
          nodes: [
            seenNode('node-1', {
              calls: unknown('-ERR Database error!'),
              channels: unknown('-ERR Database error!'),
            }),
          ],
        }),
      },
      ['refusal database'],
    ],
    [
      'another run holds the node',
      {
        observation: observation({
          nodes: [seenNode('node-1', { mark: known('r1,ops@b,2026-11-22T20:00:00Z') })],
        }),
      },
      ['refusal mark'],
    ],
    [
      'ghost rows',
      {
        observation: observation({
          nodes: [
            seenNode('node-1', {
              sessions: known(0),
              calls: known(2),
              channels: known(2),
              peak5Min: known(0),
            }),
          ],
        }),
      },
      ['warning ghost-rows'],
    ],
    [
      'the node was disabled by somebody',
      { observation: observation({ proxies: [seenProxy('lb-1', [['sip:10.0.1.10:5080', 'DX'], TWO])] }) },
      ['refusal found-state'],
    ],
    [
      'the node was disabled by somebody, and it is said what then',
      {
        policy: policy({ foundDisabled: 'leave' }),
        observation: observation({ proxies: [seenProxy('lb-1', [['sip:10.0.1.10:5080', 'DX'], TWO])] }),
      },
      ['warning found-state'],
    ],
    [
      'the node was left out by a run',
      {
        standing: { run: 'r0', settled: true, restarted: false, restartOpen: false, baseline: baseline() },
        runs: { r0: 'ended' },
        observation: observation({
          nodes: [seenNode('node-1', { mark: known('r0,ops@b,2026-11-22T20:00:00Z') })],
          proxies: [seenProxy('lb-1', [['sip:10.0.1.10:5080', 'DX'], TWO])],
        }),
      },
      [],
    ],
    [
      'the node was left by a run as it was found: disabled by somebody',
      {
        standing: {
          run: 'r0',
          settled: true,
          restarted: false,
          restartOpen: false,
          baseline: {
            ...baseline(),
            destinations: baseline().destinations.map((one) => ({ ...one, flags: 'DX' })),
          },
        },
        observation: observation({ proxies: [seenProxy('lb-1', [['sip:10.0.1.10:5080', 'DX'], TWO])] }),
      },
      ['refusal found-state'],
    ],
    [
      'the node was found inactive',
      { observation: observation({ proxies: [seenProxy('lb-1', [['sip:10.0.1.10:5080', 'IP'], TWO])] }) },
      ['warning found-state'],
    ],
    [
      'the node was found paused',
      {
        observation: observation({
          nodes: [seenNode('node-1', { pause: known({ inbound: true, outbound: false }) })],
        }),
      },
      ['warning found-state'],
    ],
  ];
  it.each(rows)('%s', (_name, changes, expected) => {
    expect(troubles(changes)).toEqual(expected);
  });

  it('gives back one destination of several that somebody disabled as it was found', () => {
    const both = node('node-1', '10.0.1.10', {
      destinations: [
        { set: 1, duid: 'a' },
        { set: 1, duid: 'b' },
      ],
    });
    const changes = (a: string, b: string): Partial<PreflightInput> => ({
      cluster: cluster({ nodes: [both, node('node-2', '10.0.1.11')] }),
      node: both,
      observation: observation({
        proxies: ['lb-1', 'lb-2'].map((name) =>
          seenProxy(name, [
            ['sip:10.0.1.10:5080', name === 'lb-1' ? a : 'AP', 'a'],
            ['sip:10.0.1.10:5080', name === 'lb-1' ? b : 'AP', 'b'],
            TWO,
          ]),
        ),
      }),
    });
    expect(troubles(changes('DX', 'AP'))).toEqual(['warning found-state']);
    expect(troubles(changes('DX', 'DX'))).toEqual(['refusal found-state']);
  });

  it('takes twins apart by their duid', () => {
    const twins: readonly Listed[] = [
      ['sip:10.0.1.10:5080', 'AP', 'a'],
      ['sip:10.0.1.10:5080', 'AP', 'b'],
      TWO,
    ];
    const both = cluster({
      nodes: [
        node('node-1', '10.0.1.10', {
          destinations: [
            { set: 1, duid: 'a' },
            { set: 1, duid: 'b' },
          ],
        }),
        node('node-2', '10.0.1.11'),
      ],
    });
    const seen = observation({ proxies: [seenProxy('lb-1', twins), seenProxy('lb-2', twins)] });
    expect(troubles({ cluster: both, observation: seen })).toEqual([]);
    const one = cluster({
      nodes: [
        node('node-1', '10.0.1.10', { destinations: [{ set: 1, duid: 'a' }] }),
        node('node-2', '10.0.1.11'),
      ],
    });
    expect(
      troubles({ cluster: one, observation: seen, addresses: { '10.0.1.10': known(['10.0.1.10']) } }),
    ).toEqual(['refusal unlisted-targets', 'refusal unlisted-targets']);
  });

  it('counts a survivor in every set that the node is in', () => {
    const sets = (flags: string) =>
      known([
        {
          id: 1,
          targets: [
            { uri: 'sip:10.0.1.10:5080', flags: 'AP', duid: null },
            { uri: 'sip:10.0.1.11:5080', flags: 'AP', duid: null },
          ],
        },
        {
          id: 2,
          targets: [
            { uri: 'sip:10.0.1.10:5080', flags: 'AP', duid: null },
            { uri: 'sip:10.0.1.11:5080', flags, duid: null },
          ],
        },
      ]);
    const two = (ip: string) => ({ destinations: [1, 2].map((set) => ({ set, uri: `sip:${ip}:5080` })) });
    const both = cluster({
      proxies: [proxy('lb-1')],
      nodes: [node('node-1', '10.0.1.10', two('10.0.1.10')), node('node-2', '10.0.1.11', two('10.0.1.11'))],
    });
    const seen = (flags: string) => observation({ proxies: [seenProxy('lb-1', [], { sets: sets(flags) })] });
    expect(troubles({ cluster: both, observation: seen('AP') })).toEqual([]);
    expect(troubles({ cluster: both, observation: seen('DX') })).toEqual(['refusal survivors']);
  });

  it('makes a warning of a forced refusal, and only of one that may be forced', () => {
    const full = observation({
      nodes: [
        seenNode('node-1', { sessions: known(60), calls: known(60) }),
        seenNode('node-2', { sessions: known(60), calls: known(60) }),
      ],
    });
    const forced = judge(preflightInput({ observation: full, policy: policy({ force: ['capacity'] }) }));
    expect(forced.find((verdict) => verdict.check === 'capacity')).toMatchObject({
      level: 'warning',
      forced: true,
    });
    const blind = observation({ nodes: [seenNode('node-1', { trouble: DOWN })] });
    expect(refuses(judge(preflightInput({ observation: blind, policy: policy({ force: ['esl'] }) })))).toBe(
      true,
    );
    const twin = observation({
      nodes: [
        seenNode('node-1', { coreUuid: known('same') }),
        seenNode('node-2', { coreUuid: known('same') }),
      ],
    });
    expect(
      refuses(judge(preflightInput({ observation: twin, policy: policy({ force: ['identity'] }) }))),
    ).toBe(true);
    for (const never of ['esl', 'proxies', 'ssh', 'destinations']) expect(FORCEABLE).not.toContain(never);
  });

  it('calls a foreign mark locked, and says how old it is', () => {
    const held = observation({
      nodes: [seenNode('node-1', { mark: known('r1,ops@b,2026-11-22T20:00:00Z') })],
    });
    const verdict = judge(preflightInput({ observation: held })).find((one) => one.check === 'mark');
    expect(verdict).toMatchObject({ locked: true, why: 'node-1 is held by run r1 of ops@b, 10m ago' });
  });

  it('gives every refusal something to do', () => {
    for (const [, changes] of rows) {
      for (const verdict of judge(preflightInput(changes))) {
        if (verdict.level === 'refusal') expect(verdict.fix ?? '', verdict.why).not.toBe('');
      }
    }
  });
});
