/** A restart that was announced, and then not sent: a disk took long, and the node was no longer what had been seen. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { NodeObservation, Observation } from '../../src/domain/observation.ts';
import { policyFor } from '../../src/domain/run.ts';
import type { NewEvent, RunEvent } from '../../src/domain/run-events.ts';
import type { CommandResult, NodeActivity } from '../../src/workflow/ports.ts';
import { Recorder } from '../../src/workflow/recorder.ts';
import { newMemory, type StepContext } from '../../src/workflow/step.ts';
import { restart } from '../../src/workflow/steps/restart.ts';
import { baseline, cluster, known, node, policy, proxy, seenNode, seenProxy } from '../domain/builders.ts';
import { HELD } from '../support/held-lock.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { drainStarted } from './drain-started.ts';

const MINUTE = 60_000;
const INTENDED: NewEvent = {
  type: 'effect.intended',
  node: 'node-1',
  step: 'node-1/restart',
  data: { effect: 'node.restart', target: { node: 'node-1' }, found: 'before', wanted: 'restart-it' },
};

let clock: ManualClock;
let stop: AbortController;
let events: RunEvent[];
let sessions: number;
let coreUuid: string;
/** What the restart command exits with; one that fails restarts nothing. */
let exitCode: number;
/** What was up each time the restart command was run. */
let restarts: number[];
/** Ms for which the disk has to write that a restart is intended. */
let diskTakes: number;
/** Called as the nth look of the effect itself at the node begins. */
let onLook: (nth: number) => void;
let looks: number;
let end: unknown;

beforeEach(() => {
  clock = new ManualClock();
  stop = new AbortController();
  events = [];
  sessions = 0;
  coreUuid = 'before';
  exitCode = 0;
  restarts = [];
  diskTakes = 0;
  onLook = () => undefined;
  looks = 0;
  end = undefined;
});
afterEach(() => stop.abort());

/** A call comes up, for a minute. */
function call(): void {
  sessions = 1;
  void clock.sleep(MINUTE, new AbortController().signal).then(() => (sessions = 0));
}

const seen = (): NodeObservation =>
  seenNode('node-1', {
    at: clock.now(),
    sessions: known(sessions),
    calls: known(sessions),
    channels: known(sessions),
    coreUuid: known(coreUuid),
    uptimeMs: known(0),
    mark: known(`r1,me,${clock.wall().toISOString()}`),
  });

/** @param takes ms */
async function observation(takes: number): Promise<Observation> {
  await clock.sleep(takes, new AbortController().signal);
  const listed = [
    ['sip:10.0.1.10:5080', 'DX'],
    ['sip:10.0.1.11:5080', 'AP'],
  ] as const;
  return {
    nodes: { 'node-1': seen(), 'node-2': seenNode('node-2', { at: clock.now() }) },
    proxies: { 'lb-1': seenProxy('lb-1', listed, { at: clock.now() }) },
  };
}

