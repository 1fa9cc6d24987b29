import { expect, test } from 'vitest';
import type { NewEvent } from '../../src/domain/run-events.ts';
import { runReport } from '../../src/output/run-report.ts';
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
import {
  CUT,
  CUT_WORDS,
  cutSettled,
  hangUp,
  hookFailed,
  hookRead,
  hookSettled,
  intendCut,
  intendFurther,
  intendHook,
  LEG_2,
} from './trouble-events.ts';

const step = (kind: string, ms: number): readonly NewEvent[] => [
  { type: 'step.started', node: 'node-1', step: `node-1/${kind}`, data: {} },
  { type: 'step.settled', node: 'node-1', step: `node-1/${kind}`, data: { outcome: 'succeeded', ms } },
];

const events: readonly NewEvent[] = [
  started(),
  {
    type: 'preflight.settled',
    node: 'node-1',
    step: 'node-1/preflight',
    data: {
      verdicts: [
        { check: 'esl', node: 'node-1', level: 'ok', why: 'ESL answers', forceable: false },
        { check: 'survivors', node: 'node-1', level: 'warning', why: 'only node-2 is left', forceable: true },
      ],
      baseline,
      found: [{ ...TARGET, flags: 'AP' }],
    },
  },
  ...step('preflight', 420),
  {
    type: 'effect.intended',
    node: 'node-1',
    step: 'node-1/deactivate',
    data: { effect: 'dispatcher.state', target: TARGET, found: 'AP', wanted: 'd' },
  },
  {
    type: 'effect.settled',
    node: 'node-1',
    step: 'node-1/deactivate',
    data: { effect: 'dispatcher.state', target: TARGET, outcome: 'done', read: 'DX' },
  },
  ...step('deactivate', 210),
  progress(37, 35),
  {
    type: 'drift.detected',
    node: 'node-1',
    step: 'node-1/wait_drained',
    data: { target: `lb-1 set 1 ${URI}`, before: 'DX', now: 'AP', cause: 'lb-1 was restarted' },
  },
  ...step('wait_drained', 750_000),
  {
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
  {
    type: 'effect.settled',
    node: 'node-1',
    step: 'node-1/restart',
    data: { effect: 'node.restart', target: { node: 'node-1' }, outcome: 'done', read: UUID_AFTER },
  },
  ...step('restart', 9_800),
];

const end = {
  type: 'run.settled',
  data: { outcome: 'done', exit: 0, nodes: { 'node-1': 'in service' }, callsCut: 0, next: [] },
} as const satisfies NewEvent;

function local(seconds: number): string {
  const date = new Date(Date.UTC(2026, 10, 22, 21, 31, 34 + seconds));
  const two = (part: number): string => String(part).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${date.toTimeString().slice(0, 8)}`;
}

test('what a run did', () => {
  const whole = enveloped([...events, end]);
  expect(runReport(whole, { verbose: false })).toEqual([
    `run ${RUN} on voice-eu: drain node-1`,
    `  started ${local(0)} by ops@bastion, reason: kernel update`,
    '  inventory /etc/fsha/fsha.yaml (sha256 0123456789ab)',
    '',
    'node-1',
    '  warning: survivors: only node-2 is left',
    '  1 check ok',
    '',
    '  STEP          OUTCOME      TOOK',
    '  preflight     succeeded   420ms',
    '  deactivate    succeeded   210ms',
    '  wait_drained  succeeded  12m30s',
    '  restart       succeeded    9.8s',
    '',
    '  EFFECT                         BEFORE     AFTER      OUTCOME',
    `  lb-1 set 1 ${URI}  AP         DX         done`,
    '  core_uuid                      9a0b1c2d…  4c1e77f0…  done',
    '',
    '  what happened',
    `    ${local(9).slice(11)}  drift: lb-1 set 1 ${URI} was DX, is AP now (lb-1 was restarted)`,
    '',
    `ended ${local(16)} after 16s`,
    'done (exit 0: done, or already so)',
    '  node-1: in service',
  ]);
});

test('a run under way, or whose process was ended', () => {
  const lines = runReport(enveloped(events.slice(0, 5)), { verbose: true, torn: true });
  expect(lines).toContain('  ok: esl: ESL answers');
  expect(lines).toContain('  lb-1 set 1 sip:10.0.1.10:5080  AP      unknown  never settled');
  expect(lines.slice(-3)).toEqual([
    `not ended: the last it recorded was effect.intended of node-1/deactivate, ${local(4)}`,
    'the last line of its journal is unfinished',
    `  watch it: fsha show ${RUN} --follow`,
  ]);
});

test('errors and requests are told when they were; the same trouble again and again is told once', () => {
  const error = { code: 'verify.failed', message: 'it is not ready', hint: '' } as const;
  const retry = (attempt: number): NewEvent => ({
    type: 'step.retrying',
    node: 'node-1',
    step: 'node-1/verify',
    data: { attempt, error },
  });
  const lines = runReport(
    enveloped([
      started(),
      retry(1),
      retry(2),
      { type: 'request.received', data: { request: { kind: 'abort' }, by: 'SIGINT' } },
      {
        type: 'step.settled',
        node: 'node-1',
        step: 'node-1/verify',
        data: {
          outcome: 'failed',
          ms: 120_000,
          error: { code: 'verify.failed', message: 'It is not well.', hint: 'Look at its log.' },
        },
      },
    ]),
    { verbose: false },
  );
  const from = lines.indexOf('  what happened');
  expect(lines.slice(from, from + 8)).toEqual([
    '  what happened',
    `    ${local(1).slice(11)}  verifying that it is healthy, not yet: it is not ready`,
    `    ${local(4).slice(11)}  verifying that it is healthy: failed after 2m: It is not well.`,
    '                Look at its log.',
    '',
    'the run',
    `  ${local(3).slice(11)}  asked by SIGINT: stop and undo`,
    '',
  ]);
});

test("a playbook's step that failed is told once, and that it was rescued", () => {
  const at = { node: 'node-1', step: 'node-1/ssh.upgrade' };
  const target = { node: 'node-1', step: 'node-1/ssh.upgrade' };
  const wanted = { action: 'ssh', params: {}, changes: 'node', disruptive: true } as const;
  const error = { code: 'action.failed', message: 'Upgrade on node-1: exit status 100', hint: '' } as const;
  const read = { ok: false, said: 'exit status 100' };
  const lines = runReport(
    enveloped([
      started(),
      { type: 'effect.intended', ...at, data: { effect: 'action.run', target, wanted, found: null } },
      {
        type: 'effect.settled',
        ...at,
        data: { effect: 'action.run', target, outcome: 'failed', read, error },
      },
      { type: 'step.settled', ...at, data: { outcome: 'failed', ms: 2_000, error } },
      { type: 'rescue.settled', ...at, data: { outcome: 'rescued' } },
    ]),
    { verbose: false },
  );
  const from = lines.indexOf('  what happened');
  expect(lines.slice(from + 1, lines.indexOf('', from))).toEqual([
    `    ${local(3).slice(11)}  ssh.upgrade: failed after 2.0s: Upgrade on node-1: exit status 100`,
    `    ${local(4).slice(11)}  ssh.upgrade: rescued: the run goes on`,
  ]);
});

test('calls that were cut are listed by call, all of them; a request is told with its answer', () => {
  const more = Array.from({ length: 25 }, (_, index) => `leg-${index}`);
  const lines = runReport(
    enveloped([
      started(),
      { type: 'request.received', data: { request: { kind: 'cut', confirmed: 26 }, by: 'key c' } },
      { type: 'request.settled', data: { accepted: true } },
      intendCut,
      cutSettled('done', false),
      intendFurther,
      cutSettled('already', false, LEG_2),
      hangUp('keep-alive', { ...CUT, call: 'keep-alive', expendable: true }),
      cutSettled('done', false, 'keep-alive'),
      hangUp('ended', { ...CUT, call: 'ended' }),
      cutSettled('already', false, 'ended'),
      ...more.flatMap((uuid) => [
        hangUp(uuid, { ...CUT, call: uuid, from: uuid }),
        cutSettled('done', false, uuid),
      ]),
      { ...end, data: { ...end.data, callsCut: 26 } },
    ]),
    { verbose: false },
  );
  const from = lines.indexOf('  calls cut');
  expect(lines.slice(from, -3)).toEqual([
    '  calls cut',
    `    ${CUT_WORDS}`,
    `    ${CUT_WORDS}, expendable`,
    `    ${CUT_WORDS}: ended by itself`,
    ...more.map((uuid) => `    ${CUT_WORDS.replace(CUT.from, uuid)}`),
    '',
    'the run',
    `  ${local(2).slice(11)}  asked by key c: cut the 26 calls that are left: accepted`,
    '',
    `ended ${local(61)} after 1m1s`,
  ]);
  expect(lines.slice(-3)).toEqual([
    'done (exit 0: done, or already so)',
    '  node-1: in service',
    '  26 calls cut',
  ]);
  expect(lines.filter((line) => line.includes('call leg'))).toEqual([]);
});

test('warnings, and a command on this machine that failed, are told once', () => {
  const lines = runReport(
    enveloped([
      started(),
      intendHook,
      hookSettled('failed', hookRead(3), hookFailed),
      { type: 'warning', node: 'node-1', step: 'node-1/on_out', data: hookFailed },
      {
        type: 'warning',
        node: 'node-1',
        step: 'node-1/wait_drained',
        data: { code: 'calls.arriving', message: 'calls are still arriving from lb-1', hint: '' },
      },
    ]),
    { verbose: false },
  );
  expect(lines).toContain('  drain.onOut  not run  exit status 3  failed');
  const from = lines.indexOf('  what happened');
  expect(lines.slice(from + 1, from + 5)).toEqual([
    `    ${local(2).slice(11)}  command on this machine failed (exit status 3): drain.onOut failed (exit status 3).`,
    '                Do by hand what it was to do.',
    `    ${local(4).slice(11)}  calls are still arriving from lb-1`,
    '',
  ]);
});

test('nothing recorded, nothing done', () => {
  expect(runReport([], { verbose: false })).toEqual(['nothing was recorded of this run: it did nothing']);
});
