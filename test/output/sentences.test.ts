import { describe, expect, test } from 'vitest';
import { effectKey } from '../../src/domain/effect.ts';
import type { ErrorInfo } from '../../src/domain/errors.ts';
import type { EventType, NewEvent, RunEvent } from '../../src/domain/run-events.ts';
import type { Verdict } from '../../src/domain/verdict.ts';
import { sayEvent, SENTENCES } from '../../src/output/sentences/registry.ts';
import { SentenceMemory } from '../../src/output/sentences/sentence.ts';
import {
  baseline,
  enveloped,
  progress,
  RUN,
  started,
  TARGET,
  URI,
  UUID_AFTER,
  UUID_BEFORE,
} from './events.ts';

interface Case {
  readonly title: string;
  /** What came before it. */
  readonly before?: readonly NewEvent[];
  readonly event: NewEvent;
  readonly says: string;
  readonly level: string;
  readonly verbose?: boolean;
}

const at = { node: 'node-1', step: 'node-1/deactivate' } as const;
const timeout: ErrorInfo = {
  code: 'timeout',
  message: 'lb-1 did not answer within 5s.',
  hint: 'Look whether Kamailio runs there.',
};

const intend = {
  disable: {
    type: 'effect.intended',
    ...at,
    data: { effect: 'dispatcher.state', target: TARGET, found: 'AP', wanted: 'd' },
  },
  probe: {
    type: 'effect.intended',
    ...at,
    data: { effect: 'dispatcher.state', target: TARGET, found: 'DX', wanted: 'ip' },
  },
  pause: {
    type: 'effect.intended',
    ...at,
    data: { effect: 'node.pause', target: { node: 'node-1' }, found: false, wanted: true },
  },
  resume: {
    type: 'effect.intended',
    ...at,
    data: { effect: 'node.pause', target: { node: 'node-1' }, found: true, wanted: false },
  },
  restart: {
    type: 'effect.intended',
    node: 'node-1',
    step: 'node-1/restart',
    data: {
      effect: 'node.restart',
      target: { node: 'node-1' },
      found: UUID_BEFORE,
      wanted: 'sudo -n systemctl restart freeswitch',
    },
  },
} as const satisfies Record<string, NewEvent>;

function stateSettled(
  outcome: 'done' | 'already' | 'failed' | 'unknown',
  read: string | null,
  error?: ErrorInfo,
): NewEvent {
  return {
    type: 'effect.settled',
    ...at,
    data: {
      effect: 'dispatcher.state',
      target: TARGET,
      outcome,
      read,
      ...(error === undefined ? {} : { error }),
    },
  };
}

function pauseSettled(outcome: 'done' | 'already' | 'failed' | 'unknown', read: boolean | null): NewEvent {
  return {
    type: 'effect.settled',
    ...at,
    data: { effect: 'node.pause', target: { node: 'node-1' }, outcome, read },
  };
}

function restartSettled(
  outcome: 'done' | 'failed' | 'unknown',
  read: string | null,
  error?: ErrorInfo,
): NewEvent {
  return {
    type: 'effect.settled',
    node: 'node-1',
    step: 'node-1/restart',
    data: {
      effect: 'node.restart',
      target: { node: 'node-1' },
      outcome,
      read,
      ...(error === undefined ? {} : { error }),
    },
  };
}

function stepSettled(
  kind: string,
  outcome: 'succeeded' | 'skipped' | 'failed' | 'cancelled' | 'unknown',
  ms: number,
  error?: ErrorInfo,
): NewEvent {
  return {
    type: 'step.settled',
    node: 'node-1',
    step: `node-1/${kind}`,
    data: { outcome, ms, ...(error === undefined ? {} : { error }) },
  };
}

const fine: Verdict = {
  check: 'esl',
  node: 'node-1',
  level: 'ok',
  why: 'ESL answers on node-1',
  forceable: false,
};
const refused: Verdict = {
  check: 'capacity',
  node: 'node-1',
  level: 'refusal',
  why: 'node-2 would have 620 calls, its capacity is 500',
  fix: 'Wait for a quieter hour or add a node.',
  forceable: true,
};
const warned: Verdict = {
  check: 'survivors',
  level: 'warning',
  why: 'only node-2 is left in set 1 of lb-1',
  forceable: true,
  forced: true,
};