/** Begins the step on a node that was drained. @param before what an earlier process of the run has recorded */
async function begin(before: readonly NewEvent[] = []): Promise<void> {
  const settings = policy({ force: ['database'] });
  const recorder = new Recorder({
    run: 'r1',
    clock,
    journal: {
      append: async (event) => {
        events.push(event);
        if (event.type === 'effect.intended') await clock.sleep(diskTakes, new AbortController().signal);
      },
      close: () => Promise.resolve(),
    },
    views: [],
    onViewFailure: () => undefined,
  });
  const record = (event: NewEvent): Promise<void> => recorder.record(event);
  await record(drainStarted(settings));
  const found = baseline({ coreUuid: 'before' });
  const destinations = found.destinations.filter((one) => one.proxy === 'lb-1');
  await record({
    type: 'preflight.settled',
    node: 'node-1',
    data: { verdicts: [], baseline: { ...found, destinations }, found: destinations },
  });
  const passing = clock.pass(MINUTE);
  for (const event of before) await record(event);
  await passing;
  events.length = 0;
  const its = node('node-1', '10.0.1.10', { restart: { command: 'restart-it', timeout: 20_000 } });
  const run = (command: string): Promise<CommandResult> => {
    // Whatever else is asked there, such as whether a restart is under way: no.
    const isRestart = command === 'restart-it';
    if (isRestart) restarts.push(sessions);
    if (isRestart && exitCode === 0) coreUuid = 'after';
    return Promise.resolve({ exitCode: isRestart ? exitCode : 0, signal: null, stdout: '', stderr: '' });
  };
  const listen = (_listener: (activity: NodeActivity) => void) => () => undefined;
  const context = {
    world: {
      cluster: cluster({ proxies: [proxy('lb-1', { frTimer: 1_000 })] }),
      clock,
      lock: HELD,
      nodes: new Map([
        [
          'node-1',
          {
            observe: () => {
              looks += 1;
              onLook(looks);
              return Promise.resolve(seen());
            },
            onActivity: listen,
          },
        ],
        ['node-2', {}],
      ]),
      proxies: new Map([['lb-1', {}]]),
      hosts: new Map([['node-1', { login: () => Promise.resolve(), run }]]),
      guard: (_node: string, command: string) => command,
    },
    watcher: {
      fresh: () => observation(1),
      freshAmong: () => observation(1),
      since: () => observation(1_000),
      latest: () => ({ nodes: {}, proxies: {} }),
      wake: () => undefined,
      setPace: () => undefined,
    },
    node: its,
    step: 'node-1/restart',
    run: 'r1',
    who: 'me',
    signal: stop.signal,
    leave: new AbortController().signal,
    policy: () => policyFor(recorder.state, 'node-1'),
    record,
    soFar: () => recorder.state.nodes['node-1'] ?? expect.fail('nothing is recorded of node-1'),
    memory: { ...newMemory(), outSince: 0, drainedOut: 0 },
  } as unknown as StepContext;
  void restart(context, {})
    .catch((error: unknown) => error)
    .then((what) => (end = what));
}

/** What became of each restart that was announced in this process. */
const outcomes = (): readonly string[] =>
  events.flatMap((event) =>
    event.type === 'effect.settled' && event.data.effect === 'node.restart' ? [event.data.outcome] : [],
  );
const retries = (): readonly string[] =>
  events.flatMap((event) => (event.type === 'step.retrying' ? [event.data.error.message] : []));

test('a call comes up while the disk writes that it is intended: not sent before that call has ended', async () => {
  diskTakes = 2_000;
  await begin();
  await clock.pass(500);
  expect(events.at(-1)?.type).toBe('effect.intended');
  call();
  await clock.pass(MINUTE - 1_000);
  expect([end, restarts, outcomes()]).toEqual([undefined, [], ['failed']]);
  expect(retries()).toEqual(['node-1 has 1 session again: it is not restarted']);
  await clock.pass(MINUTE);
  expect([end, restarts, outcomes()]).toEqual(['succeeded', [0], ['failed', 'done']]);
});

test('what was seen a moment ago is not looked at once more', async () => {
  diskTakes = 100;
  onLook = () => {
    if (restarts.length === 0) expect(looks).toBe(1);
  };
  await begin();
  await clock.pass(10_000);
  expect([end, restarts]).toEqual(['succeeded', [0]]);
});

test('a wish to stop that comes in that look is heard: it is not sent', async () => {
  diskTakes = 2_000;
  onLook = (nth) => {
    if (nth === 2) stop.abort();
  };
  await begin();
  await clock.pass(10_000);
  expect(end).toMatchObject({ code: 'interrupted' });
  expect([restarts, outcomes()]).toEqual([[], ['failed']]);
});

test('behind a restart that an earlier process announced a call is waited for just the same', async () => {
  onLook = (nth) => {
    if (nth === 1) call();
  };
  await begin([
    INTENDED,
    {
      type: 'effect.settled',
      node: 'node-1',
      step: 'node-1/settle_restart',
      data: { effect: 'node.restart', target: { node: 'node-1' }, outcome: 'failed', read: 'before' },
    },
  ]);
  await clock.pass(MINUTE - 1_000);
  expect([end, restarts, outcomes()]).toEqual([undefined, [], []]);
  await clock.pass(MINUTE);
  expect([end, restarts, outcomes()]).toEqual(['succeeded', [0], ['done']]);
});

test.each([
  ['failed by its own account', 1, 'restart.failed', 'failed'],
  ['ran out of time', 124, 'effect.unknown', 'unknown'],
])('one that was sent and %s is not sent again', async (_, exit, code, outcome) => {
  exitCode = exit;
  await begin();
  await clock.pass(2 * MINUTE);
  expect(end).toMatchObject({ code });
  expect([restarts, outcomes()]).toEqual([[0], [outcome]]);
});
