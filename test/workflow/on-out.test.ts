/** The user's own command is run once in the life of a run, whichever process of the run comes to it. */
import { expect, test } from 'vitest';
import type { EffectSettled, NewEvent } from '../../src/domain/run-events.ts';
import type { StepContext } from '../../src/workflow/step.ts';
import { onOut } from '../../src/workflow/steps/on-out.ts';
import { node } from '../domain/builders.ts';

const TARGET = { node: 'node-1' };
const CAME: EffectSettled = {
  effect: 'hook.on_out',
  target: TARGET,
  outcome: 'done',
  read: { exitCode: 0, signal: null, output: '' },
};

/** @returns what the step came to, and what was said; it throws where the command is run */
async function goOn(settled: EffectSettled | null): Promise<readonly [string, readonly NewEvent[]]> {
  const said: NewEvent[] = [];
  const intent = { effect: 'hook.on_out', target: TARGET, wanted: 'stop-dialer', found: null };
  const context = {
    node: node('node-1', '10.0.1.10'),
    step: 'node-1/on_out',
    soFar: () => ({ effects: [{ intent, step: 'node-1/on_out', settled }] }),
    memory: { warned: new Set() },
    record: (event: NewEvent) => Promise.resolve(void said.push(event)),
  } as unknown as StepContext;
  return [await onOut(context, { command: 'stop-dialer' }), said];
}

test('an earlier process has run it: not once more, and nothing is said', async () => {
  expect(await goOn(CAME)).toEqual(['skipped', []]);
});

test('an earlier process died in it: not once more, and that nobody knows is said', async () => {
  const [outcome, said] = await goOn(null);
  expect(outcome).toBe('skipped');
  expect(said).toMatchObject([
    {
      type: 'warning',
      node: 'node-1',
      data: {
        code: 'effect.unknown',
        message: 'whether drain.onOut was run for node-1 is unknown: the process that announced it has ended',
        hint: 'It is not run again; look, and do by hand what it was to do.',
      },
    },
  ]);
});
