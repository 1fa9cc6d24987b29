import { describe, expect, test } from 'vitest';
import { listedCalls } from '../../src/domain/call-list.ts';
import { callsOf } from '../../src/domain/cutting.ts';
import type { Estimate } from '../../src/domain/estimate.ts';
import type { NewEvent, RunEvent } from '../../src/domain/run-events.ts';
import type { CallsReading } from '../../src/tui/run-calls.ts';
import { RunModel } from '../../src/tui/run-model.ts';
import { policy } from '../domain/builders.ts';
import { stage } from './run-stage.ts';
import {
  type At,
  leg,
  look,
  looks,
  preflightSettled,
  reading,
  runStarted,
  START,
  stepBegins,
  stepEnds,
  told,
  UNTIL_OUT,
} from './run-stories.ts';

function modelOf(story: readonly At[]): RunModel {
  const model = new RunModel();
  for (const event of told(story)) model.note(event, event.mono);
  return model;
}

/** Events of another process: the same wall, a clock with another zero. */
function elsewhere(story: readonly At[], zero: number): RunEvent[] {
  return told(story, 100).map((event) => ({ ...event, mono: event.mono - zero * 1000 }));
}

describe('the deadline', () => {
  const waits: readonly At[] = [...UNTIL_OUT, ...looks(5, 10)];

  test('counts from when the node was out, not from when the wait began', () => {
    expect(modelOf(waits).deadlineOf('node-1')).toBe(3_000 + 7_200_000);
  });

  test('is there as soon as the node is out, and not before', () => {
    expect(modelOf(UNTIL_OUT.slice(0, 5)).deadlineOf('node-1')).toBeNull();
    expect(modelOf(UNTIL_OUT.slice(0, -1)).deadlineOf('node-1')).toBe(3_000 + 7_200_000);
  });

  test('is none where there is none', () => {
    const endless: readonly At[] = [[0, runStarted({ timeout: null })], ...waits.slice(1)];
    expect(modelOf(endless).deadlineOf('node-1')).toBeNull();
  });

  test('counts anew in a process that goes on', () => {
    const model = modelOf(waits);
    for (const event of elsewhere(
      [
        [60, { type: 'run.resumed', data: { who: 'ops@bastion', mode: 'forward' } }],
        [61, stepBegins('wait_drained')],
      ],
      50,
    ))
      model.note(event, event.mono);
    expect(model.deadlineOf('node-1')).toBe(11_000 + 7_200_000);
  });
});

describe('a run that is resumed', () => {
  test('keeps its beginning, its history and the age of what was read', () => {
    const model = modelOf([...UNTIL_OUT, ...looks(5, 20)]);
    for (const event of elsewhere([[80, { type: 'run.resumed', data: { who: 'x', mode: 'undo' } }]], 78))
      model.note(event, event.mono);
    // Second 80 by the wall is second 2 of the new process: everything lies as far back as it did.
    expect(model.startedAt).toBe(-78_000);
    expect(model.node('node-1')?.history.samples.at(-1)?.at).toBe(-58_000);
    expect(model.node('node-1')?.progress?.at).toBe(-58_000);
    expect(model.node('node-1')?.doing).toBeNull();
  });
});

describe('now, of a run that is followed', () => {
  const model = new RunModel();
  const [event] = told([[10, runStarted()]]);
  // Heard of 3 s later, by a clock that stands at 500 s.
  if (event !== undefined) model.note(event, 500_000);

  test.each([
    ['by the wall', { now: 500_000, wall: new Date(START + 13_000) }, 13_000],
    ['by what passed here, where the wall was set back', { now: 504_000, wall: new Date(START) }, 14_000],
    ['never before its last event', { now: 500_000, wall: new Date(START) }, 10_000],
    ['without a wall that makes sense', { now: 501_000, wall: new Date(Number.NaN) }, 11_000],
  ])('%s', (_, moment, now) => {
    expect(model.nowOf(moment, true)).toBe(now);
    expect(model.nowOf(moment, false)).toBe(moment.now);
  });
});

describe('the node that is shown', () => {
  const start: At = [0, runStarted({}, ['node-1', 'node-2', 'node-3'])];
  const end = (kind: string, node: string): NewEvent => stepEnds(kind, 1, node);

  test.each<readonly [string, readonly At[], string]>([
    ['the first, before anything', [start], 'node-1'],
    ['the one whose step is under way', [start, [1, stepBegins('preflight', 'node-2')]], 'node-2'],
    [
      'still that one when another begins beside it',
      [start, [1, stepBegins('preflight', 'node-2')], [2, stepBegins('preflight', 'node-1')]],
      'node-2',
    ],
    [
      'the other one when its step is over',
      [
        start,
        [1, stepBegins('preflight', 'node-2')],
        [2, stepBegins('preflight', 'node-1')],
        [3, end('preflight', 'node-2')],
      ],
      'node-1',
    ],
    [
      'the last that was touched',
      [start, [1, stepBegins('preflight', 'node-2')], [2, end('preflight', 'node-2')]],
      'node-2',
    ],
  ])('%s', (_, story, name) => {
    expect(modelOf(story).shown).toBe(name);
  });
});

