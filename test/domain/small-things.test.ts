import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { canCarry, shareOf, limitsOf, loadOf } from '../../src/domain/capacity.ts';
import { isSelectable, readFlags, stateArgument } from '../../src/domain/dispatcher-state.ts';
import { formatDuration, parseDuration, roughDuration } from '../../src/domain/duration.ts';
import { readOut } from '../../src/domain/drift.ts';
import { errorInfo, FshaError } from '../../src/domain/errors.ts';
import { firstExit, type ExitCode } from '../../src/domain/exit-codes.ts';
import { judgeHealth } from '../../src/domain/health.ts';
import { readMark, writeMark } from '../../src/domain/mark.ts';
import { permissionProbes } from '../../src/domain/restart-command.ts';
import { Secret } from '../../src/domain/secret.ts';
import { parseSipAddress, sameSipAddress } from '../../src/domain/sip-address.ts';
import { masked, printable } from '../../src/domain/text.ts';
import { takeBaseline } from '../../src/domain/baseline.ts';
import {
  baseline,
  cluster,
  DOWN,
  known,
  node,
  observation,
  seenNode,
  seenProxy,
  unknown,
} from './builders.ts';

describe('durations', () => {
  it.each([
    ['90s', 90_000],
    ['1h30m', 5_400_000],
    ['250ms', 250],
    ['1m500ms', 60_500],
    ['0s', 0],
    ['2h', 7_200_000],
  ])('reads %s', (text, ms) => expect(parseDuration(text)).toBe(ms));
  it.each(['', '5', '1.5h', '1,5h', '30m1h', '1h1h', '-5s', '5 s', '5S', '1d', 'none', '99999999999999h'])(
    'refuses %j',
    (text) => expect(parseDuration(text)).toBeUndefined(),
  );
  it('prints what it reads', () => {
    for (const ms of [0, 1, 999, 1_000, 61_001, 3_600_000, 86_399_999])
      expect(parseDuration(formatDuration(ms))).toBe(ms);
  });
  it.each([
    [80, '80ms'],
    [6_240, '6.2s'],
    [9_960, '10s'],
    [64_400, '1m4s'],
    [3_700_000, '1h2m'],
  ])('shows %d ms as %s', (ms, text) => expect(roughDuration(ms)).toBe(text));
});

describe('FLAGS', () => {
  it.each([
    ['AP', 'active', 'ap'],
    ['AX', 'active', 'a'],
    ['TP', 'trying', 'tp'],
    ['TX', 'trying', 't'],
    ['IP', 'inactive', 'ip'],
    ['IX', 'inactive', 'i'],
    ['DX', 'disabled', 'd'],
    ['DP', 'disabled', 'd'],
    ['AN', 'active', 'a'],
  ] as const)('%s is %s, and set_state %s gives it back', (text, state, argument) => {
    const flags = readFlags(text);
    expect(flags?.state).toBe(state);
    expect(flags && stateArgument(flags)).toBe(argument);
  });
  it.each(['', 'A', 'P', 'ZX', 'APQR', 'ap', 'AP '])('refuses %j', (text) =>
    expect(readFlags(text)).toBeUndefined(),
  );
  it('selects active and trying only', () => {
    expect(
      ['AP', 'TX', 'IP', 'DX'].map((text) =>
        isSelectable(readFlags(text) ?? { state: 'disabled', probing: false, noPing: false }),
      ),
    ).toEqual([true, true, false, false]);
  });
});

describe('SIP addresses', () => {
  it.each([
    ['sip:10.0.1.10:5080', 'sip:10.0.1.10:5080;transport=udp', true],
    ['sip:10.0.1.10', 'sip:10.0.1.10:5060', true],
    ['sip:FS1.example:5080', 'sip:fs1.example:5080', true],
    ['sip:[2001:db8::1]:5080', 'sip:[2001:DB8::1]:5080', true],
    ['sip:10.0.1.10:5080', 'sip:10.0.1.10:5080;transport=tcp', false],
    ['sip:10.0.1.10:5080', 'sip:10.0.1.10:5081', false],
  ])('%s and %s', (one, other, same) => expect(sameSipAddress(one, other)).toBe(same));
  it.each(['10.0.1.10:5080', 'sip:', 'sip:10.0.1.10:99999', 'tel:112', 'sip:a b'])('refuses %s', (uri) =>
    expect(parseSipAddress(uri)).toBeUndefined(),
  );
});

