/** Whether a restart may be under way still, as far as the journals of the runs on a node tell. */
import { expect, test } from 'vitest';
import type { EffectOutcome } from '../../src/domain/effect.ts';
import type { NewEvent } from '../../src/domain/run-events.ts';
import { findStandingBaseline } from '../../src/journal/standing-baseline.ts';
import { disable, preflight, restart, settled, started } from './events.ts';
import { runsDirectory } from './runs-directory.ts';

const BEGUN = [started(), preflight('node-1'), disable('node-1')];
const out = settled({ 'node-1': 'out of service' }, 7);

function became(outcome: EffectOutcome, step = 'restart'): NewEvent {
  return {
    type: 'effect.settled',
    node: 'node-1',
    step: `node-1/${step}`,
    data: { effect: 'node.restart', target: { node: 'node-1' }, outcome, read: null },
  };
}

async function told(...runs: readonly (readonly NewEvent[])[]): Promise<readonly unknown[]> {
  const found = await findStandingBaseline(await runsDirectory(...runs), 'voice-eu', 'node-1');
  return [found?.restarted, found?.restartOpen];
}

const announced = [...BEGUN, restart('node-1')];

test.each<[string, readonly NewEvent[], boolean]>([
  ['its process ended in it', announced, true],
  ['it was carried out', [...announced, became('done')], false],
  ['it failed, and nothing is under way', [...announced, became('failed'), out], false],
  ['nobody knows what became of it', [...announced, became('unknown'), out], true],
  [
    'somebody went on, and found out',
    [...announced, became('unknown'), out, became('failed', 'settle_restart')],
    false,
  ],
  ['the second one, after one that is over', [...announced, became('failed'), restart('node-1')], true],
])('%s', async (_, events, isOpen) => {
  expect(await told(events)).toEqual([true, isOpen]);
});

test('what a later run on the node did without one says nothing of it', async () => {
  expect(await told(announced, [...BEGUN, out])).toEqual([true, true]);
  expect(await told([...announced, became('done'), out], [...BEGUN, out])).toEqual([true, false]);
  expect(await told([...BEGUN, out], announced)).toEqual([true, true]);
});

test('a node that was in service since had its end of it', async () => {
  const back = [...BEGUN, settled({ 'node-1': 'in service' })];
  expect(await told(announced, back, [...BEGUN, out])).toEqual([false, false]);
});
