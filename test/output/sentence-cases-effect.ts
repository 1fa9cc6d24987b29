/** Sentences about what was done to the world, and asked. */
import type { EventType, NewEvent } from '../../src/domain/run-events.ts';
import { RUN, TARGET, URI, UUID_AFTER, UUID_BEFORE } from './events.ts';
import { at, type Case, intend, restartSettled, stateSettled, timeout } from './sentence-cases.ts';

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
};
