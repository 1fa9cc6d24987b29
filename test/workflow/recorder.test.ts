import { describe, expect, it } from 'vitest';
import { FshaError } from '../../src/domain/errors.ts';
import type { NewEvent, RunEvent } from '../../src/domain/run-events.ts';
import { Recorder } from '../../src/workflow/recorder.ts';
import { policy } from '../domain/builders.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { drainStarted } from './drain-started.ts';

const started: NewEvent = drainStarted(policy());
const step: NewEvent = { type: 'step.started', node: 'node-1', step: 'node-1/preflight', data: {} };

function recorder(
  append: (event: RunEvent) => Promise<void>,
  views: readonly ((event: RunEvent) => void)[] = [],
) {
  const failures: unknown[] = [];
  const made = new Recorder({
    run: 'r1',
    clock: new ManualClock(),
    journal: { append, close: async () => undefined },
    views,
    onViewFailure: (error) => failures.push(error),
  });
  return { made, failures };
}

describe('Recorder', () => {
  it('shows an event to the views only when the journal has it', async () => {
    const order: string[] = [];
    const { made } = recorder(
      async (event) => {
        await new Promise((resolve) => setImmediate(resolve));
        order.push(`journal ${event.seq}`);
      },
      [(event) => order.push(`view ${event.seq}`)],
    );
    await Promise.all([made.record(started), made.record(step)]);
    expect(order).toEqual(['journal 1', 'view 1', 'journal 2', 'view 2']);
    expect(made.state.lastSeq).toBe(2);
  });

  it('a turn of several events: each sees the state after the one before, and nothing comes between', async () => {
    const seen: string[] = [];
    const { made } = recorder(
      () => new Promise((resolve) => setImmediate(resolve)),
      [(event) => seen.push(event.type)],
    );
    await made.record(started);
    const turn = made.inTurn(async (write) => {
      await write({ type: 'request.received', data: { request: { kind: 'hold' }, by: 'me' } });
      const open = made.state.openRequests.length;
      await write({ type: 'request.settled', data: { accepted: false } });
      return open;
    });
    await Promise.all([turn, made.record(step)]);
    expect(await turn).toBe(1);
    expect(seen).toEqual(['run.started', 'request.received', 'request.settled', 'step.started']);
  });

  it('a turn that fails is its own, and those behind it are tried', async () => {
    const { made } = recorder(async () => undefined);
    await made.record(started);
    const turn = made.inTurn(() => Promise.reject(new FshaError('bug', 'x')));
    const behind = made.record(step);
    await expect(turn).rejects.toMatchObject({ code: 'bug' });
    await behind;
    expect(made.state.lastSeq).toBe(2);
  });

  it('drops a view that throws, and goes on', async () => {
    const seen: number[] = [];
    const broken = (): void => {
      throw new Error('a component');
    };
    const { made, failures } = recorder(async () => undefined, [broken, (event) => seen.push(event.seq)]);
    await made.record(started);
    await made.record(step);
    expect(seen).toEqual([1, 2]);
    expect(failures).toHaveLength(1);
  });

  it('tells whoever records that the journal is lost, and records nothing of it', async () => {
    const seen: string[] = [];
    let full = false;
    const { made } = recorder(async () => {
      if (full) throw new FshaError('journal', 'disk full');
    }, [(event) => seen.push(event.type)]);
    await made.record(started);
    full = true;
    await expect(made.record(step)).rejects.toMatchObject({ code: 'journal' });
    expect([seen, made.lost]).toEqual([['run.started'], null]);
    made.tolerateJournalLoss();
    await made.record(step);
    expect(made.lost).toMatchObject({ code: 'journal', message: 'disk full' });
    expect(seen).toEqual(['run.started', 'step.started']);
  });

  it('tells the views of the first event that is lost, and of no other', async () => {
    const seen: string[] = [];
    let full = false;
    const { made } = recorder(async () => {
      if (full) throw new FshaError('journal', 'disk full');
    }, [(event) => seen.push(event.type === 'warning' ? event.data.message : event.type)]);
    await made.record(started);
    made.tolerateJournalLoss((error) => ({
      type: 'warning',
      data: { code: 'journal', message: error instanceof FshaError ? error.message : '', hint: '' },
    }));
    await made.record(step);
    full = true;
    await made.record(step);
    await made.record(step);
    expect(seen).toEqual(['run.started', 'step.started', 'step.started', 'disk full', 'step.started']);
  });
});
