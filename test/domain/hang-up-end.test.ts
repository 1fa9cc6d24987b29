import { describe, expect, it } from 'vitest';
import { conclude, type Interruption } from '../../src/domain/conclude.ts';
import type { EffectOutcome } from '../../src/domain/effect.ts';
import type { ErrorCode } from '../../src/domain/errors.ts';
import { planHangUp } from '../../src/domain/plan.ts';
import type { NewEvent } from '../../src/domain/run-events.ts';
import { began, ended, stateOf } from './run-story.ts';

const step = { node: 'node-1', step: 'node-1/hang_up' } as const;

/** One leg of a call, hung up; open where there is no outcome. */
function leg(uuid: string, outcome?: EffectOutcome, expendable = false, call = uuid): readonly NewEvent[] {
  const target = { node: 'node-1', uuid };
  const wanted = { cause: 'X', call, from: '', to: '', since: '2026-11-22T20:10:00.000Z', expendable };
  const read = outcome === 'unknown' ? null : outcome === 'failed';
  return [
    { type: 'effect.intended', ...step, data: { effect: 'call.hangup', target, wanted, found: true } },
    ...(outcome === undefined
      ? []
      : [
          {
            type: 'effect.settled',
            ...step,
            data: { effect: 'call.hangup', target, outcome, read },
          } as const,
        ]),
  ];
}

function failed(code: ErrorCode): NewEvent {
  const outcome = code === 'interrupted' ? 'cancelled' : 'failed';
  return {
    type: 'step.settled',
    ...step,
    data: { outcome, ms: 5, error: { code, message: 'why', hint: '' } },
  };
}

const succeeded = ended('hang_up');
const SHOW = ['fsha calls node-1', 'fsha show r1'];
const LOOK = ['fsha calls node-1'];

describe('the end of a run that was to cut calls', () => {
  const rows: readonly (readonly [
    string,
    readonly NewEvent[],
    Interruption,
    readonly [exit: number, outcome: string, callsCut: number, next: readonly string[]],
  ])[] = [
    [
      'all were cut: that was asked for',
      [...leg('a', 'done'), ...leg('b', 'done'), succeeded],
      null,
      [0, 'done', 2, []],
    ],
    [
      'both legs of one call',
      [...leg('a', 'done'), ...leg('b', 'already', false, 'a'), succeeded],
      null,
      [0, 'done', 1, []],
    ],
    ['an expendable one does not count', [...leg('a', 'done', true), succeeded], null, [0, 'done', 0, []]],
    [
      'one ended by itself',
      [...leg('a', 'done'), ...leg('b', 'already'), succeeded],
      null,
      [0, 'done', 1, []],
    ],
    ['all ended by themselves', [...leg('a', 'already'), succeeded], null, [0, 'already', 0, []]],
    ['there was none', [ended('hang_up', 'skipped')], null, [0, 'already', 0, []]],
    [
      'one was unknown, and all are seen to be gone',
      [...leg('a', 'unknown'), ...leg('b', 'done'), succeeded],
      null,
      [0, 'done', 2, []],
    ],
    ['refused before the first', [failed('refused')], null, [3, 'refused', 0, LOOK]],
    ['the first does not go', [...leg('a', 'failed'), failed('refused')], null, [3, 'failed', 0, LOOK]],
    [
      'one ended by itself, the next is refused',
      [...leg('a', 'already'), failed('refused')],
      null,
      [3, 'failed', 0, LOOK],
    ],
    [
      'some were cut, then refused',
      [...leg('a', 'done'), failed('cut.refused')],
      null,
      [9, 'failed', 1, SHOW],
    ],
    ['one is unknown', [...leg('a', 'unknown'), failed('cut.refused')], null, [9, 'unknown', 1, SHOW]],
    ['one is under way for ever', [...leg('a'), failed('journal')], null, [9, 'unknown', 1, SHOW]],
    [
      'one was unknown, and went at the next try',
      [...leg('a', 'unknown'), ...leg('a', 'done'), failed('interrupted')],
      'SIGINT',
      [130, 'interrupted', 1, LOOK],
    ],
    ['Ctrl-C before the first', [failed('interrupted')], 'SIGINT', [130, 'interrupted', 0, LOOK]],
    [
      'Ctrl-C between two',
      [...leg('a', 'done'), failed('interrupted')],
      'SIGINT',
      [130, 'interrupted', 1, LOOK],
    ],
    ['SIGTERM', [...leg('a', 'done'), failed('interrupted')], 'SIGTERM', [143, 'interrupted', 1, LOOK]],
    ['SIGHUP', [...leg('a', 'done'), failed('interrupted')], 'SIGHUP', [129, 'interrupted', 1, LOOK]],
    [
      'Ctrl-C while one is unknown',
      [...leg('a', 'unknown'), failed('interrupted')],
      'SIGINT',
      [9, 'unknown', 1, SHOW],
    ],
    ['a bug', [failed('bug')], null, [1, 'failed', 0, LOOK]],
  ];

  it.each(rows)('%s', (_name, events, interruption, [exit, outcome, callsCut, next]) => {
    const plan = planHangUp('node-1', ['a', 'b']);
    const settled = conclude(stateOf([began('hang_up'), ...events], { plan }), interruption, 'fsha');
    // Where the node is was not asked, and is not said.
    expect(settled).toMatchObject({ exit, outcome, callsCut, next, nodes: {} });
    expect(settled.error === undefined).toBe(exit === 0);
  });

  it('the plan is data, and undoes nothing', () => {
    const plan = planHangUp('node-1', ['a', 'b']);
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
    expect(plan.nodes[0]?.steps).toEqual([
      { id: 'node-1/hang_up', kind: 'hang_up', node: 'node-1', params: { calls: ['a', 'b'] } },
    ]);
  });
});
