import { describe, expect, it } from 'vitest';
import { conclude, type Interruption } from '../../src/domain/conclude.ts';
import type { Effect, Intent } from '../../src/domain/effect.ts';
import type { ErrorCode } from '../../src/domain/errors.ts';
import { planActivate, planDeactivate, planDrain, type Plan } from '../../src/domain/plan.ts';
import type { Policy } from '../../src/domain/policy.ts';
import { fold } from '../../src/domain/run.ts';
import type { EffectSettled, NewEvent, RunEvent } from '../../src/domain/run-events.ts';
import { baseline, policy } from './builders.ts';

/** A run told in few words: each is one or several events of node-1. */
function story(
  told: readonly NewEvent[],
  settings: { plan?: Plan; policy?: Policy } = {},
): readonly RunEvent[] {
  const wanted = settings.policy ?? policy();
  const started: NewEvent = {
    type: 'run.started',
    data: {
      command: 'drain node-1',
      reason: null,
      who: 'ops@bastion',
      cluster: 'voice',
      inventory: { path: '/etc/fsha/fsha.yaml', sha256: 'ab' },
      policy: wanted,
      plan: settings.plan ?? planDrain('node-1', wanted),
    },
  };
  return [started, ...told].map((event, index) => ({
    v: 1,
    seq: index + 1,
    at: '2026-11-22T20:00:00Z',
    mono: index,
    run: 'r1',
    ...event,
  }));
}

const looked: NewEvent = {
  type: 'preflight.settled',
  node: 'node-1',
  step: 'node-1/preflight',
  data: { verdicts: [], baseline: baseline(), found: baseline().destinations },
};

const target = (proxy: string) => ({ proxy, set: 1, uri: 'sip:10.0.1.10:5080', duid: null });
const at = (step: string) => ({ node: 'node-1', step: `node-1/${step}` });

/** An effect, intended and settled; without an outcome it stays open, as where fsha died in it. */
function effect(
  step: string,
  what: Effect,
  found: string | boolean | null,
  outcome?: EffectSettled['outcome'],
  read?: string | boolean | null,
): readonly NewEvent[] {
  const intended: NewEvent = { type: 'effect.intended', ...at(step), data: { ...what, found } as Intent };
  if (outcome === undefined) return [intended];
  return [
    intended,
    {
      type: 'effect.settled',
      ...at(step),
      data: { effect: what.effect, target: what.target, outcome, read: read ?? null } as EffectSettled,
    },
  ];
}

const disabled = (proxy: string, outcome?: EffectSettled['outcome']): readonly NewEvent[] =>
  effect(
    'deactivate',
    { effect: 'dispatcher.state', target: target(proxy), wanted: 'd' },
    'AP',
    outcome,
    outcome === 'unknown' ? null : outcome === 'failed' ? 'AP' : 'DX',
  );
const out = [...disabled('lb-1', 'done'), ...disabled('lb-2', 'done')];
/** A destination that goes in, or does not. */
const enabled = (
  proxy: string,
  found: string,
  outcome: EffectSettled['outcome'],
  read?: string,
): readonly NewEvent[] =>
  effect(
    'activate',
    { effect: 'dispatcher.state', target: target(proxy), wanted: 'ip' },
    found,
    outcome,
    read ?? null,
  );
const marked = (
  step: string,
  wanted: string | null,
  outcome: EffectSettled['outcome'],
): readonly NewEvent[] =>
  effect(
    step,
    { effect: 'node.mark', target: { node: 'node-1' }, wanted },
    wanted === null ? 'r1,ops,now' : null,
    outcome,
    outcome === 'done' ? wanted : null,
  );
/** Found disabled on both proxies. */
const lookedOut: NewEvent = {
  type: 'preflight.settled',
  node: 'node-1',
  step: 'node-1/preflight',
  data: {
    verdicts: [],
    baseline: baseline(),
    found: baseline().destinations.map((one) => ({ ...one, flags: 'DX' })),
  },
};
const back = ['lb-1', 'lb-2'].flatMap((proxy) =>
  effect('restore', { effect: 'dispatcher.state', target: target(proxy), wanted: 'ap' }, 'DX', 'done', 'AP'),
);
const restarted = (outcome?: EffectSettled['outcome']): readonly NewEvent[] =>
  effect('restart', { effect: 'node.restart', target: { node: 'node-1' }, wanted: 'x' }, 'u1', outcome, 'u2');

