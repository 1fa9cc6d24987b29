import { describe, expect, it } from 'vitest';
import { hurriedBy } from '../../src/workflow/hurry.ts';
import { ManualClock } from '../support/manual-clock.ts';

const never = new AbortController().signal;

/** Work that ends when its signal fires: at which ms of the clock that was. */
async function firedAt(
  prepare: (clock: ManualClock, hurry: AbortController, outer: AbortController) => Promise<void>,
): Promise<number> {
  const clock = new ManualClock();
  const [hurry, outer] = [new AbortController(), new AbortController()];
  if (prepare === atOnce) hurry.abort();
  const work = hurriedBy(clock, 3_000, hurry.signal, outer.signal, async (signal) => {
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    return clock.now();
  });
  await prepare(clock, hurry, outer);
  const at = await work;
  expect(clock.sleeping).toBe(0);
  return at;
}

const atOnce = async (clock: ManualClock): Promise<void> => clock.pass(10_000);

describe('hurriedBy', () => {
  it('leaves so much time from the moment in which somebody began to wait', async () => {
    const at = await firedAt(async (clock, hurry) => {
      await clock.pass(20_000);
      hurry.abort();
      await clock.pass(10_000);
    });
    expect(at).toBe(23_000);
  });

  it('and from now where somebody waits already', async () => {
    expect(await firedAt(atOnce)).toBe(3_000);
  });

  it('ends with the outer signal at once', async () => {
    const at = await firedAt(async (clock, hurry, outer) => {
      hurry.abort();
      await clock.pass(1_000);
      outer.abort();
    });
    expect(at).toBe(1_000);
  });

  it('leaves nothing behind where the work ends by itself', async () => {
    const clock = new ManualClock();
    const hurry = new AbortController();
    expect(await hurriedBy(clock, 3_000, hurry.signal, never, () => Promise.resolve('done'))).toBe('done');
    hurry.abort();
    expect(clock.sleeping).toBe(0);
  });
});