describe('the log', () => {
  test('tells that it became blind and that it sees again, not each look', () => {
    const why = ['sessions unknown: no answer'];
    const model = modelOf([
      ...UNTIL_OUT,
      ...looks(5, 30),
      [35, look(null, null, why)],
      [40, look(null, null, why)],
      [45, look(7, 4)],
      [50, look(6, 3)],
    ]);
    expect(model.log.entries.slice(-2).map(({ lines }) => lines)).toEqual([
      ['sessions unknown: no answer, cannot see, waiting'],
      ['7 sessions (4 calls), waiting'],
    ]);
  });

  test('counts what is the same in a row, with the time of the last', () => {
    const retrying: NewEvent = {
      type: 'step.retrying',
      node: 'node-1',
      step: 'node-1/verify',
      data: { attempt: 1, error: { code: 'timeout', message: 'no answer', hint: '' } },
    };
    const model = modelOf([...UNTIL_OUT, [70, retrying], [80, retrying], [90, retrying]]);
    expect(model.log.entries.at(-1)).toMatchObject({ times: 3, at: new Date(START + 90_000).toISOString() });
  });

  test('is bounded', () => {
    const model = modelOf([
      [0, runStarted()],
      ...Array.from({ length: 1_000 }, (_, index): At => [
        index,
        { type: 'warning', node: 'node-1', data: { code: 'bug', message: `warning ${index}`, hint: '' } },
      ]),
    ]);
    expect(model.log.entries.length).toBeLessThanOrEqual(200);
    expect(model.log.entries.at(-1)?.lines).toEqual(['warning 999']);
  });
});

describe('the estimate, from the ages of the calls', () => {
  const SECOND = 1_000;
  const now = 300 * SECOND;
  const wall = new Date(START + now);
  /** Calls that began so many seconds ago by the node's clock; null: it does not say. */
  const listOf = (ages: readonly (number | null)[], at = now): NonNullable<CallsReading['list']> => ({
    at,
    rows: ages.length,
    calls: listedCalls(
      callsOf(
        {
          channels: ages.map((age, index) =>
            leg(`0000${index}`, 0, { createdEpoch: age === null ? 0 : (START + now) / SECOND - age }),
          ),
          ghosts: 0,
          sessions: ages.length,
        },
        policy().cutting,
      ),
      false,
    ),
  });
  const story: readonly At[] = [...UNTIL_OUT, ...looks(5, 300)];
  const estimated = (list: CallsReading['list'], model = modelOf(story)): Estimate =>
    model.estimateOf('node-1', list, now, wall);
  const said = (model: RunModel): readonly string[] =>
    model.log.entries.flatMap(({ lines }) => lines).filter((text) => text.includes('clock'));

  test('they matter', () => {
    expect(estimated(listOf([7_200, 30]))).not.toEqual(estimated(null));
  });

  test('not where the clock of the node is ahead, and that is said once', () => {
    const model = modelOf(story);
    const ahead = listOf([-3_600, -3_500, 20]);
    expect(estimated(ahead, model)).toEqual(estimated(null));
    expect(model.estimateOf('node-1', { ...ahead, at: now + 1 }, now + SECOND, wall).kind).toBe('range');
    expect(said(model)).toEqual([
      "its clock is at least 1h ahead of this machine's: the estimate does without the ages of calls",
    ]);
  });

  test('still not when the calls have lasted for longer than it is ahead', () => {
    const model = modelOf(story);
    estimated(listOf([-60, 7_200], now - 1), model);
    expect(estimated(listOf([30, 7_200]), model)).toEqual(estimated(null));
  });

  test('ahead when the list was read is ahead', () => {
    const model = modelOf(story);
    estimated(listOf([20], now - 30 * SECOND), model);
    expect(said(model)).toHaveLength(1);
  });

  test('a clock that is ahead by no more than seconds are rounded is not', () => {
    const model = modelOf(story);
    expect(estimated(listOf([-5, 7_200]), model)).not.toEqual(estimated(null));
    expect(said(model)).toEqual([]);
  });

  test('where the node does not say when a call began, that is no age', () => {
    expect(estimated(listOf([null, 30]))).toEqual(estimated(null));
  });
});

