/** Events of a drain in trouble: calls that are cut, the command of drain.onOut. */
import type { EffectOutcome, HangUp, HookResult } from '../../src/domain/effect.ts';
import type { ErrorInfo } from '../../src/domain/errors.ts';
import type { NewEvent } from '../../src/domain/run-events.ts';

const waiting = { node: 'node-1', step: 'node-1/wait_drained' } as const;
const running = { node: 'node-1', step: 'node-1/on_out' } as const;

export const LEG_1 = 'aaaaaaaa-0000-4000-8000-000000000001';
export const LEG_2 = 'bbbbbbbb-0000-4000-8000-000000000002';

export const CUT: HangUp = {
  cause: 'NORMAL_CLEARING',
  call: LEG_1,
  from: '******12',
  to: '****34',
  since: '2026-11-22T21:02:11.000Z',
  expendable: false,
};

/** The time of day where the tests run. */
export function clock(at: string): string {
  return new Date(at).toTimeString().slice(0, 8);
}

/** The day where the tests run. */
export function day(at: string): string {
  const date = new Date(at);
  const two = (part: number): string => String(part).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

export const CUT_WORDS = `from ******12 to ****34, up since ${clock(CUT.since)} (NORMAL_CLEARING)`;

export function hangUp(uuid: string, wanted: HangUp): NewEvent {
  return {
    type: 'effect.intended',
    ...waiting,
    data: { effect: 'call.hangup', target: { node: 'node-1', uuid }, found: true, wanted },
  };
}

export const intendCut = {
  type: 'effect.intended',
  ...waiting,
  data: { effect: 'call.hangup', target: { node: 'node-1', uuid: LEG_1 }, found: true, wanted: CUT },
} as const satisfies NewEvent;

export const intendFurther = {
  ...intendCut,
  data: { ...intendCut.data, target: { node: 'node-1', uuid: LEG_2 } },
} as const satisfies NewEvent;

export function cutSettled(
  outcome: EffectOutcome,
  read: boolean | null,
  uuid = LEG_1,
  error?: ErrorInfo,
): NewEvent {
  return {
    type: 'effect.settled',
    ...waiting,
    data: {
      effect: 'call.hangup',
      target: { node: 'node-1', uuid },
      outcome,
      read,
      ...(error === undefined ? {} : { error }),
    },
  };
}

export const intendHook = {
  type: 'effect.intended',
  ...running,
  data: {
    effect: 'hook.on_out',
    target: { node: 'node-1' },
    found: null,
    wanted: '/usr/local/bin/stop-dialers',
  },
} as const satisfies NewEvent;

export const hookFailed: ErrorInfo = {
  code: 'hook.failed',
  message: 'drain.onOut failed (exit status 3).',
  hint: 'Do by hand what it was to do.',
};

export function hookRead(exitCode: number): HookResult {
  return { exitCode, signal: null, output: '3 dialers stopped' };
}

export function hookSettled(outcome: EffectOutcome, read: HookResult | null, error?: ErrorInfo): NewEvent {
  return {
    type: 'effect.settled',
    ...running,
    data: {
      effect: 'hook.on_out',
      target: { node: 'node-1' },
      outcome,
      read,
      ...(error === undefined ? {} : { error }),
    },
  };
}