function preflight(verdicts: readonly Verdict[], found = 'AP'): NewEvent {
  return {
    type: 'preflight.settled',
    node: 'node-1',
    step: 'node-1/preflight',
    data: { verdicts, baseline, found: [{ ...TARGET, flags: found }] },
  };
}

/** A new type of event without a case here does not compile. */
const CASES: Readonly<Record<EventType, readonly Case[]>> = {
  'run.started': [
    {
      title: 'a drain',
      event: started(),
      level: 'info',
      says: [
        `run ${RUN} on voice-eu: drain node-1`,
        '  node node-1, started by ops@bastion, reason: kernel update',
        '  waits for calls to end at most 2h, then it is given back as found',
        `  watch it from elsewhere: fsha show ${RUN} --follow`,
      ].join('\n'),
    },
    {
      title: 'without a deadline, with flags',
      event: started({ timeout: null, ignoreProxies: ['lb-2'], force: ['capacity', 'survivors'] }),
      level: 'info',
      says: [
        `run ${RUN} on voice-eu: drain node-1`,
        '  node node-1, started by ops@bastion, reason: kernel update',
        '  waits for calls to end without a deadline',
        '  ignores lb-2',
        '  overrules capacity, survivors',
        `  watch it from elsewhere: fsha show ${RUN} --follow`,
      ].join('\n'),
    },
  ],
  'run.resumed': [
    {
      title: 'forward',
      event: { type: 'run.resumed', data: { who: 'ops@bastion', mode: 'forward' } },
      level: 'info',
      says: `run ${RUN} resumed by ops@bastion: going on`,
    },
    {
      title: 'undo',
      event: { type: 'run.resumed', data: { who: 'ops@bastion', mode: 'undo' } },
      level: 'info',
      says: `run ${RUN} resumed by ops@bastion: undoing what it did`,
    },
  ],
  'preflight.settled': [
    {
      title: 'all well',
      event: preflight([fine, fine]),
      level: 'info',
      says: 'node-1: preflight: 2 checks ok',
    },
    {
      title: 'refused',
      event: preflight([fine, warned, refused]),
      level: 'error',
      says: [
        'node-1: preflight: 1 refusal, 1 warning, 1 check ok',
        '  refused: capacity: node-2 would have 620 calls, its capacity is 500',
        '    fix: Wait for a quieter hour or add a node. (--force capacity)',
        '  warning (forced): survivors: only node-2 is left in set 1 of lb-1',
      ].join('\n'),
    },
    {
      title: 'verbose',
      event: preflight([fine]),
      verbose: true,
      level: 'info',
      says: 'node-1: preflight: 1 check ok\n  ok: esl: ESL answers on node-1',
    },
    {
      title: 'left out by an earlier run',
      event: preflight([warned], 'DX'),
      level: 'warning',
      says: [
        'node-1: preflight: 1 warning, 0 checks ok',
        '  warning (forced): survivors: only node-2 is left in set 1 of lb-1',
        `  lb-1 shows DX (set 1, ${URI}); an earlier run left it so and had found AP`,
      ].join('\n'),
    },
  ],
  'step.started': [
    {
      title: 'known from the plan',
      before: [started()],
      event: { type: 'step.started', node: 'node-1', step: 'node-1/wait_drained', data: {} },
      level: 'info',
      says: 'node-1: waiting for its calls to end',
    },
    {
      title: 'known from its name',
      event: { type: 'step.started', node: 'node-1', step: 'node-1/restore', data: {} },
      level: 'info',
      says: 'node-1: giving it back as it was found',
    },
    {
      title: 'of a later version',
      event: { type: 'step.started', node: 'node-1', step: 'node-1/polish', data: {} },
      level: 'info',
      says: 'node-1: polish',
    },
  ],
  'step.progress': [
    {
      title: 'sessions',
      event: progress(37, 35, ['37 sessions still up']),
      level: 'info',
      says: 'node-1: 37 sessions (35 calls), waiting',
    },
    {
      title: 'one',
      event: progress(1, 1, ['1 session still up']),
      level: 'info',
      says: 'node-1: 1 session (1 call), waiting',
    },
    {
      title: 'empty, not yet sure',
      event: progress(0, 0, ['empty, waiting 5s to be sure (settle)']),
      level: 'info',
      says: 'node-1: 0 sessions (0 calls), waiting: empty, waiting 5s to be sure (settle)',
    },
    {
      title: 'calls unknown',
      event: progress(4, null),
      level: 'info',
      says: 'node-1: 4 sessions (calls unknown), waiting',
    },
    {
      title: 'sessions unknown',
      event: progress(null, null, ['sessions unknown: node-1 did not answer within 5s'], 'blind'),
      level: 'warning',
      says: 'node-1: sessions unknown: node-1 did not answer within 5s, cannot see, waiting',
    },
    {
      title: 'a proxy unknown',
      event: progress(3, 3, ['lb-1: connection refused'], 'blind'),
      level: 'warning',
      says: 'node-1: 3 sessions (3 calls), cannot see, waiting: lb-1: connection refused',
    },
    {
      title: 'drained',
      event: progress(0, 0, [], 'drained'),
      level: 'info',
      says: 'node-1: 0 sessions (0 calls), drained',
    },
  ],
  'step.retrying': [
    {
      title: 'again',
      before: [started()],
      event: {
        type: 'step.retrying',
        node: 'node-1',
        step: 'node-1/verify',
        data: { attempt: 3, error: timeout },
      },
      level: 'warning',
      says: 'node-1: verifying that it is healthy, not yet: lb-1 did not answer within 5s.\n  Look whether Kamailio runs there.',
    },
    {
      title: 'a warning only',
      event: {
        type: 'step.retrying',
        node: 'node-1',
        step: 'node-1/verify',
        data: {
          attempt: 0,
          error: {
            code: 'verify.failed',
            message: '10 registrations on it, 12 before the restart',
            hint: '',
          },
        },
      },
      level: 'warning',
      says: 'node-1: 10 registrations on it, 12 before the restart',
    },
  ],
  'step.settled': [
    {
      title: 'drained',
      before: [started()],
      event: stepSettled('wait_drained', 'succeeded', 750_000),
      level: 'info',
      says: 'node-1: drained: no session left after 12m30s',
    },
    {
      title: 'back',
      event: stepSettled('activate', 'succeeded', 6_200),
      level: 'good',
      says: 'node-1: back in service after 6.2s',
    },
    {
      title: 'said before',
      event: stepSettled('restart', 'succeeded', 6_200),
      level: 'detail',
      says: 'node-1: restarting: done after 6.2s',
    },
    {
      title: 'skipped',
      event: stepSettled('fence', 'skipped', 0),
      level: 'detail',
      says: 'node-1: pausing its inbound side and counting again: skipped after 0ms',
    },
    {
      title: 'failed',
      event: stepSettled('verify', 'failed', 120_000, timeout),
      level: 'error',
      says: 'node-1: verifying that it is healthy: failed after 2m: lb-1 did not answer within 5s.\n  Look whether Kamailio runs there.',
    },
    {
      title: 'failed for what its effect has told',
      before: [intend.disable, stateSettled('unknown', null, timeout)],
      event: stepSettled('deactivate', 'failed', 5_000, timeout),
      level: 'error',
      says: 'node-1: taking it out of service: failed after 5.0s: lb-1 did not answer within 5s.',
    },
    {
      title: 'interrupted',
      event: stepSettled('wait_drained', 'cancelled', 61_000, {
        code: 'interrupted',
        message: 'node-1/wait_drained was interrupted',
        hint: '',
      }),
      level: 'warning',
      says: 'node-1: waiting for its calls to end: interrupted after 1m1s',
    },
    {
      title: 'unknown',
      event: stepSettled('restart', 'unknown', 90_000),
      level: 'error',
      says: 'node-1: restarting: outcome unknown after 1m30s',
    },
  ],
  'effect.intended': [
    {
      title: 'a state',
      event: intend.disable,
      level: 'detail',
      says: `node-1: about to disable on lb-1 (set 1, ${URI}), found AP`,
    },
    {
      title: 'a state that lets Kamailio probe',
      event: intend.probe,
      level: 'detail',
      says: `node-1: about to set inactive, probing on lb-1 (set 1, ${URI}), found DX`,
    },
    {
      title: 'a pause',
      event: intend.pause,
      level: 'detail',
      says: 'node-1: about to pause its inbound side, found open',
    },
    {
      title: 'a mark',
      event: {
        type: 'effect.intended',
        ...at,
        data: { effect: 'node.mark', target: { node: 'node-1' }, found: null, wanted: `${RUN},ops,x` },
      },
      level: 'detail',
      says: 'node-1: about to mark it as held by the run, found none',
    },
    {
      title: 'the restart',
      event: intend.restart,
      level: 'info',
      says: 'node-1: restart: sudo -n systemctl restart freeswitch (core_uuid 9a0b1c2d…)',
    },
  ],
  'effect.settled': [
    {
      title: 'disabled',
      before: [intend.disable],
      event: stateSettled('done', 'DX'),
      level: 'info',
      says: `node-1: disabled on lb-1 (set 1, ${URI} was AP)`,
    },
    {
      title: 'disabled, named by duid',
      event: {
        type: 'effect.settled',
        ...at,
        data: { effect: 'dispatcher.state', target: { ...TARGET, duid: 'fs1' }, outcome: 'done', read: 'DX' },
      },
      level: 'info',
      says: `node-1: disabled on lb-1 (set 1, ${URI} (duid fs1))`,
    },
    {
      title: 'let in by probing',
      before: [intend.probe],
      event: stateSettled('done', 'IP'),
      level: 'info',
      says: `node-1: inactive, probing on lb-1 (set 1, ${URI} was DX, is IP now)`,
    },
    {
      title: 'already disabled',
      before: [intend.disable],
      event: stateSettled('already', 'DX'),
      level: 'info',
      says: `node-1: already disabled on lb-1 (set 1, ${URI} is DX)`,
    },
    {
      title: 'not disabled',
      before: [intend.disable],
      event: stateSettled('failed', 'AP', timeout),
      level: 'error',
      says: `node-1: not disabled on lb-1 (set 1, ${URI} is AP): lb-1 did not answer within 5s.\n  Look whether Kamailio runs there.`,
    },
    {
      title: 'unknown',
      before: [intend.disable],
      event: stateSettled('unknown', null, timeout),
      level: 'error',
      says: `node-1: unknown whether disabled on lb-1 (set 1, ${URI} was AP): lb-1 did not answer within 5s.\n  Look whether Kamailio runs there.`,
    },
    {
      title: 'stopped before it was done',
      before: [intend.disable],
      event: stateSettled('failed', 'AP', {
        code: 'interrupted',
        message: 'node-1/deactivate was interrupted',
        hint: '',
      }),
      level: 'warning',
      says: `node-1: not disabled on lb-1 (set 1, ${URI} is AP): node-1/deactivate was interrupted`,
    },
    {
      title: 'paused',
      before: [intend.pause],
      event: pauseSettled('done', true),
      level: 'info',
      says: 'node-1: inbound side paused: new requests get 503 from it',
    },
    {
      title: 'resumed',
      before: [intend.resume],
      event: pauseSettled('done', false),
      level: 'info',
      says: 'node-1: inbound side resumed',
    },
    {
      title: 'open anyway',
      event: pauseSettled('already', false),
      level: 'detail',
      says: 'node-1: inbound side is not paused',
    },
    {
      title: 'pause unknown',
      before: [intend.pause],
      event: pauseSettled('unknown', null),
      level: 'error',
      says: 'node-1: unknown whether its inbound side is paused',
    },
    {
      title: 'not resumed',
      before: [intend.resume],
      event: pauseSettled('failed', true),
      level: 'error',
      says: 'node-1: inbound side not resumed',
    },
    {
      title: 'marked',
      event: {
        type: 'effect.settled',
        ...at,
        data: {
          effect: 'node.mark',
          target: { node: 'node-1' },
          outcome: 'done',
          read: `${RUN},ops@bastion,2026-11-22T21:31:34.000Z`,
        },
      },
      level: 'detail',
      says: `node-1: marked as held by ${RUN}`,
    },
    {
      title: 'mark removed',
      event: {
        type: 'effect.settled',
        ...at,
        data: { effect: 'node.mark', target: { node: 'node-1' }, outcome: 'done', read: null },
      },
      level: 'detail',
      says: 'node-1: mark of the run removed',
    },
    {
      title: 'restarted',
      before: [intend.restart],
      event: restartSettled('done', UUID_AFTER),
      level: 'good',
      says: 'node-1: new core_uuid 4c1e77f0… after 1.0s, was 9a0b1c2d…',
    },
    {
      title: 'restart failed',
      before: [intend.restart],
      event: restartSettled('failed', UUID_BEFORE, {
        code: 'restart.failed',
        message: 'sudo wants a password.',
        hint: 'Allow it in sudoers.',
      }),
      level: 'error',
      says: 'node-1: restart failed after 1.0s: sudo wants a password.\n  Allow it in sudoers.',
    },
    {
      title: 'restart unknown',
      event: restartSettled('unknown', null),
      level: 'error',
      says: 'node-1: unknown whether it was restarted',
    },
  ],
  'request.received': [
    {
      title: 'extend',
      event: {
        type: 'request.received',
        node: 'node-1',
        data: { request: { kind: 'extend', ms: 1_800_000 }, by: 'ops' },
      },
      level: 'info',
      says: 'node-1: ops asks: wait 30m longer',
    },
    {
      title: 'hold',
      event: { type: 'request.received', data: { request: { kind: 'hold', node: 'node-1' }, by: 'ops' } },
      level: 'info',
      says: 'ops asks: keep it out and stop when drained (node-1)',
    },
    {
      title: 'cut',
      event: { type: 'request.received', data: { request: { kind: 'cut', confirmed: 3 }, by: 'ops' } },
      level: 'info',
      says: 'ops asks: cut the 3 calls that are left',
    },
    {
      title: 'abort',
      event: { type: 'request.received', data: { request: { kind: 'abort' }, by: 'SIGINT' } },
      level: 'info',
      says: 'SIGINT asks: stop and undo',
    },
  ],
  'request.settled': [
    {
      title: 'accepted',
      before: [{ type: 'request.received', data: { request: { kind: 'extend', ms: 60_000 }, by: 'ops' } }],
      event: { type: 'request.settled', data: { accepted: true } },
      level: 'info',
      says: 'accepted: wait 1m longer',
    },
    {
      title: 'refused',
      event: { type: 'request.settled', data: { accepted: false, why: 'the restart has begun' } },
      level: 'warning',
      says: 'refused: the request: the restart has begun',
    },
  ],
  'drift.detected': [
    {
      title: 'a reload',
      event: {
        type: 'drift.detected',
        node: 'node-1',
        data: {
          target: `lb-1 set 1 ${URI}`,
          before: 'DX',
          now: 'AP',
          cause: 'dispatcher.reload, or somebody set it',
        },
      },
      level: 'warning',
      says: `node-1: drift: lb-1 set 1 ${URI} was DX, is AP now (dispatcher.reload, or somebody set it)`,
    },
  ],
  'undo.started': [
    {
      title: 'short',
      event: {
        type: 'undo.started',
        node: 'node-1',
        data: { effects: [{ effect: 'dispatcher.state', target: TARGET, wanted: 'ap' }] },
      },
      level: 'warning',
      says: 'node-1: undoing: 1 thing to give back as found',
    },
    {
      title: 'verbose',
      event: {
        type: 'undo.started',
        node: 'node-1',
        data: { effects: [{ effect: 'dispatcher.state', target: TARGET, wanted: 'ap' }] },
      },
      verbose: true,
      level: 'warning',
      says: `node-1: undoing: 1 thing to give back as found\n  set active, probing on lb-1 (set 1, ${URI})`,
    },
  ],
  'undo.settled': [
    {
      title: 'done',
      event: { type: 'undo.settled', node: 'node-1', data: { outcome: 'done' } },
      level: 'good',
      says: 'node-1: undone: all as found',
    },
    {
      title: 'failed',
      event: { type: 'undo.settled', node: 'node-1', data: { outcome: 'failed' } },
      level: 'error',
      says: 'node-1: undo failed: not everything is as it was found',
    },
    {
      title: 'unknown',
      event: { type: 'undo.settled', node: 'node-1', data: { outcome: 'unknown' } },
      level: 'error',
      says: 'node-1: outcome of the undo unknown: look before you go on',
    },
  ],
  'run.settled': [
    {
      title: 'done',
      event: {
        type: 'run.settled',
        data: { outcome: 'done', exit: 0, nodes: { 'node-1': 'in service' }, callsCut: 0, next: [] },
      },
      level: 'end',
      says: 'done (exit 0: done, or already so)\n  node-1: in service',
    },
    {
      title: 'held, with what to do next',
      event: {
        type: 'run.settled',
        data: {
          outcome: 'held',
          exit: 6,
          nodes: { 'node-1': 'out of service', 'node-2': 'unknown' },
          callsCut: 2,
          next: [`fsha --config ${'/very/long/path'.repeat(20)} activate node-1`, 'fsha status'],
          error: timeout,
        },
      },
      level: 'end',
      says: [
        'held (exit 6: drain timed out or held; node out of service)',
        '  node-1: out of service',
        '  node-2: unknown',
        '  2 calls cut',
        '  why: lb-1 did not answer within 5s.',
        '    Look whether Kamailio runs there.',
        '  next:',
        `    fsha --config ${'/very/long/path'.repeat(20)} activate node-1`,
        '    fsha status',
      ].join('\n'),
    },
  ],
};

