import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Effect } from '../../src/domain/effect.ts';
import { FshaError } from '../../src/domain/errors.ts';
import { writeMark } from '../../src/domain/mark.ts';
import type { NodeObservation } from '../../src/domain/observation.ts';
import { within } from '../../src/workflow/deadline.ts';
import type { Detail } from '../../src/workflow/ports.ts';
import { newMemory, type StepContext } from '../../src/workflow/step.ts';
import { restore } from '../../src/workflow/steps/restore.ts';
import { baseline, cluster, known, node, policy, seenNode, seenProxy } from '../domain/builders.ts';
import { HELD } from '../support/held-lock.ts';
import { ManualClock } from '../support/manual-clock.ts';

const UNDO_TIME = 60_000;
/** Longer than the undo may take: ms. */
const SILENCE = 70_000;
const URI = 'sip:10.0.1.10:5080';

let clock: ManualClock;
let stop: AbortController;
/** FLAGS of node-1, by proxy. */
let flags: Record<string, string>;
let mark: string | null;
/** Ms from which on node-1 answers; until then it is silent. */
let answersFrom: number;
/** What the step came to: its outcome, or the code of what it threw; undefined while it goes on. */
let end: string | undefined;
let running: Promise<unknown>;

beforeEach(() => {
  clock = new ManualClock();
  stop = new AbortController();
  flags = { 'lb-1': 'DX', 'lb-2': 'DX' };
  mark = writeMark({ run: 'r1', who: 'me', token: null, guard: false }, clock.wall());
  answersFrom = 0;
  end = undefined;
});
afterEach(async () => {
  stop.abort();
  await clock.pass(UNDO_TIME);
  await running;
});

async function observe(_detail: Detail, signal: AbortSignal): Promise<NodeObservation> {
  const at = clock.now();
  if (at < answersFrom) await clock.sleep(answersFrom - at, signal);
  return seenNode('node-1', { at, mark: known(mark) });
}

/** Begins to give back node-1, which this run has taken out of both proxies and marked. */
function begin(): void {
  const proxies = ['lb-1', 'lb-2'].map((name) => ({
    proxy: name,
    observe: () => Promise.resolve(seenProxy(name, [[URI, flags[name] ?? '']], { at: clock.now() })),
    setState: (state: string) => {
      flags[name] = state === 'ap' ? 'AP' : state;
      return Promise.resolve();
    },
  }));
  const setMark = (wanted: string | null): Promise<void> => {
    mark = wanted;
    return Promise.resolve();
  };
  const context = {
    world: {
      cluster: cluster(),
      clock,
      lock: HELD,
      nodes: new Map([['node-1', { observe, setMark }]]),
      proxies: new Map(proxies.map((one) => [one.proxy, one])),
    },
    node: node('node-1', '10.0.1.10'),
    step: 'node-1/restore',
    run: 'r1',
    who: 'me',
    leave: stop.signal,
    policy: () => policy(),
    record: () => Promise.resolve(),
    soFar: () => ({ baseline: baseline(), effects: [] }),
    memory: newMemory(),
  } as unknown as StepContext;
  const effects: readonly Effect[] = [
    ...proxies.map(({ proxy }): Effect => ({
      effect: 'dispatcher.state',
      target: { proxy, set: 1, uri: URI, duid: null },
      wanted: 'ap',
    })),
    { effect: 'node.mark', target: { node: 'node-1' }, wanted: null },
  ];
  running = within(clock, UNDO_TIME, stop.signal, 'the undo', (signal) =>
    restore({ ...context, signal }, { effects }),
  ).then(
    (outcome) => (end = outcome),
    (error: unknown) => (end = error instanceof FshaError ? error.code : String(error)),
  );
}

test('the node answers: all is given back, the mark last', async () => {
  begin();
  await clock.pass(10);
  expect([end, flags, mark]).toEqual(['succeeded', { 'lb-1': 'AP', 'lb-2': 'AP' }, null]);
});

test('the node is silent for longer than the undo may take: the proxies are given back all the same', async () => {
  answersFrom = SILENCE;
  const own = mark;
  begin();
  await clock.pass(UNDO_TIME + 1);
  expect(flags).toEqual({ 'lb-1': 'AP', 'lb-2': 'AP' });
  expect([end, mark]).toEqual(['timeout', own]);
});

test('the node answers after a while: its mark is taken away too', async () => {
  answersFrom = 20_000;
  begin();
  await clock.pass(UNDO_TIME + 1);
  expect([end, flags, mark]).toEqual(['succeeded', { 'lb-1': 'AP', 'lb-2': 'AP' }, null]);
});

test('it turns out to be another run that has it: nothing is given back', async () => {
  mark = writeMark({ run: 'r2', who: 'another', token: null, guard: false }, clock.wall());
  const others = mark;
  begin();
  await clock.pass(10);
  expect([end, flags, mark]).toEqual(['skipped', { 'lb-1': 'DX', 'lb-2': 'DX' }, others]);
});

test('the same, and it was silent when that was asked: the mark of the other stays', async () => {
  mark = writeMark({ run: 'r2', who: 'another', token: null, guard: false }, clock.wall());
  const others = mark;
  answersFrom = 10_000;
  begin();
  await clock.pass(UNDO_TIME + 1);
  expect(mark).toBe(others);
});