test('rows of calls that are gone are no calls that arrive', () => {
  const withGhosts = looks(45, 60).map(([seconds, event]): At => {
    if (event.type !== 'step.progress') throw new Error('no look');
    const { observation, decision } = event.data;
    const calls = (observation.calls ?? 0) + 43;
    // So few that they hide among the sessions.
    expect(calls).toBeLessThan(observation.sessions ?? 0);
    return [seconds, { ...event, data: { observation: { ...observation, calls, ghostRows: 43 }, decision } }];
  });
  const model = modelOf([...UNTIL_OUT, ...looks(5, 40), ...withGhosts]);
  expect(model.estimateOf('node-1', null, 60_000, new Date(START + 60_000)).kind).toBe('range');
});

describe('a destination that cannot be read any more', () => {
  test('is unknown, and what it was is remembered with its time', () => {
    const model = modelOf([
      ...UNTIL_OUT,
      [5, look(3, 2)],
      [10, look(3, 2, [], ['DX', null])],
      [15, look(3, 2, [], ['DX', null])],
    ]);
    expect([...(model.node('node-1')?.destinations.values() ?? [])]).toMatchObject([
      { proxy: 'lb-1', flags: 'DX', at: 15_000 },
      { proxy: 'lb-2', flags: null, at: 15_000, known: { flags: 'DX', at: 5_000 } },
    ]);
  });
});

describe('odd data', () => {
  /** What came over a wire, or was written by another version. */
  const odd = (event: object): RunEvent => event as RunEvent;
  const whole = told([...UNTIL_OUT, ...looks(5, 60), [70, stepEnds('wait_drained', 1)]]);

  test('an event of a later version, of nothing, or before the beginning is no end of the view', () => {
    const on = stage();
    for (const event of [
      odd({ v: 1, seq: 1, at: 'never', mono: 0, run: 'r', type: 'node.sang', data: {} }),
      odd({
        v: 1,
        seq: 1,
        at: 'never',
        mono: Number.NaN,
        run: 'r',
        type: 'step.started',
        node: '',
        step: '',
      }),
      odd({}),
      ...whole,
      odd({ ...whole.at(-1), type: 'node.sang' }),
      odd({ ...whole.at(-1), node: 'a node of no plan\u001b[2J', step: 'x' }),
    ])
      on.scene.onEvent(event);
    expect(on.at(71).text()).not.toContain('\u001b');
  });

  test('any key of any event may be missing', () => {
    const paths = whole.flatMap((event, index) =>
      Object.keys(event.data).map((key): readonly [number, string] => [index, key]),
    );
    for (const [index, key] of paths) {
      const on = stage();
      on.run.seen = reading({ at: 60 });
      whole.forEach((event, at) => {
        const kept = Object.entries(event.data).filter(([name]) => at !== index || name !== key);
        on.scene.onEvent(odd({ ...event, data: Object.fromEntries(kept) }));
      });
      for (const size of [
        { columns: 80, rows: 24 },
        { columns: 1, rows: 2 },
      ])
        expect(() => on.at(61).text(size), `${index} without ${key}`).not.toThrow();
      on.scene.dispose();
    }
  });

  test('a journal of a version that knew of no cutting', () => {
    const on = stage();
    const start = runStarted();
    if (start.type !== 'run.started') throw new Error('no start');
    const { cutting: _cutting, threshold: _threshold, onOut: _onOut, ...older } = start.data.policy;
    on.scene.onEvent(odd({ ...told([[0, start]])[0], data: { ...start.data, policy: older } }));
    on.play([...UNTIL_OUT.slice(1), ...looks(5, 10)]);
    expect(on.text()).toContain('wait_drained  under way');
  });

  test('names that are wide, long or hostile fit at any size', () => {
    const name = '日本語ノード\u001b[2J\u202e-0123456789-0123456789-0123456789';
    const on = stage().play([
      [0, runStarted({}, [name])],
      [0, stepBegins('preflight', name)],
      [1, preflightSettled(name)],
    ]);
    for (let columns = 1; columns < 130; columns += 7)
      for (const rows of [1, 2, 5, 12, 24, 50]) {
        const lines = on.text({ columns, rows });
        expect(lines).not.toMatch(/[\u001b\u202e]/);
        expect(lines === '' ? 0 : lines.split('\n').length).toBeLessThanOrEqual(rows - 1);
      }
  });

  test('a preflight without a baseline', () => {
    const event = preflightSettled();
    if (event.type !== 'preflight.settled') throw new Error('no preflight');
    const on = stage().play([
      [0, runStarted()],
      [0, stepBegins('preflight')],
      [1, { ...event, data: { ...event.data, baseline: null, found: [] } }],
    ]);
    expect(on.text()).toContain('preflight');
  });
});