const all = Object.values(CASES).flat();

describe.each(Object.entries(CASES))('%s', (_type, cases) => {
  test.each(cases.map((one) => [one.title, one] as const))(
    '%s',
    (_title, { before = [], event, says, level, verbose }) => {
      const memory = new SentenceMemory(verbose ?? false);
      const events = enveloped([...before, event]);
      const last = events.pop();
      if (last === undefined) throw new Error('no event');
      for (const earlier of events) memory.note(earlier);
      expect(sayEvent(last, memory)).toEqual({ level, text: says });
    },
  );
});

test('every type of event has a sentence and a case', () => {
  expect(Object.keys(SENTENCES).sort()).toEqual(Object.keys(CASES).sort());
});

test('a type of a later version is passed over', () => {
  const event = { ...enveloped([started()])[0], type: 'moon.risen' } as unknown as RunEvent;
  expect(sayEvent(event, new SentenceMemory(true))).toBeNull();
});

test('no sentence lets anything from outside steer the terminal or forge a line', () => {
  const nasty = '\u001b[2J\u202e\r\nnode-9: forged';
  const poison = (value: unknown): unknown => {
    if (typeof value === 'string') return value + nasty;
    if (Array.isArray(value)) return value.map(poison);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, KEPT.has(key) ? inner : poison(inner)]),
    );
  };
  for (const { before = [], event, says } of all) {
    const memory = new SentenceMemory(false);
    const events = enveloped([...before, event]);
    for (const earlier of events.slice(0, -1)) memory.note(earlier);
    const last = events.at(-1);
    if (last === undefined) throw new Error('no event');
    const said = sayEvent(poison(last) as RunEvent, memory);
    expect(said?.text, says).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(
      said?.text.split('\n').filter((line) => line.startsWith('node-9: forged')),
      says,
    ).toEqual([]);
  }
});

