/** Whoever lost the lock changes nothing: not where it was lost before an effect, nor while that was being announced. */
import { expect, test } from 'vitest';
import { FshaError } from '../../src/domain/errors.ts';
import type { NewEvent } from '../../src/domain/run-events.ts';
import { performEffect } from '../../src/workflow/effect.ts';
import type { World } from '../../src/workflow/world.ts';
import { known, seenNode } from '../domain/builders.ts';
import { HELD } from '../support/held-lock.ts';
import { ManualClock } from '../support/manual-clock.ts';

/** Pauses node-1, where the lock is lost at that moment; what was recorded, and what reached the node. */
async function pausing(
  lostAt: 'begin' | 'effect.intended' | null,
): Promise<{ end: unknown; recorded: string[]; paused: boolean }> {
  let isLost = lostAt === 'begin';
  let paused = false;
  const recorded: string[] = [];
  const port = {
    observe: () =>
      Promise.resolve(seenNode('node-1', { pause: known({ inbound: paused, outbound: false }) })),
    pauseInbound: (wanted: boolean) => Promise.resolve(void (paused = wanted)),
  };
  const assertHeld = (): void => {
    if (isLost) throw new FshaError('lock.lost', 'the lock was lost');
  };
  const { signal } = new AbortController();
  const end = await performEffect(
    { effect: 'node.pause', target: { node: 'node-1' }, wanted: true },
    {
      world: {
        clock: new ManualClock(),
        lock: { ...HELD, assertHeld },
        nodes: new Map([['node-1', port]]),
      } as unknown as World,
      node: 'node-1',
      step: 'node-1/fence',
      signal,
      leave: signal,
      // It is lost while this event is written to the disk.
      record: (event: NewEvent) => {
        recorded.push(event.type === 'effect.settled' ? `${event.type} ${event.data.outcome}` : event.type);
        if (event.type === lostAt) isLost = true;
        return Promise.resolve();
      },
    },
  ).catch((error: unknown) => error);
  return { end, recorded, paused };
}

test('held: it is done', async () => {
  expect(await pausing(null)).toEqual({
    end: 'done',
    recorded: ['effect.intended', 'effect.settled done'],
    paused: true,
  });
});

test('lost before: not even announced', async () => {
  expect(await pausing('begin')).toMatchObject({ end: { code: 'lock.lost' }, recorded: [], paused: false });
});

test('lost while it was announced: not done, and that is recorded', async () => {
  expect(await pausing('effect.intended')).toMatchObject({
    end: { code: 'lock.lost' },
    recorded: ['effect.intended', 'effect.settled failed'],
    paused: false,
  });
});
