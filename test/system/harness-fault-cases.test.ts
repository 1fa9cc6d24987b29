/** Where cases of faults come from, and by what they are judged. */
import { describe, expect, test } from 'vitest';
import type { RunEvent, RunSettled } from '../../src/domain/run-events.ts';
import { contradictions, journalFlaws, type Outcome } from './harness/fault-outcome.ts';
import { killPoints } from './harness/kill-points.ts';

/** Events of a run on node-1, with nothing in them that is not looked at. */
function recorded(
  ...events: readonly (readonly [type: string, step?: string, data?: object])[]
): readonly RunEvent[] {
  return events.map(([type, step, data = {}], index) => ({
    ...{ v: 1, seq: index + 1, at: '', mono: 0, run: 'r1', type, data },
    ...(step === undefined ? {} : { node: 'node-1', step: `node-1/${step}` }),
  })) as unknown as readonly RunEvent[];
}

const state = (proxy: string) => ({ effect: 'dispatcher.state', target: { proxy } });
const RESTART = { effect: 'node.restart', target: { node: 'node-1' } };

test('kill points: around every effect, and behind the first of every other type in a step', () => {
  const points = killPoints(
    recorded(
      ['run.started'],
      ['step.started', 'deactivate'],
      ['effect.intended', 'deactivate', state('lb-1')],
      ['effect.settled', 'deactivate', state('lb-1')],
      ['effect.intended', 'deactivate', state('lb-1')],
      ['step.retrying', 'deactivate'],
      ['step.progress', 'wait_drained'],
      ['step.progress', 'wait_drained'],
      ['step.settled', 'wait_drained'],
      ['effect.intended', 'restart', RESTART],
      ['run.settled'],
    ),
  );
  expect(points.filter(({ isBeforeZero }) => isBeforeZero).at(-1)?.name).toBe(
    'after step.progress wait_drained',
  );
  expect(
    points.map(({ name, seq, isForwardOnly, isSettled }) => [name, seq, isForwardOnly, isSettled]),
  ).toEqual([
    ['after run.started', 1, false, false],
    ['after step.started deactivate', 2, false, false],
    ['before effect.intended deactivate dispatcher.state lb-1', 2, false, false],
    ['in the middle of effect.intended deactivate dispatcher.state lb-1', 2, false, false],
    ['after effect.intended deactivate dispatcher.state lb-1', 3, false, false],
    ['before effect.settled deactivate dispatcher.state lb-1', 3, false, false],
    ['after effect.settled deactivate dispatcher.state lb-1', 4, false, false],
    ['before effect.intended deactivate dispatcher.state lb-1 (2)', 4, false, false],
    ['after effect.intended deactivate dispatcher.state lb-1 (2)', 5, false, false],
    ['after step.progress wait_drained', 7, false, false],
    ['after step.settled wait_drained', 9, false, false],
    ['before effect.intended restart node.restart', 9, false, false],
    ['in the middle of effect.intended restart node.restart', 9, false, false],
    ['after effect.intended restart node.restart', 10, true, false],
    ['after run.settled', 11, true, true],
  ]);
});

