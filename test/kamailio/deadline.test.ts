import { describe, expect, it } from 'vitest';
import { FshaError } from '../../src/domain/errors.ts';
import { within, type Deadline } from '../../src/kamailio/deadline.ts';
import type { Clock } from '../../src/workflow/ports.ts';
import { thrownBy } from './support/thrown.ts';

/** A clock whose only sleep ends when the test says so. */
class HeldClock implements Clock {
  asleep = 0;
  wake: () => void = () => undefined;
  now = (): number => 0;
  wall = (): Date => new Date(0);
  sleep(_ms: number, signal: AbortSignal): Promise<void> {
    this.asleep += 1;
    return new Promise((resolve, reject) => {
      this.wake = resolve;
      signal.addEventListener('abort', () => {
        this.asleep -= 1;
        reject(new FshaError('interrupted', 'sleep'));
      });
    });
  }
}

function deadline(clock: Clock, signal: AbortSignal): Deadline {
  return { clock, ms: 1_000, signal, what: 'the look', expired: () => new FshaError('timeout', 'too late') };
}

const never = (): Promise<never> => new Promise(() => undefined);

describe('a deadline', () => {
  it('gives back what was done in time, and leaves no sleep behind', async () => {
    const clock = new HeldClock();
    expect(await within(deadline(clock, new AbortController().signal), () => Promise.resolve(7))).toBe(7);
    expect(clock.asleep).toBe(0);
  });

  it('passes on what went wrong', async () => {
    const clock = new HeldClock();
    const work = (): Promise<never> => Promise.reject(new Error('broken'));
    expect(await thrownBy(within(deadline(clock, new AbortController().signal), work))).toMatchObject({
      message: 'broken',
    });
    expect(clock.asleep).toBe(0);
  });

  it('ends work that does not listen, and aborts work that does', async () => {
    const clock = new HeldClock();
    let heard = false;
    const result = thrownBy(
      within(deadline(clock, new AbortController().signal), (signal) => {
        signal.addEventListener('abort', () => (heard = true));
        return never();
      }),
    );
    clock.wake();
    expect(await result).toMatchObject({ code: 'timeout' });
    expect(heard).toBe(true);
  });

  it('says interrupted when the signal fires, before or meanwhile', async () => {
    const clock = new HeldClock();
    const interrupt = new AbortController();
    const result = thrownBy(within(deadline(clock, interrupt.signal), never));
    interrupt.abort();
    expect(await result).toMatchObject({ code: 'interrupted', message: 'the look was interrupted' });
    expect(await thrownBy(within(deadline(clock, interrupt.signal), never))).toMatchObject({
      code: 'interrupted',
    });
    expect(clock.asleep).toBe(0);
  });

  it('tells the reason even when work fails first because of it', async () => {
    const clock = new HeldClock();
    const result = thrownBy(
      within(deadline(clock, new AbortController().signal), (signal) => {
        return new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(new Error('cancelled'))),
        );
      }),
    );
    clock.wake();
    expect(await result).toMatchObject({ code: 'timeout' });
  });
});
