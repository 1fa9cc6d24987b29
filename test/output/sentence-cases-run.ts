/** Sentences about the whole run and its preflight. */
import type { Policy } from '../../src/domain/policy.ts';
import type { EventType, NewEvent } from '../../src/domain/run-events.ts';
import type { Verdict } from '../../src/domain/verdict.ts';
import { baseline, RUN, started, TARGET, URI } from './events.ts';
import { type Case, timeout } from './sentence-cases.ts';
import { CUT, CUT_WORDS, cutSettled, hangUp, intendCut, intendFurther, LEG_2 } from './trouble-events.ts';

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

/** As a journal of an earlier version has it. */
function withoutCutting(): NewEvent {
  const event = started({ onTimeout: 'hangup', threshold: 3 });
  if (event.type !== 'run.started') throw new Error('no start');
  const later = ['threshold', 'cutting', 'onOut', 'showNumbers'];
  const policy = Object.fromEntries(
    Object.entries(event.data.policy).filter(([key]) => !later.includes(key)),
  );
  return { ...event, data: { ...event.data, policy: policy as unknown as Policy } };
}

function ended(callsCut: number): NewEvent {
  return {
    type: 'run.settled',
    data: { outcome: 'done', exit: 10, nodes: { 'node-1': 'in service' }, callsCut, next: [] },
  };
}

function withCall(): NewEvent {
  const event = started();
  if (event.type !== 'run.started') throw new Error('no start');
  return { ...event, data: { ...event.data, call: 'fsha --config x.yaml' } };
}

function cutManyLines(calls: number): readonly string[] {
  return Array.from({ length: calls }, (_, index) => `    ${CUT_WORDS.replace(CUT.from, `leg-${index}`)}`);
}

/** So many calls of one leg, each cut. */
function cutMany(calls: number): readonly NewEvent[] {
  return Array.from({ length: calls }, (_, index) => `leg-${index}`).flatMap((uuid) => [
    hangUp(uuid, { ...CUT, call: uuid, from: uuid }),
    cutSettled('done', false, uuid),
  ]);
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
    {
      title: 'that may cut calls',
      event: started({
        onTimeout: 'hangup',
        threshold: 3,
        cutting: {
          cause: 'NORMAL_CLEARING',
          protect: ['^(112|911)$'],
          protectTimeout: 600_000,
          expendable: ['^recorder-', '^echo$'],
        },
      }),
      level: 'info',
      says: [
        `run ${RUN} on voice-eu: drain node-1`,
        '  node node-1, started by ops@bastion, reason: kernel update',
        '  waits for calls to end at most 2h, then the calls that are left are cut',
        '    once 3 calls or fewer are left, they are cut',
        '    calls to ^recorder- or ^echo$ are expendable: cut once no others are left, not counted',
        '    while a call to ^(112|911)$ is up, none is cut: it is waited for up to 10m after the deadline, then the node stays out',
        '    calls are cut with NORMAL_CLEARING',
        `  watch it from elsewhere: fsha show ${RUN} --follow`,
      ].join('\n'),
    },
    {
      title: 'of a version that knew of no cutting',
      event: withoutCutting(),
      level: 'info',
      says: [
        `run ${RUN} on voice-eu: drain node-1`,
        '  node node-1, started by ops@bastion, reason: kernel update',
        '  waits for calls to end at most 2h, then the calls that are left are cut',
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
      event: { type: 'run.resumed', data: { who: 'ops@bastion', mode: 'undo', reason: 'enough' } },
      level: 'info',
      says: `run ${RUN} resumed by ops@bastion, reason: enough: undoing what it did`,
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
      title: 'calls cut: legs of one call are one, expendable ones are not counted',
      before: [
        intendCut,
        cutSettled('done', false),
        intendFurther,
        cutSettled('already', false, LEG_2),
        hangUp('recorder', { ...CUT, call: 'recorder', to: '****99', expendable: true }),
        cutSettled('done', false, 'recorder'),
        hangUp('ended', { ...CUT, call: 'ended' }),
        cutSettled('already', false, 'ended'),
        hangUp('stays', { ...CUT, call: 'stays' }),
        cutSettled('failed', true, 'stays'),
      ],
      event: ended(1),
      level: 'end',
      says: [
        'done (exit 10: done, but calls were cut)',
        '  node-1: in service',
        '  1 call cut, 1 expendable call cut (not counted)',
        `    ${CUT_WORDS}`,
        `    ${CUT_WORDS.replace('****34', '****99')}, expendable`,
      ].join('\n'),
    },
    {
      title: 'unknown whether cut: never read back, or gone after that, or never settled',
      before: [
        intendCut,
        cutSettled('unknown', null),
        intendCut,
        cutSettled('already', false),
        hangUp('open', { ...CUT, call: 'open' }),
        hangUp('again', { ...CUT, call: 'again' }),
        cutSettled('unknown', null, 'again'),
        hangUp('again', { ...CUT, call: 'again' }),
        cutSettled('done', false, 'again'),
      ],
      event: ended(3),
      level: 'end',
      says: [
        'done (exit 10: done, but calls were cut)',
        '  node-1: in service',
        '  3 calls cut (2 of them perhaps)',
        `    ${CUT_WORDS}: unknown whether it was cut`,
        `    ${CUT_WORDS}: unknown whether it was cut`,
        `    ${CUT_WORDS}`,
      ].join('\n'),
    },
    {
      title: 'only expendable calls cut, on two nodes',
      before: [
        hangUp('one', { ...CUT, call: 'one', expendable: true }),
        cutSettled('done', false, 'one'),
        { ...hangUp('one', { ...CUT, call: 'one', expendable: true }), node: 'node-2' },
        { ...cutSettled('done', false, 'one'), node: 'node-2' },
      ],
      event: ended(0),
      level: 'end',
      says: [
        'done (exit 10: done, but calls were cut)',
        '  node-1: in service',
        '  2 expendable calls cut (not counted)',
        `    node-1: ${CUT_WORDS}, expendable`,
        `    node-2: ${CUT_WORDS}, expendable`,
      ].join('\n'),
    },
    {
      title: 'twenty calls cut are all listed',
      before: cutMany(20),
      event: ended(20),
      level: 'end',
      says: [
        'done (exit 10: done, but calls were cut)',
        '  node-1: in service',
        '  20 calls cut',
        ...cutManyLines(20),
      ].join('\n'),
    },
    {
      title: 'of more the first twenty, and where the others are',
      before: [withCall(), ...cutMany(22)],
      // Two more were cut by the process before a resume.
      event: ended(24),
      level: 'end',
      says: [
        'done (exit 10: done, but calls were cut)',
        '  node-1: in service',
        '  24 calls cut',
        ...cutManyLines(20),
        `    and 4 more: fsha --config x.yaml show ${RUN}`,
      ].join('\n'),
    },
    {
      title: 'behind a disk that is full: that comes first',
      event: {
        type: 'run.settled',
        data: {
          outcome: 'failed',
          exit: 8,
          nodes: { 'node-1': 'out of service' },
          callsCut: 0,
          next: ['fsha resume RUN'],
          lost: {
            code: 'journal',
            message: 'Cannot write the journal x: the disk is full.',
            hint: 'Free space there.',
          },
        },
      },
      level: 'end',
      says: [
        'failed (exit 8: health not reached, or a proxy never showed it active; node out of service)',
        '  node-1: out of service',
        '  first: the journal lacks a part of this run, and until it can be written nothing goes on. Free space there. (Cannot write the journal x: the disk is full.)',
        '  next:',
        '    fsha resume RUN',
      ].join('\n'),
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
