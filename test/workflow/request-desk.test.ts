import { beforeEach, describe, expect, it } from 'vitest';
import { FshaError } from '../../src/domain/errors.ts';
import type { Policy } from '../../src/domain/policy.ts';
import { policyFor } from '../../src/domain/run.ts';
import type { NewEvent, RunEvent } from '../../src/domain/run-events.ts';
import { Recorder } from '../../src/workflow/recorder.ts';
import { createRequestDesk, type RequestDesk } from '../../src/workflow/request-desk.ts';
import { policy } from '../domain/builders.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { drainStarted } from './drain-started.ts';

const MINUTE = 60_000;

/** A disk: what is on it, and whether it takes more. */
let journal: { events: RunEvent[]; isFull: boolean; onAppend: (event: RunEvent) => Promise<void> };
let recorder: Recorder;
let desk: RequestDesk;
/** What was called, in order. */
let called: string[];

async function begin(changes: Partial<Policy> = {}): Promise<void> {
  journal = { events: [], isFull: false, onAppend: () => Promise.resolve() };
  called = [];
  recorder = new Recorder({
    run: 'r1',
    clock: new ManualClock(),
    journal: {
      append: async (event) => {
        await journal.onAppend(event);
        if (journal.isFull) throw new FshaError('journal', 'no space left on the disk');
        journal.events.push(event);
      },
      close: () => Promise.resolve(),
    },
    views: [],
    onViewFailure: () => undefined,
  });
  desk = createRequestDesk({
    recorder,
    abort: () => called.push('abort'),
    wake: () => called.push('wake'),
    window: () => null,
  });
  const settings = policy({ timeout: 10 * MINUTE, ...changes });
  await record(drainStarted(settings));
  await record({ type: 'step.started', node: 'node-1', step: 'node-1/wait_drained', data: {} });
}

function record(event: NewEvent): Promise<void> {
  return recorder.record(event);
}

/** What the journal has of requests: `extend by key e`, `accepted`, `refused: why`. */
function story(): readonly string[] {
  return journal.events.flatMap((event) => {
    if (event.type === 'request.received') return [`${event.data.request.kind} by ${event.data.by}`];
    if (event.type !== 'request.settled') return [];
    return [event.data.accepted ? 'accepted' : `refused: ${event.data.why ?? ''}`];
  });
}

beforeEach(() => begin());

describe('a request', () => {
  it('is recorded with who asks, answered, and holds from then on', async () => {
    expect(await desk.submit({ kind: 'extend', ms: 5 * MINUTE }, 'key e')).toEqual({ accepted: true });
    expect(story()).toEqual(['extend by key e', 'accepted']);
    expect(policyFor(recorder.state, 'node-1').timeout).toBe(15 * MINUTE);
    expect(called).toEqual(['wake']);
  });

  it('that cannot be granted is recorded with why, and nothing comes of it', async () => {
    const answer = await desk.submit({ kind: 'extend', ms: -1 }, 'key e');
    expect(answer).toEqual({
      accepted: false,
      why: 'a deadline is extended by a positive number of milliseconds',
    });
    expect(story()).toEqual(['extend by key e', `refused: ${answer.why ?? ''}`]);
    expect(policyFor(recorder.state, 'node-1').timeout).toBe(10 * MINUTE);
    expect(called).toEqual([]);
  });

  it('to stop fires the signal once it is on the disk, and no sooner', async () => {
    journal.onAppend = (event) => {
      if (event.type === 'request.settled') expect(called).toEqual([]);
      return Promise.resolve();
    };
    expect(await desk.submit({ kind: 'abort' }, 'SIGINT')).toEqual({ accepted: true });
    expect(called).toEqual(['abort', 'wake']);
    expect(story()).toEqual(['abort by SIGINT', 'accepted']);
  });

  it('is judged by what was granted before it', async () => {
    const most = Number.MAX_SAFE_INTEGER - 10 * MINUTE;
    const answers = await Promise.all([
      desk.submit({ kind: 'extend', ms: most }, 'key e'),
      desk.submit({ kind: 'extend', ms: most }, 'key e'),
      desk.submit({ kind: 'hold' }, 'key h'),
    ]);
    expect(answers.map(({ accepted }) => accepted)).toEqual([true, false, true]);
  });
});

