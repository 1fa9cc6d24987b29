import { formatDuration } from '../../domain/duration.ts';
import { FshaError } from '../../domain/errors.ts';
import type { RunAction } from '../../workflow/action-port.ts';
import type { Action } from '../action.ts';
import { Params, timeLeft } from './read-params.ts';

const LONGEST = 24 * 3_600_000;

export const pause: Action = {
  name: 'pause',
  summary: 'Waits.',
  params: {
    kind: 'fields',
    fields: { for: { kind: 'duration', required: true, description: 'How long: 30s, 5m, at most 24h.' } },
  },
  short: 'for',
  result: {},
  changes: () => 'nothing',
  // It ends by itself: what the step says of its timeout is the only other end.
  timeout: LONGEST + 1_000,
  without: ['register', 'rerun', 'check', 'disruptive', 'cutsCalls', 'undo'],
};

export const runPause: RunAction = async (params, _node, around) => {
  const ms = new Params(params, around.name).duration('for');
  if (ms > LONGEST)
    throw new FshaError('usage', `${around.name}: for is longer than ${formatDuration(LONGEST)}`);
  if (ms > timeLeft(around))
    throw new FshaError(
      'usage',
      `${around.name}: a pause of ${formatDuration(ms)} is longer than the step's timeout`,
      'Give the step a longer timeout, or none.',
    );
  await around.world.clock.sleep(ms, around.signal);
  return { ok: true, said: `waited ${formatDuration(ms)}` };
};