describe('text from the wire', () => {
  it('keeps no control character, no line break and no bidirectional override', () => {
    expect(printable('a\x1b[2Jb\r\nc\u202ed\u0085e\u200bf')).toBe(
      'a\ufffd[2Jb\ufffd\ufffdc\ufffdd\ufffde\ufffdf',
    );
  });
  it('cuts by characters, not in the middle of one', () =>
    expect(printable('日本語日本語', 4)).toBe('日本語…'));
  it.each([
    ['+420777123456', '********56'],
    ['1001', '****'],
    ['', ''],
  ])('masks %j', (number, shown) => expect(masked(number)).toBe(shown));
});

describe('secrets and errors', () => {
  it('shows a secret in no way but reveal', () => {
    const secret = new Secret('hunter2');
    const shown = [
      String(secret),
      JSON.stringify({ secret }),
      inspect(secret),
      inspect({ secret }, { depth: 9, showHidden: true }),
    ].join();
    expect(shown).not.toContain('hunter2');
    expect(secret.reveal()).toBe('hunter2');
  });
  it('never shows a cause, since libraries put credentials there', () => {
    const error = new FshaError('rpc.auth', 'no', '', { headers: { Authorization: 'hunter2' } });
    const shown = [
      JSON.stringify(error),
      JSON.stringify(errorInfo(error)),
      inspect(error, { depth: 9, showHidden: true }),
    ];
    expect(shown.join()).not.toContain('hunter2');
    expect(error.original()).toBeDefined();
  });
  it('calls what is no FshaError a bug', () => expect(errorInfo(new TypeError('x')).code).toBe('bug'));
});

describe('exit codes', () => {
  const rows: readonly (readonly [readonly ExitCode[], ExitCode])[] = [
    [[], 0],
    [[0, 0], 0],
    [[0, 12], 12],
    [[7, 9], 9],
    [[130, 5], 130],
    [[11, 7, 8], 11],
    [[6, 5], 6],
    [[10, 0], 10],
    [[3], 3],
    [[4, 0], 4],
  ];
  it.each(rows)('%j → %d', (codes, expected) => expect(firstExit(codes)).toBe(expected));
});

describe('capacity', () => {
  const load = (sessions: number, calls: number, peak = sessions) => ({
    sessions: known(sessions),
    calls: known(calls),
    peak5Min: known(peak),
  });
  const survivor = (name: string, changes: Parameters<typeof seenNode>[1]) => ({
    node: node(name, '10.0.1.11'),
    seen: seenNode(name, changes),
  });
  it('reckons with the five-minute peak, and never below now', () => {
    expect(loadOf(seenNode('n', load(10, 5, 40)))).toEqual({ calls: 20, sessions: 40 });
    expect(loadOf(seenNode('n', load(10, 5, 0)))).toEqual({ calls: 5, sessions: 10 });
    expect(loadOf(seenNode('n', load(0, 0, 8)))).toEqual({ calls: 4, sessions: 8 });
  });
  it('takes sessions for calls where these are unknown', () =>
    expect(loadOf(seenNode('n', { ...load(10, 0), calls: unknown('db') }))).toEqual({
      calls: 10,
      sessions: 10,
    }));
  it('has no load where sessions are unknown', () =>
    expect(loadOf(seenNode('n', { sessions: unknown('x') }))).toBeUndefined());
  it('takes the lower of the two session limits', () =>
    expect(
      limitsOf({ calls: 100, sessions: 200, callsPerSecond: 1 }, seenNode('n', { sessionLimit: known(50) })),
    ).toEqual({ calls: 100, sessions: 50 }));
  it.each([
    ['next: one neighbour takes all', 'next', 0, false],
    ['even: each takes a half', 'even', 0, true],
    ['even, with headroom', 'even', 0.2, false],
  ] as const)('%s', (_name, dispatch, headroom, can) => {
    const leaving = [{ name: 'a', load: loadOf(seenNode('a', load(60, 60))) }];
    const survivors = [survivor('b', load(60, 60)), survivor('c', load(60, 60))];
    const share = (): number => shareOf(dispatch, survivors.length);
    expect(canCarry({ leaving, survivors, headroom, share }).can).toBe(can);
  });
  it('does not guess', () => {
    const blind = [survivor('b', { sessions: unknown('x') })];
    const one = { calls: 1, sessions: 1 };
    const question = { headroom: 0, share: () => 1 };
    expect(canCarry({ ...question, leaving: [{ name: 'a', load: one }], survivors: blind }).can).toBe(
      'unknown',
    );
    const well = [survivor('b', load(1, 1))];
    expect(canCarry({ ...question, leaving: [{ name: 'a', load: undefined }], survivors: well }).can).toBe(
      'unknown',
    );
  });
});