describe('requests at one moment', () => {
  it('are answered one after the other, in the order in which they were handed in', async () => {
    // The disk is slower for the first one than for those behind it.
    let late = 5;
    journal.onAppend = async () => {
      for (let turn = (late -= 1); turn > 0; turn -= 1) await new Promise((resolve) => setImmediate(resolve));
    };
    const order: string[] = [];
    await Promise.all([
      desk.submit({ kind: 'extend', ms: MINUTE }, 'first').then(() => order.push('first')),
      desk.submit({ kind: 'hold' }, 'second').then(() => order.push('second')),
      desk.submit({ kind: 'abort' }, 'third').then(() => order.push('third')),
    ]);
    expect(order).toEqual(['first', 'second', 'third']);
    expect(story()).toEqual([
      ...['extend by first', 'accepted', 'hold by second', 'accepted', 'abort by third', 'accepted'],
    ]);
  });

  it('keep their pairs while the steps record events of their own', async () => {
    journal.onAppend = () => new Promise((resolve) => setImmediate(resolve));
    const step: NewEvent = { type: 'warning', node: 'node-1', data: { code: 'bug', message: 'x', hint: '' } };
    await Promise.all([
      desk.submit({ kind: 'extend', ms: -5 }, 'a'),
      record(step),
      desk.submit({ kind: 'hold' }, 'b'),
      record(step),
    ]);
    expect(story()).toEqual([
      'extend by a',
      'refused: a deadline is extended by a positive number of milliseconds',
      'hold by b',
      'accepted',
    ]);
    expect(policyFor(recorder.state, 'node-1').hold).toBe(true);
    expect(recorder.state.openRequests).toEqual([]);
  });
});

describe('a request while a step begins', () => {
  const ACTIVATE: NewEvent = { type: 'step.started', node: 'node-1', step: 'node-1/activate', data: {} };
  /** What the journal has, in short. */
  const order = (): readonly string[] =>
    journal.events.slice(2).map((event) => (event.type === 'step.started' ? 'activate' : event.type));

  beforeEach(() => {
    journal.onAppend = () => new Promise((resolve) => setImmediate(resolve));
  });

  it('is judged by what was handed to the journal before it, though that is not on the disk yet', async () => {
    const beginning = record(ACTIVATE);
    const answer = await desk.submit({ kind: 'hold' }, 'key h');
    await beginning;
    expect(answer).toEqual({ accepted: false, why: 'node-1 is brought back in already' });
    expect(order()).toEqual(['activate', 'request.received', 'request.settled']);
    expect(policyFor(recorder.state, 'node-1').hold).toBe(false);
  });

  it('holds before the step begins where it came first: nothing comes between it and its answer', async () => {
    let beginning: Promise<void> | undefined;
    journal.onAppend = async (event) => {
      // While the request is being written, the step hands in that it begins.
      if (event.type === 'request.received') beginning = record(ACTIVATE);
      await new Promise((resolve) => setImmediate(resolve));
    };
    const answer = await desk.submit({ kind: 'hold' }, 'key h');
    await beginning;
    expect(answer).toEqual({ accepted: true });
    expect(order()).toEqual(['request.received', 'request.settled', 'activate']);
    expect(policyFor(recorder.state, 'node-1').hold).toBe(true);
  });
});

describe('a journal that takes nothing', () => {
  it('nothing comes of the request, its answer is the error, and the next one is tried', async () => {
    journal.isFull = true;
    const asked = desk.submit({ kind: 'abort' }, 'key q');
    const behind = desk.submit({ kind: 'hold' }, 'key h');
    await expect(asked).rejects.toMatchObject({ code: 'journal' });
    await expect(behind).rejects.toMatchObject({ code: 'journal' });
    expect(called).toEqual([]);
    expect(policyFor(recorder.state, 'node-1').hold).toBe(false);
    journal.isFull = false;
    expect(await desk.submit({ kind: 'hold' }, 'key h')).toEqual({ accepted: true });
    expect(story()).toEqual(['hold by key h', 'accepted']);
    expect(policyFor(recorder.state, 'node-1').hold).toBe(true);
  });

  it('full between request and answer: not granted, and the next answer is for the next request', async () => {
    journal.onAppend = (event) => {
      journal.isFull = event.type === 'request.settled' && journal.events.at(-1)?.type === 'request.received';
      return Promise.resolve();
    };
    await expect(desk.submit({ kind: 'hold' }, 'key h')).rejects.toMatchObject({ code: 'journal' });
    expect(policyFor(recorder.state, 'node-1').hold).toBe(false);
    journal.isFull = false;
    journal.onAppend = () => Promise.resolve();
    expect(await desk.submit({ kind: 'extend', ms: MINUTE }, 'key e')).toEqual({ accepted: true });
    // Of the hold it was never said that it was granted: an extension must not be taken for it.
    expect(policyFor(recorder.state, 'node-1')).toMatchObject({ hold: false, timeout: 11 * MINUTE });
  });
});

describe('at the end', () => {
  it('what was handed in before is answered, what comes after is refused and leaves no trace', async () => {
    journal.onAppend = () => new Promise((resolve) => setImmediate(resolve));
    const before = desk.submit({ kind: 'hold' }, 'key h');
    const closing = desk.close();
    const after = await desk.submit({ kind: 'abort' }, 'key q');
    expect(after).toEqual({ accepted: false, why: 'the run has ended' });
    await closing;
    expect(story()).toEqual(['hold by key h', 'accepted']);
    expect(await before).toEqual({ accepted: true });
    expect(called).toEqual(['wake']);
  });

  it('closes although the last request could not be recorded', async () => {
    journal.isFull = true;
    const asked = desk.submit({ kind: 'hold' }, 'key h');
    await Promise.all([desk.close(), expect(asked).rejects.toMatchObject({ code: 'journal' })]);
  });
});