/** Words that fsha's own code has chosen. */
const KEPT = new Set([
  'effect',
  'outcome',
  'kind',
  'level',
  'mode',
  'code',
  'onTimeout',
  'fence',
  'wanted',
  'type',
  'step',
]);

test('a settled effect is told with the intent of its own node', () => {
  const memory = new SentenceMemory(false);
  const [intended, other, settled] = enveloped([
    intend.disable,
    { ...intend.disable, node: 'node-2', data: { ...intend.disable.data, found: 'TX' } },
    stateSettled('done', 'DX'),
  ]);
  if (intended === undefined || other === undefined || settled === undefined) throw new Error('no events');
  memory.note(intended);
  memory.note(other);
  expect(sayEvent(settled, memory)?.text).toContain('was AP');
  expect(effectKey(intend.disable.data)).toBe(effectKey({ effect: 'dispatcher.state', target: TARGET }));
});

test('after a resume no duration is told across two clocks', () => {
  const memory = new SentenceMemory(false);
  const events = enveloped([
    intend.restart,
    { type: 'run.resumed', data: { who: 'ops', mode: 'forward' } },
    restartSettled('done', UUID_AFTER),
  ]);
  for (const event of events.slice(0, 2)) memory.note(event);
  const last = events.at(-1);
  if (last === undefined) throw new Error('no event');
  expect(sayEvent(last, memory)?.text).toBe('node-1: new core_uuid 4c1e77f0…');
});