const failed = (step: string, code: ErrorCode): NewEvent => ({
  type: 'step.settled',
  ...at(step),
  data: { outcome: 'failed', ms: 1, error: { code, message: 'm', hint: 'h' } },
});
const fine = (step: string): NewEvent => ({
  type: 'step.settled',
  ...at(step),
  data: { outcome: 'succeeded', ms: 1 },
});
const skipped = (step: string): NewEvent => ({
  type: 'step.settled',
  ...at(step),
  data: { outcome: 'skipped', ms: 1 },
});
const undo = (outcome: 'done' | 'failed' | 'unknown'): readonly NewEvent[] => [
  { type: 'undo.started', ...at('restore'), data: { effects: [] } },
  { type: 'undo.settled', ...at('restore'), data: { outcome } },
];

/** A leg of a call that was cut. */
const cut = (
  call: string,
  outcome: EffectSettled['outcome'],
  uuid = call,
  expendable = false,
): readonly NewEvent[] =>
  effect(
    'wait_drained',
    {
      effect: 'call.hangup',
      target: { node: 'node-1', uuid },
      wanted: { cause: 'NORMAL_CLEARING', call, from: '**12', to: '**34', since: '', expendable },
    },
    true,
    outcome,
    false,
  );
const hook = (outcome: EffectSettled['outcome']): readonly NewEvent[] =>
  effect('on_out', { effect: 'hook.on_out', target: { node: 'node-1' }, wanted: 'x' }, null, outcome);
const drifted = (proxy: string, now: string): NewEvent => ({
  type: 'drift.detected',
  ...at('verify'),
  data: { target: `${proxy} set 1 sip:10.0.1.10:5080`, before: 'DX', now, cause: 'a reload' },
});

