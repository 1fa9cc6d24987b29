/** Which nodes a run leaves out: those whose mark may say that it has ended. */
import { expect, test } from 'vitest';
import type { ErrorCode } from '../../src/domain/errors.ts';
import { isLeftOut } from '../../src/domain/left-out.ts';
import { planDeactivate } from '../../src/domain/plan.ts';
import type { NewEvent } from '../../src/domain/run-events.ts';
import { baseline } from './builders.ts';
import { ended, stateOf } from './run-story.ts';

const at = { node: 'node-1', step: 'node-1/deactivate' };
const found = baseline().destinations;
const FOUND: NewEvent = {
  type: 'preflight.settled',
  node: 'node-1',
  step: 'node-1/preflight',
  data: { verdicts: [], baseline: baseline(), found },
};
const mark = (wanted: string | null): readonly NewEvent[] => [
  {
    type: 'effect.intended',
    ...at,
    data: { effect: 'node.mark', target: { node: 'node-1' }, found: null, wanted },
  },
  {
    type: 'effect.settled',
    ...at,
    data: { effect: 'node.mark', target: { node: 'node-1' }, outcome: 'done', read: wanted },
  },
];
const OUT = found.flatMap(({ flags, ...target }): readonly NewEvent[] => [
  { type: 'effect.intended', ...at, data: { effect: 'dispatcher.state', target, found: flags, wanted: 'd' } },
  {
    type: 'effect.settled',
    ...at,
    data: { effect: 'dispatcher.state', target, outcome: 'done', read: 'DX' },
  },
]);
const RESTART: NewEvent = {
  type: 'effect.intended',
  ...at,
  data: { effect: 'node.restart', target: { node: 'node-1' }, found: 'before', wanted: 'restart' },
};
const failed = (kind: string, code: ErrorCode): NewEvent => ({
  type: 'step.settled',
  node: 'node-1',
  step: `node-1/${kind}`,
  data: { outcome: 'failed', ms: 5, error: { code, message: 'x', hint: '' } },
});
const MARKED = [FOUND, ...mark('r1,ops@b,x')];

test.each<[string, readonly NewEvent[], boolean]>([
  ['it was taken out, and that was all', [...MARKED, ...OUT], true],
  ['it was held', [...MARKED, ...OUT, failed('wait_drained', 'drain.held')], true],
  [
    'its deadline passed, and it stays out',
    [...MARKED, ...OUT, failed('wait_drained', 'drain.expired')],
    true,
  ],
  ['the watch over it was ended', [...MARKED, ...OUT, failed('guard', 'interrupted')], true],
  ['the same, since another may have it', [...MARKED, ...OUT, failed('guard', 'locked')], false],
  ['it was handed over', [...MARKED, ...OUT, ended('guard')], false],
  ['nothing was done', [FOUND], false],
  ['it is in', MARKED, false],
  ['its mark was taken away', [...MARKED, ...OUT, ...mark(null)], false],
  ['it was stopped on its way out', [...MARKED, ...OUT, failed('wait_drained', 'interrupted')], false],
  ['it failed behind its restart', [...MARKED, ...OUT, RESTART, failed('verify', 'verify.failed')], false],
  [
    'its undo failed',
    [
      ...[...MARKED, ...OUT, failed('wait_drained', 'drain.expired')],
      { type: 'undo.started', ...at, data: { effects: [] } },
      { type: 'undo.settled', ...at, data: { outcome: 'failed' } },
    ],
    false,
  ],
])('%s', (_, events, expected) => {
  expect(isLeftOut(stateOf(events, { plan: planDeactivate('node-1', true) }), 'node-1')).toBe(expected);
  expect(isLeftOut(stateOf(events), 'node-9')).toBe(false);
});