describe('readOut', () => {
  const out = (flags: string, changes = {}) =>
    observation({
      proxies: [
        seenProxy('lb-1', [['sip:10.0.1.10:5080', flags]], changes),
        seenProxy('lb-2', [['sip:10.0.1.10:5080', 'DX']]),
      ],
    });
  const read = (flags: string, changes = {}) =>
    readOut(out(flags, changes), baseline().destinations, { 'lb-1': 'instance-of-lb-1' });
  it('is quiet while everything is disabled', () => expect(read('DX')).toEqual({ drift: [], unknown: [] }));
  it.each([
    ['AP', {}, /reload/],
    ['IP', {}, /ds_mark_dst/],
    ['AP', { instance: known('another') }, /lb-1 was restarted/],
  ])('%s %j', (flags, changes, cause) => expect(read(flags, changes).drift[0]?.cause).toMatch(cause));
  it('calls a proxy that cannot be read, and a line that is gone, unknown', () => {
    expect(read('DX', { trouble: DOWN }).unknown).toEqual(['lb-1: it is down']);
    expect(read('DX', { sets: known([]) }).unknown).toEqual([
      'lb-1 set 1 sip:10.0.1.10:5080 is no longer listed',
    ]);
  });
});

describe('health', () => {
  const { verify } = cluster();
  const full = (gateway: string, profile = 'RUNNING', registrations = 3) => ({
    full: {
      profiles: known([{ name: 'external', state: profile }]),
      gateways: known([{ name: 'external::trunk-a', state: gateway }]),
      registrations: known(registrations),
    },
  });
  it.each([
    ['as before', seenNode('node-1', full('REGED')), 0, 0],
    ['not read', undefined, 1, 0],
    ['down', seenNode('node-1', { trouble: DOWN }), 1, 0],
    ['not ready', seenNode('node-1', { ready: known(false) }), 1, 0],
    ['readiness unknown', seenNode('node-1', { ready: unknown('x') }), 1, 0],
    ['a profile does not run', seenNode('node-1', full('REGED', 'DOWN')), 1, 0],
    ['a gateway does not register', seenNode('node-1', full('TRYING')), 1, 0],
    ['a pulse only', seenNode('node-1', { full: null }), 1, 0],
    ['fewer registrations', seenNode('node-1', full('REGED', 'RUNNING', 2)), 0, 1],
  ] as const)('%s', (_name, seen, missing, warnings) => {
    const verdict = judgeHealth(baseline(), seen, verify);
    expect([verdict.missing.length, verdict.warnings.length]).toEqual([missing, warnings]);
  });
  it('asks nothing of a gateway that was not registered before', () => {
    const before = baseline({
      gateways: [
        { name: 'external::trunk-c', state: 'NOREG' },
        { name: 'external::trunk-b', state: 'TRYING' },
      ],
    });
    expect(
      judgeHealth(
        before,
        seenNode('node-1', {
          full: {
            profiles: known([{ name: 'external', state: 'RUNNING' }]),
            gateways: known([]),
            registrations: known(3),
          },
        }),
        verify,
      ).missing,
    ).toEqual([]);
  });
});