describe('conclude', () => {
  const hold = policy({ hold: true });
  const rows: readonly (readonly [
    string,
    readonly RunEvent[],
    Interruption,
    readonly [number, string, string],
  ])[] = [
    [
      'a drain to its end',
      story([looked, ...out, ...restarted('done'), fine('verify'), fine('activate')]),
      null,
      [0, 'done', 'in service'],
    ],
    ['refused', story([looked, failed('preflight', 'refused')]), null, [3, 'refused', 'in service']],
    [
      'held by another run',
      story([looked, failed('preflight', 'locked')]),
      null,
      [4, 'refused', 'in service'],
    ],
    [
      'a bug before anything was changed',
      story([looked, failed('preflight', 'bug')]),
      null,
      [1, 'failed', 'in service'],
    ],
    [
      'timed out and given back',
      story([looked, ...out, failed('wait_drained', 'drain.expired'), ...back, ...undo('done')]),
      null,
      [5, 'restored', 'in service'],
    ],
    [
      'gave way to a run that took the node',
      story([looked, ...out, failed('wait_drained', 'locked'), skipped('restore')]),
      null,
      [4, 'refused', 'unknown'],
    ],
    [
      'gave way, and died before it could say that nothing is given back',
      story([looked, ...out, failed('wait_drained', 'locked')]),
      null,
      [4, 'refused', 'unknown'],
    ],
    [
      'gave way, and gave back what it had done',
      story([looked, ...out, failed('deactivate', 'locked'), ...back, ...undo('done')]),
      null,
      [12, 'failed', 'in service'],
    ],
    [
      'timed out and held',
      story([looked, ...out, failed('wait_drained', 'drain.expired')], {
        policy: policy({ onTimeout: 'hold' }),
      }),
      null,
      [6, 'held', 'out of service'],
    ],
    [
      'held as asked',
      story([looked, ...out, fine('wait_drained')], { policy: hold, plan: planDrain('node-1', hold) }),
      null,
      [6, 'held', 'out of service'],
    ],
    [
      'one proxy failed, undone',
      story([
        looked,
        ...disabled('lb-1', 'done'),
        ...disabled('lb-2', 'failed'),
        failed('deactivate', 'effect.failed'),
        ...back,
        ...undo('done'),
      ]),
      null,
      [12, 'failed', 'in service'],
    ],
    [
      'no survivor left after all, undone',
      story([looked, ...out, failed('deactivate', 'refused'), ...back, ...undo('done')]),
      null,
      [12, 'failed', 'in service'],
    ],
    [
      'one proxy unknown, and the undo too',
      story([
        looked,
        ...disabled('lb-1', 'done'),
        ...disabled('lb-2', 'unknown'),
        failed('deactivate', 'effect.unknown'),
        ...undo('unknown'),
      ]),
      null,
      [9, 'unknown', 'unknown'],
    ],
    [
      'the undo failed',
      story([looked, ...out, failed('wait_drained', 'drain.drift'), ...undo('failed')]),
      null,
      [9, 'unknown', 'out of service'],
    ],
    [
      'the restart failed',
      story([looked, ...out, ...restarted('failed'), failed('restart', 'restart.failed')]),
      null,
      [7, 'failed', 'out of service'],
    ],
    [
      'the restart is unknown',
      story([looked, ...out, ...restarted('unknown'), failed('restart', 'effect.unknown')]),
      null,
      [9, 'unknown', 'out of service'],
    ],
    [
      'not well afterwards',
      story([looked, ...out, ...restarted('done'), failed('verify', 'verify.failed')]),
      null,
      [8, 'failed', 'out of service'],
    ],
    [
      'never active again',
      story([looked, ...out, ...restarted('done'), fine('verify'), failed('activate', 'activate.failed')]),
      null,
      [8, 'failed', 'out of service'],
    ],
    [
      'the journal could not be written while verifying',
      story([looked, ...out, ...restarted('done'), failed('verify', 'journal')]),
      null,
      [8, 'failed', 'out of service'],
    ],
    [
      'the journal could not be written as the restart was under way',
      story([looked, ...out, ...restarted(), failed('restart', 'journal')]),
      null,
      [9, 'unknown', 'out of service'],
    ],
    [
      'Ctrl-C while waiting, undone',
      story([looked, ...out, failed('wait_drained', 'interrupted'), ...back, ...undo('done')]),
      'SIGINT',
      [130, 'interrupted', 'in service'],
    ],
    [
      'SIGTERM while waiting, undone',
      story([looked, ...out, failed('wait_drained', 'interrupted'), ...back, ...undo('done')]),
      'SIGTERM',
      [143, 'interrupted', 'in service'],
    ],
    [
      'a hangup with onHangup restore',
      story([looked, ...out, failed('wait_drained', 'interrupted'), ...back, ...undo('done')]),
      'SIGHUP',
      [129, 'interrupted', 'in service'],
    ],
    [
      'Ctrl-C at preflight',
      story([looked, failed('preflight', 'interrupted')]),
      'SIGINT',
      [130, 'interrupted', 'in service'],
    ],
    [
      'Ctrl-C while verifying',
      story([looked, ...out, ...restarted('done'), failed('verify', 'interrupted')]),
      'SIGINT',
      [130, 'interrupted', 'out of service'],
    ],
    [
      'Ctrl-C while restarting',
      story([looked, ...out, ...restarted('unknown'), failed('restart', 'interrupted')]),
      'SIGINT',
      [9, 'interrupted', 'out of service'],
    ],
    [
      'an effect that was never settled',
      story([looked, ...disabled('lb-1')]),
      null,
      [9, 'unknown', 'unknown'],
    ],
    [
      'out and staying out',
      story([looked, ...out, fine('deactivate')], { plan: planDeactivate('node-1') }),
      null,
      [0, 'done', 'out of service'],
    ],
    [
      'already out',
      story(
        [
          looked,
          ...effect(
            'deactivate',
            { effect: 'dispatcher.state', target: target('lb-1'), wanted: 'd' },
            'DX',
            'already',
            'DX',
          ),
          ...effect(
            'deactivate',
            { effect: 'dispatcher.state', target: target('lb-2'), wanted: 'd' },
            'DX',
            'already',
            'DX',
          ),
        ],
        { plan: planDeactivate('node-1') },
      ),
      null,
      [0, 'already', 'out of service'],
    ],
    [
      'activate of a sick node',
      story([looked, ...out, failed('verify', 'verify.failed'), ...undo('done')], {
        plan: planActivate('node-1'),
      }),
      null,
      [8, 'failed', 'out of service'],
    ],
    [
      'activate of a node that was in, undone',
      story(
        [looked, ...marked('verify', 'r1', 'done'), failed('activate', 'activate.failed'), ...undo('done')],
        {
          plan: planActivate('node-1'),
        },
      ),
      null,
      [12, 'failed', 'in service'],
    ],
    [
      'activate of a node that was in and is not well: nothing was changed',
      story([looked, failed('verify', 'verify.failed')], { plan: planActivate('node-1') }),
      null,
      [12, 'failed', 'in service'],
    ],
    [
      'activate of a node that was out, and the undo is unknown',
      story(
        [
          lookedOut,
          ...enabled('lb-1', 'DX', 'done', 'AP'),
          ...enabled('lb-2', 'DX', 'unknown'),
          failed('activate', 'activate.failed'),
          ...undo('unknown'),
        ],
        { plan: planActivate('node-1') },
      ),
      null,
      [9, 'unknown', 'unknown'],
    ],
    [
      'a proxy was never seen while it went in, and it is out on both all the same',
      story([
        looked,
        ...out,
        ...restarted('done'),
        fine('verify'),
        ...enabled('lb-2', 'DX', 'unknown'),
        failed('activate', 'activate.failed'),
        ...effect(
          'secure',
          { effect: 'dispatcher.state', target: target('lb-2'), wanted: 'd' },
          'IP',
          'done',
          'DX',
        ),
      ]),
      null,
      [8, 'failed', 'out of service'],
    ],
    [
      'Ctrl-C twice while it goes in: in on one proxy',
      story([
        looked,
        ...out,
        ...restarted('done'),
        fine('verify'),
        ...enabled('lb-2', 'DX', 'done', 'AP'),
        failed('activate', 'interrupted'),
      ]),
      'SIGINT',
      [9, 'interrupted', 'unknown'],
    ],
    [
      'Ctrl-C when it is in and only the mark is left, which stays',
      story([
        looked,
        ...marked('deactivate', 'r1', 'done'),
        ...out,
        ...restarted('done'),
        ...marked('activate', null, 'unknown'),
        fine('activate'),
      ]),
      'SIGINT',
      [130, 'interrupted', 'in service'],
    ],
    [
      'the same, and the mark went',
      story([
        looked,
        ...marked('deactivate', 'r1', 'done'),
        ...out,
        ...restarted('done'),
        ...marked('activate', null, 'done'),
        fine('activate'),
      ]),
      'SIGINT',
      [0, 'done', 'in service'],
    ],
    [
      'done, but calls were cut',
      story([
        looked,
        ...out,
        ...cut('a', 'done'),
        ...cut('a', 'already', 'a-b-leg'),
        ...restarted('done'),
        fine('activate'),
      ]),
      null,
      [10, 'done', 'in service'],
    ],
    [
      'only a recorder was cut',
      story([looked, ...out, ...cut('rec', 'done', 'rec', true), ...restarted('done'), fine('activate')]),
      null,
      [0, 'done', 'in service'],
    ],
    [
      'a call of which it is unknown whether it was cut',
      story([looked, ...out, ...cut('a', 'unknown'), ...restarted('done'), fine('activate')]),
      null,
      [10, 'done', 'in service'],
    ],
    [
      'drained, but SSH was gone',
      story([looked, ...out, fine('wait_drained'), failed('restart', 'drain.held')]),
      null,
      [6, 'held', 'out of service'],
    ],
    [
      'a command of the user that came to no end',
      story([looked, ...out, ...hook('unknown'), ...restarted('done'), fine('activate')]),
      null,
      [0, 'done', 'in service'],
    ],
    [
      'not well, and it could not be paused',
      story([
        looked,
        ...out,
        ...restarted('done'),
        failed('verify', 'verify.failed'),
        ...effect(
          'secure',
          { effect: 'node.pause', target: { node: 'node-1' }, wanted: true },
          false,
          'unknown',
        ),
      ]),
      null,
      [8, 'failed', 'out of service'],
    ],
    [
      'not well, and somebody has enabled it meanwhile',
      story([looked, ...out, ...restarted('done'), drifted('lb-2', 'AP'), failed('verify', 'verify.failed')]),
      null,
      [9, 'unknown', 'unknown'],
    ],
    [
      'held because a person asked for it',
      story([
        looked,
        ...out,
        { type: 'step.started', ...at('wait_drained'), data: {} },
        { type: 'request.received', data: { request: { kind: 'hold' }, by: 'key h' } },
        { type: 'request.settled', data: { accepted: true } },
        fine('wait_drained'),
      ]),
      null,
      [6, 'held', 'out of service'],
    ],
  ];
  it.each(rows)('%s', (_name, events, interruption, [exit, outcome, service]) => {
    const state = fold(events);
    if (state === undefined) throw new Error('no run');
    const settled = conclude(state, interruption, 'fsha');
    expect([settled.exit, settled.outcome, settled.nodes['node-1']]).toEqual([exit, outcome, service]);
    // Whoever is left with a node that is not in service is told the command that goes on.
    // Where it is another run's now, nothing is to be done with it.
    if (exit === 4) expect(settled.next).toContain('fsha status');
    else if (service !== 'in service') expect(settled.next.join('\n')).toContain('node-1');
  });

  it('counts calls, not legs, and leaves out what is expendable', () => {
    const events = [
      ...cut('a', 'done'),
      ...cut('a', 'done', 'a2'),
      ...cut('b', 'done'),
      ...cut('c', 'already'),
    ];
    const state = fold(story([looked, ...out, ...events, ...cut('rec', 'done', 'rec', true)]));
    if (state === undefined) throw new Error('no run');
    expect(conclude(state, null, 'fsha').callsCut).toBe(2);
  });

  it.each([
    ['could not be lifted', ['unknown', null], [`fs_cli -x 'fsctl resume inbound'  # on node-1`]],
    ['was lifted', ['done', false], []],
  ] as const)('a fence that %s by the undo', (_, [outcome, read], expected) => {
    const pause = (wanted: boolean): Effect => ({ effect: 'node.pause', target: { node: 'node-1' }, wanted });
    const state = fold(
      story([
        looked,
        ...out,
        ...effect('fence', pause(true), false, 'done', true),
        failed('wait_drained', 'drain.drift'),
        ...effect('restore', pause(false), true, outcome, read),
        ...undo('unknown'),
      ]),
    );
    if (state === undefined) throw new Error('no run');
    const { next } = conclude(state, null, 'fsha');
    expect(next.filter((line) => line.startsWith('fs_cli'))).toEqual(expected);
  });

  it('says what to tell each proxy by hand where the undo could not', () => {
    const state = fold(
      story([
        looked,
        ...out,
        failed('wait_drained', 'drain.drift'),
        ...effect(
          'restore',
          { effect: 'dispatcher.state', target: target('lb-1'), wanted: 'ap' },
          'DX',
          'done',
          'AP',
        ),
        ...undo('failed'),
      ]),
    );
    if (state === undefined) throw new Error('no run');
    expect(conclude(state, null, 'fsha').next).toEqual([
      'fsha status',
      'fsha show r1',
      'fsha resume r1 --undo',
      'kamcmd dispatcher.set_state ap 1 sip:10.0.1.10:5080  # on lb-2',
      'fsha activate node-1',
    ]);
  });

  const KAMCMD = (state: string, proxy: string): string =>
    `kamcmd dispatcher.set_state ${state} 1 sip:10.0.1.10:5080  # on ${proxy}`;
  const LOOK = ['fsha status', 'fsha show r1'];
  const BACK = 'fsha resume r1 --undo';
  const activation = { plan: planActivate('node-1') };
  it.each<[string, readonly RunEvent[], Interruption, readonly string[]]>([
    [
      'activate of a node that was in, stopped and undone: activate again',
      story(
        [looked, ...marked('verify', 'r1', 'done'), failed('activate', 'interrupted'), ...undo('done')],
        activation,
      ),
      'SIGINT',
      ['fsha activate node-1'],
    ],
    [
      'activate of a node that was out, undone on one proxy: out on the other by hand, or in',
      story(
        [
          lookedOut,
          ...enabled('lb-1', 'DX', 'done', 'AP'),
          ...enabled('lb-2', 'DX', 'done', 'AP'),
          failed('activate', 'activate.failed'),
          ...effect(
            'restore',
            { effect: 'dispatcher.state', target: target('lb-1'), wanted: 'd' },
            'AP',
            'done',
            'DX',
          ),
          ...undo('unknown'),
        ],
        activation,
      ),
      null,
      [...LOOK, BACK, KAMCMD('d', 'lb-2'), 'fsha activate node-1'],
    ],
    [
      'a fence that activate lifted and that the undo could not put up again',
      story(
        [
          lookedOut,
          ...effect(
            'verify',
            { effect: 'node.pause', target: { node: 'node-1' }, wanted: false },
            true,
            'done',
            false,
          ),
          failed('activate', 'activate.failed'),
          ...undo('unknown'),
        ],
        activation,
      ),
      null,
      [...LOOK, BACK, `fs_cli -x 'fsctl pause inbound'  # on node-1`, 'fsha activate node-1'],
    ],
    [
      'deactivate, stopped and undone: deactivate again',
      story([looked, ...out, failed('deactivate', 'interrupted'), ...back, ...undo('done')], {
        plan: planDeactivate('node-1'),
      }),
      'SIGTERM',
      ['fsha deactivate node-1'],
    ],
    [
      'a drain of a node that was out in one of its destinations, undone: drain again',
      story([
        {
          ...looked,
          data: {
            verdicts: [],
            baseline: baseline(),
            found: baseline().destinations.map((one, index) => ({
              ...one,
              flags: index === 0 ? 'DX' : 'AP',
            })),
          },
        },
        ...marked('deactivate', 'r1', 'done'),
        failed('deactivate', 'interrupted'),
        ...undo('done'),
      ]),
      'SIGINT',
      ['fsha drain node-1'],
    ],
    [
      'two Ctrl-C while it goes in: out by hand where it is in, or activate',
      story([
        looked,
        ...out,
        ...restarted('done'),
        fine('verify'),
        ...enabled('lb-2', 'DX', 'done', 'AP'),
        failed('activate', 'interrupted'),
      ]),
      'SIGINT',
      [...LOOK, 'fsha resume r1', KAMCMD('d', 'lb-2'), 'fsha activate node-1'],
    ],
    [
      'the same, in on both: activate is the way on, which watches it',
      story([
        looked,
        ...out,
        ...restarted('done'),
        fine('verify'),
        ...['lb-1', 'lb-2'].flatMap((proxy) => enabled(proxy, 'DX', 'done', 'AP')),
        failed('activate', 'interrupted'),
      ]),
      'SIGINT',
      [...LOOK, KAMCMD('d', 'lb-1'), KAMCMD('d', 'lb-2'), 'fsha activate node-1'],
    ],
    [
      'in, and the mark stays: how to take it away',
      story([
        looked,
        ...marked('deactivate', 'r1', 'done'),
        ...out,
        ...restarted('done'),
        ...marked('activate', null, 'unknown'),
        fine('activate'),
      ]),
      null,
      [`fs_cli -x 'global_setvar fsha_run='  # on node-1`],
    ],
    [
      'the same, with Ctrl-C',
      story([looked, ...marked('deactivate', 'r1', 'done'), ...out, ...restarted('done'), fine('activate')]),
      'SIGINT',
      [`fs_cli -x 'global_setvar fsha_run='  # on node-1`],
    ],
  ])('what goes on: %s', (_name, events, interruption, next) => {
    const state = fold(events);
    if (state === undefined) throw new Error('no run');
    expect(conclude(state, interruption, 'fsha').next).toEqual(next);
  });

  it.each<[string, readonly RunEvent[], readonly string[]]>([
    [
      'behind the restart: only by that run itself',
      story([looked, ...out, ...restarted('done'), failed('verify', 'journal')]),
      ['fsha resume r1'],
    ],
    [
      'as the restart was under way',
      story([looked, ...out, ...restarted(), failed('restart', 'journal')]),
      [...LOOK, 'fsha resume r1'],
    ],
    [
      'before it, and given back: begun anew',
      story([looked, ...out, failed('wait_drained', 'journal'), ...back, ...undo('done')]),
      ['fsha drain node-1'],
    ],
  ])('what goes on where the journal ends too soon: %s', (_name, events, next) => {
    const state = fold(events);
    if (state === undefined) throw new Error('no run');
    expect(conclude(state, null, 'fsha', true).next).toEqual(next);
  });

  it('names the inventory in the commands that go on', () => {
    const state = fold(story([looked, ...out, fine('deactivate')], { plan: planDeactivate('node-1') }));
    if (state === undefined) throw new Error('no run');
    expect(conclude(state, null, 'fsha --config ./x.yaml').next).toEqual([
      'fsha --config ./x.yaml activate node-1',
    ]);
  });
});

describe('fold', () => {
  it('pairs each settled effect with its own intent, also when two run side by side', () => {
    const [intendOne, settleOne] = disabled('lb-1', 'done');
    const [intendTwo, settleTwo] = disabled('lb-2', 'failed');
    if (
      intendOne === undefined ||
      settleOne === undefined ||
      intendTwo === undefined ||
      settleTwo === undefined
    )
      throw new Error('story');
    const state = fold(story([looked, intendOne, intendTwo, settleTwo, settleOne]));
    expect(state?.nodes['node-1']?.effects.map((record) => record.settled?.outcome)).toEqual([
      'done',
      'failed',
    ]);
  });

  it('keeps the first failure, not the one of the undo', () => {
    const state = fold(
      story([looked, ...out, failed('wait_drained', 'drain.expired'), failed('restore', 'connect.timeout')]),
    );
    expect(state?.nodes['node-1']?.failure?.error.code).toBe('drain.expired');
  });

  it('ignores events of types that it does not know', () => {
    const strange = { type: 'coffee.served', node: 'node-1', data: {} } as unknown as NewEvent;
    expect(fold(story([strange, looked]))?.lastSeq).toBe(3);
  });
});
