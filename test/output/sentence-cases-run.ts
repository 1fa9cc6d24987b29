/** Sentences about the whole run and its preflight. */
import type { EventType, NewEvent } from '../../src/domain/run-events.ts';
import type { Verdict } from '../../src/domain/verdict.ts';
import { baseline, RUN, started, TARGET, URI } from './events.ts';
import { type Case, timeout } from './sentence-cases.ts';

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

export const RUN_CASES: Readonly<
  Record<
    Extract<EventType, 'run.started' | 'run.resumed' | 'preflight.settled' | 'run.settled'>,
    readonly Case[]
  >
> = {
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