describe('marks', () => {
  it('reads what it wrote, and nothing in it can end a command', () => {
    const writer = { run: '20261122-200000-abcd', who: 'ops team@bastion\r\n,x' };
    for (const token of [null, '0a1b2c3d'])
      for (const guard of [false, true]) {
        const mark = writeMark({ ...writer, token, guard }, new Date('2026-11-22T20:00:00Z'));
        expect(mark).toMatch(/^[\w@.:,-]+$/);
        expect(readMark(mark)).toEqual({
          run: '20261122-200000-abcd',
          who: 'ops_team@bastion___x',
          at: Date.parse('2026-11-22T20:00:00Z'),
          up: null,
          token,
          guard,
          ended: false,
        });
        const at = new Date('2026-11-22T20:00:00Z');
        expect(readMark(writeMark({ ...writer, token, guard }, at, 90_061_001))).toMatchObject({
          at: at.getTime(),
          up: 90_061_001,
          token,
          guard,
          ended: false,
        });
        // That it has ended says more than what it was.
        const over = writeMark({ ...writer, token, guard, ended: true }, at, 5);
        expect(readMark(over)).toMatchObject({ up: 5, token, guard: false, ended: true });
      }
  });
  it.each([
    // As they were written before a mark told its node's clock.
    'r1,ops@b,2026-11-22T20:00:00.000Z',
    'r1,ops@b,2026-11-22T20:00:00.000Z,0a1b2c3d',
    'r1,ops@b,2026-11-22T20:00:00.000Z,0a1b2c3d,guard',
  ])('reads the older form %s', (text) =>
    expect(readMark(text)).toMatchObject({
      run: 'r1',
      who: 'ops@b',
      up: null,
      at: Date.parse('2026-11-22T20:00:00Z'),
    }),
  );
  it.each([
    '',
    'nonsense',
    'a b,c,d',
    'r1,b,2026-11-22T20:00:00.000Z,up1e9',
    'r1,b,x,guard,ended',
    'r1,b,x,over',
    'r1,b,x,up99999999999999999999',
  ])('does not take %j for one', (text) => expect(readMark(text)).toBeUndefined());
});

describe('restart permission', () => {
  it.each([
    [
      'sudo -n systemctl restart freeswitch',
      [
        'sudo -n -l -- systemctl restart freeswitch',
        'systemctl show --property=LoadState --value freeswitch',
      ],
    ],
    [
      'systemctl restart freeswitch',
      ['command -v systemctl', 'systemctl show --property=LoadState --value freeswitch'],
    ],
    ['/usr/local/bin/restart-fs', ['command -v /usr/local/bin/restart-fs']],
    ['sudo systemctl restart freeswitch', ['false']],
    ['systemctl stop freeswitch && systemctl start freeswitch', []],
    // An option of sudo is not taken apart: nothing can be told.
    ['sudo -n -u root systemctl restart x', []],
  ])('%s', (command, probes) => {
    expect(permissionProbes(command).map((one) => one.probe)).toEqual(probes);
  });
});

describe('takeBaseline', () => {
  const whole = cluster();
  const [first] = whole.nodes;
  if (first === undefined) throw new Error('no node');
  it('takes what is there', () => {
    const taken = takeBaseline(whole, first, observation(), null, 200);
    expect(taken).toEqual({ baseline: baseline() });
  });
  it('inherits from the run that left the node out, and adds destinations that came since', () => {
    const standing = baseline({
      destinations: [{ proxy: 'lb-1', set: 1, uri: 'sip:10.0.1.10:5080', duid: null, flags: 'AX' }],
    });
    const seen = observation({
      proxies: [
        seenProxy('lb-1', [['sip:10.0.1.10:5080', 'DX']]),
        seenProxy('lb-2', [['sip:10.0.1.10:5080', 'DX']]),
      ],
    });
    const taken = takeBaseline(whole, first, seen, standing, null);
    expect(
      'baseline' in taken && taken.baseline.destinations.map((one) => `${one.proxy} ${one.flags}`),
    ).toEqual(['lb-1 AX', 'lb-2 DX']);
  });
  it('inherits what a proxy had that does not answer now: nobody else knows where the node is to be in again', () => {
    const standing = baseline();
    const silent = observation({
      proxies: [
        seenProxy('lb-1', [], { trouble: DOWN, sets: unknown('silent') }),
        seenProxy('lb-2', [['sip:10.0.1.10:5080', 'DX']]),
      ],
    });
    expect(takeBaseline(whole, first, silent, standing, null)).toEqual({ baseline: standing });
  });
  it('says what is missing', () => {
    expect(
      takeBaseline(
        whole,
        first,
        observation({ nodes: [seenNode('node-1', { pause: unknown('x') })] }),
        null,
        null,
      ),
    ).toEqual({ missing: ['pause: x'] });
    expect(
      takeBaseline(whole, first, observation({ nodes: [seenNode('node-1', { trouble: DOWN })] }), null, null),
    ).toEqual({ missing: ['node-1 does not answer on ESL'] });
  });
});
