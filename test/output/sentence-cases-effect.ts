/** Sentences about what was done to the world, and asked. */
import type { EventType, NewEvent } from '../../src/domain/run-events.ts';
import { RUN, TARGET, URI, UUID_AFTER, UUID_BEFORE } from './events.ts';
import { at, type Case, intend, restartSettled, stateSettled, timeout } from './sentence-cases.ts';
import {
  clock,
  CUT,
  cutSettled,
  CUT_WORDS,
  day,
  hookFailed,
  hookRead,
  hookSettled,
  intendCut,
  intendFurther,
  intendHook,
  LEG_1,
  LEG_2,
} from './trouble-events.ts';

function pauseSettled(outcome: 'done' | 'already' | 'failed' | 'unknown', read: boolean | null): NewEvent {
  return {
    type: 'effect.settled',
    ...at,
    data: { effect: 'node.pause', target: { node: 'node-1' }, outcome, read },
  };
}

export const EFFECT_CASES: Readonly<
  Record<
    Extract<
      EventType,
      | 'effect.intended'
      | 'effect.settled'
      | 'drift.detected'
      | 'warning'
      | 'undo.started'
      | 'undo.settled'
      | 'request.received'
      | 'request.settled'
    >,
    readonly Case[]
  >
> = {
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
      title: 'a mark that tells the end of the run',
      event: {
        type: 'effect.intended',
        ...at,
        data: {
          effect: 'node.mark',
          target: { node: 'node-1' },
          found: `${RUN},ops,x`,
          wanted: `${RUN},ops,x,ended`,
        },
      },
      level: 'detail',
      says: `node-1: about to mark it as left out by the run, found ${RUN}`,
    },
    {
      title: 'the restart',
      event: intend.restart,
      level: 'info',
      says: 'node-1: restart: sudo -n systemctl restart freeswitch (core_uuid 9a0b1c2d…)',
    },
    {
      title: 'a call',
      event: intendCut,
      level: 'detail',
      says: `node-1: about to hang up the call from ******12 to ****34, up since ${clock('2026-11-22T21:02:11Z')} (NORMAL_CLEARING), found up`,
    },
    {
      title: 'an expendable call of another day, from nobody',
      event: {
        ...intendCut,
        data: {
          ...intendCut.data,
          wanted: { ...CUT, from: '', since: '2026-11-19T12:00:00.000Z', expendable: true },
        },
      },
      level: 'detail',
      says: `node-1: about to hang up the expendable call from unknown to ****34, up since ${day('2026-11-19T12:00:00Z')} ${clock('2026-11-19T12:00:00Z')} (NORMAL_CLEARING), found up`,
    },
    {
      title: 'a command',
      event: intendHook,
      level: 'detail',
      says: 'node-1: about to run on this machine: /usr/local/bin/stop-dialers',
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
      title: 'let in by a ping before it was read back',
      before: [intend.probe],
      event: stateSettled('done', 'AP'),
      level: 'info',
      says: `node-1: set to inactive, probing on lb-1 (set 1, ${URI} was DX, is AP now)`,
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
      title: 'marked as left out',
      event: {
        type: 'effect.settled',
        ...at,
        data: {
          effect: 'node.mark',
          target: { node: 'node-1' },
          outcome: 'done',
          read: `${RUN},ops@bastion,2026-11-22T21:31:34.000Z,ended`,
        },
      },
      level: 'detail',
      says: `node-1: marked as left out by ${RUN}, which has ended`,
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
    {
      title: 'cut',
      before: [intendCut],
      event: cutSettled('done', false),
      level: 'info',
      says: `node-1: cut the call ${CUT_WORDS}`,
    },
    {
      title: 'an expendable one cut',
      before: [{ ...intendCut, data: { ...intendCut.data, wanted: { ...CUT, expendable: true } } }],
      event: cutSettled('done', false),
      level: 'info',
      says: `node-1: cut the expendable call ${CUT_WORDS}`,
    },
    {
      title: 'its further leg, gone with it',
      before: [intendCut, cutSettled('done', false), intendFurther],
      event: cutSettled('already', false, LEG_2),
      level: 'detail',
      says: `node-1: a further leg of the call ${CUT_WORDS} is gone with it`,
    },
    {
      title: 'its further leg, cut too',
      before: [intendCut, cutSettled('done', false), intendFurther],
      event: cutSettled('done', false, LEG_2),
      level: 'detail',
      says: `node-1: cut a further leg of the call ${CUT_WORDS}`,
    },
    {
      title: 'the leg of another call is a call of its own',
      before: [
        intendCut,
        cutSettled('done', false),
        { ...intendFurther, data: { ...intendFurther.data, wanted: { ...CUT, call: LEG_2 } } },
      ],
      event: cutSettled('done', false, LEG_2),
      level: 'info',
      says: `node-1: cut the call ${CUT_WORDS}`,
    },
    {
      title: 'ended before it was cut',
      before: [intendCut],
      event: cutSettled('already', false),
      level: 'info',
      says: `node-1: not cut, ended by itself: the call ${CUT_WORDS}`,
    },
    {
      title: 'not cut',
      before: [intendCut],
      event: cutSettled('failed', true, LEG_1, timeout),
      level: 'error',
      says: `node-1: not cut: the call ${CUT_WORDS}: lb-1 did not answer within 5s.\n  Look whether Kamailio runs there.`,
    },
    {
      title: 'unknown whether cut',
      before: [intendCut],
      event: cutSettled('unknown', null),
      level: 'error',
      says: `node-1: unknown whether cut: the call ${CUT_WORDS}`,
    },
    {
      title: 'cut, of which nothing more is known',
      event: cutSettled('done', false),
      level: 'info',
      says: 'node-1: cut the call leg aaaaaaaa…',
    },
    {
      title: 'command run',
      before: [intendHook],
      event: hookSettled('done', hookRead(0)),
      level: 'info',
      says: 'node-1: ran on this machine (exit status 0): /usr/local/bin/stop-dialers',
    },
    {
      title: 'command run, verbose',
      before: [intendHook],
      event: hookSettled('done', hookRead(0)),
      verbose: true,
      level: 'info',
      says: 'node-1: ran on this machine (exit status 0): /usr/local/bin/stop-dialers\n  it said: 3 dialers stopped',
    },
    {
      title: 'command failed',
      before: [intendHook],
      event: hookSettled('failed', hookRead(3), hookFailed),
      level: 'warning',
      says: 'node-1: command on this machine failed (exit status 3): drain.onOut failed (exit status 3).\n  Do by hand what it was to do.',
    },
    {
      title: 'command ended by a signal',
      before: [intendHook],
      event: hookSettled('failed', { exitCode: null, signal: 'SIGSEGV', output: '' }),
      level: 'warning',
      says: 'node-1: command on this machine failed (ended by SIGSEGV)',
    },
    {
      title: 'command not begun',
      before: [intendHook],
      event: hookSettled('failed', { exitCode: null, signal: null, output: '' }),
      level: 'warning',
      says: 'node-1: command on this machine failed (not begun)',
    },
    {
      title: 'command that took too long',
      before: [intendHook],
      event: hookSettled('unknown', null, timeout),
      level: 'warning',
      says: 'node-1: unknown what the command on this machine did: lb-1 did not answer within 5s.\n  Look whether Kamailio runs there.',
    },
  ],
  warning: [
    {
      title: 'with what to do',
      event: { type: 'warning', ...at, data: { ...timeout, code: 'calls.arriving' } },
      level: 'warning',
      says: 'node-1: lb-1 did not answer within 5s.\n  Look whether Kamailio runs there.',
    },
    {
      title: 'of the whole run',
      event: {
        type: 'warning',
        data: { code: 'cut.refused', message: '3 sessions in memory, but only 2 are listed', hint: '' },
      },
      level: 'warning',
      says: '3 sessions in memory, but only 2 are listed',
    },
    {
      title: 'that an effect has told is not told again',
      before: [intendHook, hookSettled('failed', hookRead(3), hookFailed)],
      event: { type: 'warning', ...at, data: hookFailed },
      says: null,
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
  'request.received': [
    {
      title: 'extend',
      event: {
        type: 'request.received',
        node: 'node-1',
        data: { request: { kind: 'extend', ms: 1_800_000 }, by: 'key e' },
      },
      level: 'detail',
      says: 'node-1: asked by key e: wait 30m longer',
    },
    {
      title: 'hold',
      event: { type: 'request.received', data: { request: { kind: 'hold', node: 'node-1' }, by: 'key h' } },
      level: 'detail',
      says: 'asked by key h: keep it out, and not restart it unless that has begun (node-1)',
    },
    {
      title: 'a node that is named before is not named again',
      event: {
        type: 'request.received',
        node: 'node-1',
        data: { request: { kind: 'hold', node: 'node-1' }, by: 'key h' },
      },
      level: 'detail',
      says: 'node-1: asked by key h: keep it out, and not restart it unless that has begun',
    },
    {
      title: 'cut',
      event: { type: 'request.received', data: { request: { kind: 'cut', confirmed: 3 }, by: 'key c' } },
      level: 'detail',
      says: 'asked by key c: cut the 3 calls that are left',
    },
    {
      title: 'cut one',
      event: { type: 'request.received', data: { request: { kind: 'cut', confirmed: 1 }, by: 'key c' } },
      level: 'detail',
      says: 'asked by key c: cut the 1 call that is left',
    },
    {
      title: 'abort',
      event: { type: 'request.received', data: { request: { kind: 'abort' }, by: 'SIGINT' } },
      level: 'detail',
      says: 'asked by SIGINT: stop and undo',
    },
  ],
  'request.settled': [
    {
      title: 'accepted',
      before: [{ type: 'request.received', data: { request: { kind: 'extend', ms: 600_000 }, by: 'key e' } }],
      event: { type: 'request.settled', data: { accepted: true } },
      level: 'info',
      says: 'asked by key e: wait 10m longer: accepted',
    },
    {
      title: 'refused',
      before: [{ type: 'request.received', data: { request: { kind: 'abort' }, by: 'SIGINT' } }],
      event: { type: 'request.settled', data: { accepted: false, why: 'the run is over' } },
      level: 'warning',
      says: 'asked by SIGINT: stop and undo: refused: the run is over',
    },
    {
      title: 'the oldest first, each once',
      before: [
        { type: 'request.received', data: { request: { kind: 'hold', node: 'node-1' }, by: 'key h' } },
        { type: 'request.received', data: { request: { kind: 'abort' }, by: 'SIGINT' } },
        { type: 'request.settled', data: { accepted: true } },
      ],
      event: { type: 'request.settled', data: { accepted: true } },
      level: 'info',
      says: 'asked by SIGINT: stop and undo: accepted',
    },
    {
      title: 'of which nothing is known',
      event: { type: 'request.settled', data: { accepted: false, why: 'the restart has begun' } },
      level: 'warning',
      says: 'a request: refused: the restart has begun',
    },
  ],
};