describe('words and world', () => {
  const settled = (exit: number, service: string, more: Partial<RunSettled> = {}): RunSettled =>
    ({ outcome: 'done', exit, nodes: { 'node-1': service }, callsCut: 0, next: [], ...more }) as RunSettled;
  const done: Outcome = {
    exitCode: 0,
    settled: settled(0, 'in service'),
    events: recorded(
      ['effect.intended', 'restart', RESTART],
      ['effect.settled', 'restart', { ...RESTART, outcome: 'done' }],
    ),
    real: { flags: { 'lb-1': 'AP', 'lb-2': 'AP' }, node: 'open', restarts: 1, mark: '' },
    startsByOthers: 0,
  };
  const undone: Outcome = {
    ...{ exitCode: 12, settled: settled(12, 'in service'), events: [], startsByOthers: 0 },
    real: { ...done.real, restarts: 0 },
  };
  const out: Outcome = {
    ...done,
    ...{ exitCode: 8, settled: settled(8, 'out of service') },
    real: { flags: { 'lb-1': 'DX', 'lb-2': 'DX' }, node: 'paused', restarts: 1, mark: 'r1' },
  };
  const flags = (first: string | null) => ({ 'lb-1': first, 'lb-2': 'AP' });

  test('agree', () => {
    const held = {
      ...out,
      exitCode: 6,
      settled: settled(6, 'out of service'),
      events: [],
      real: { ...out.real, restarts: 0 },
    };
    const refused = { ...undone, exitCode: 3, settled: settled(3, 'unknown') };
    for (const outcome of [done, undone, out, held, refused]) expect(contradictions(outcome)).toEqual([]);
  });

  test.each<[string, Outcome, RegExp]>([
    ['another exit than was said', { ...done, exitCode: 12 }, /run.settled says exit 0, the process 12/],
    ['a call was cut', { ...done, settled: settled(0, 'in service', { callsCut: 1 }) }, /1 calls were cut/],
    [
      'done, and one proxy has it out',
      { ...done, real: { ...done.real, flags: flags('DX') } },
      /FLAGS are DX, AP/,
    ],
    [
      'done, and one proxy does not answer',
      { ...done, real: { ...done.real, flags: flags(null) } },
      /unknown, AP/,
    ],
    ['done, and it is fenced', { ...done, real: { ...done.real, node: 'paused' } }, /it is paused/],
    ['done, and it is marked', { ...done, real: { ...done.real, mark: 'r1' } }, /its mark is r1/],
    ['done, and restarted twice', { ...done, real: { ...done.real, restarts: 2 } }, /restarted 2 times/],
    ['done, and not restarted', { ...done, real: { ...done.real, restarts: 0 } }, /done with 0 restarts/],
    ['done, and the one restart was not its own', { ...done, startsByOthers: 1 }, /done with 0 restarts/],
    ['restarted without a word', { ...done, events: [] }, /restarted without a word/],
    [
      'undone, and out',
      { ...undone, real: { ...undone.real, flags: flags('DX') } },
      /in service, and it is not/,
    ],
    ['undone, and restarted', { ...undone, real: done.real }, /exit 12, and it was restarted/],
    ['undone, and nobody knows', { ...undone, settled: settled(12, 'unknown') }, /and the node is unknown/],
    [
      'out, and in on one proxy',
      { ...out, real: { ...out.real, flags: flags('DX') } },
      /out of service, and FLAGS are/,
    ],
    ['out, not paused, and not a word', { ...out, real: { ...out.real, node: 'open' } }, /is not paused/],
    [
      'unknown, and everything was read',
      { ...done, exitCode: 9, settled: settled(9, 'unknown') },
      /nothing that could not/,
    ],
    ['a bug', { ...done, exitCode: 1, settled: settled(1, 'in service') }, /exit 1/],
  ])('%s', (_what, outcome, said) => {
    expect(contradictions(outcome).join('; ')).toMatch(said);
  });

  const END = '{"seq":2,"type":"run.settled"}\n';
  test.each<[string, string, RegExp]>([
    ['whole', `{"seq":1,"type":"run.started"}\n${END}`, /^$/],
    ['empty', '', /it is empty/],
    ['torn', `{"seq":1,"type":"run.started"}\n${END}{"se`, /its last line is torn/],
    ['damaged', `{"seq":1,"ty\n${END}`, /line 1 is no event/],
    ['with a hole', END, /its numbers are 2/],
    ['without an end', '{"seq":1,"type":"run.started"}\n', /0 run.settled; it ends with run.started/],
    ['with two ends', `{"seq":1,"type":"run.settled"}\n${END}`, /2 run.settled/],
  ])('a journal that is %s', (_what, text, flaws) => {
    expect(journalFlaws(text).join('; ')).toMatch(flaws);
  });
});
