import { expect, test } from 'vitest';
import { FshaError, interrupted } from '../../src/domain/errors.ts';
import type { NodeObservation } from '../../src/domain/observation.ts';
import type { NewEvent } from '../../src/domain/run-events.ts';
import { within } from '../../src/workflow/deadline.ts';
import { newMemory, type StepContext } from '../../src/workflow/step.ts';
import { secure } from '../../src/workflow/steps/secure.ts';
import { baseline, cluster, DOWN, known, node, policy, seenNode } from '../domain/builders.ts';
import { HELD } from '../support/held-lock.ts';
import { ManualClock } from '../support/manual-clock.ts';

const LIMIT = 10_000;

/** Secures a node that has no destinations, within LIMIT. @returns the warnings */
async function warningsWhere(
  observe: (clock: ManualClock, signal: AbortSignal) => Promise<NodeObservation>,
): Promise<readonly string[]> {
  const clock = new ManualClock();
  const events: NewEvent[] = [];
  const leave = new AbortController().signal;
  const context = {
    world: {
      cluster: cluster(),
      clock,
      lock: HELD,
      nodes: new Map([
        ['node-1', { observe: (_detail: string, signal: AbortSignal) => observe(clock, signal) }],
      ]),
    },
    node: node('node-1', '10.0.1.10'),
    step: 'node-1/secure',
    run: 'r1',
    leave,
    policy: () => policy(),
    record: (event: NewEvent) => {
      events.push(event);
      return Promise.resolve();
    },
    soFar: () => ({ baseline: baseline({ destinations: [] }), effects: [] }),
    memory: newMemory(),
    watcher: { fresh: () => Promise.resolve({ nodes: {}, proxies: {} }) },
  } as unknown as StepContext;
  const done = within(clock, LIMIT, leave, 'keeping it out', (signal) =>
    secure({ ...context, signal }, {}),
  ).catch((error: unknown) => {
    if (!(error instanceof FshaError)) throw error;
  });
  await clock.pass(LIMIT + 5_000);
  await done;
  return events.flatMap((event) => (event.type === 'warning' ? [event.data.message] : []));
}

test('a node that does not answer in time: that it is not fenced is said', async () => {
  expect(await warningsWhere(() => Promise.resolve(seenNode('node-1', { trouble: DOWN })))).toEqual([
    'node-1 could not be paused: it is down',
  ]);
});

test('the same, with a reading under way when the time is over', async () => {
  const slow = async (clock: ManualClock, signal: AbortSignal): Promise<NodeObservation> => {
    await clock.sleep(4_000, signal);
    return seenNode('node-1', { trouble: DOWN });
  };
  expect(await warningsWhere(slow)).toEqual(['node-1 could not be paused: it is down']);
});

test('the same, and not one reading came to its end', async () => {
  const silent = (_clock: ManualClock, signal: AbortSignal): Promise<NodeObservation> =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(interrupted('reading')), { once: true });
    });
  expect(await warningsWhere(silent)).toEqual(['node-1 could not be paused: it has not answered']);
});

test('a proxy that does not answer does not keep the node from being fenced', async () => {
  const clock = new ManualClock();
  let paused = false;
  let mark: string | null = null;
  const port = {
    observe: () =>
      Promise.resolve(
        seenNode('node-1', { pause: known({ inbound: paused, outbound: false }), mark: known(mark) }),
      ),
    pauseInbound: (wanted: boolean) => {
      paused = wanted;
      return Promise.resolve();
    },
    setMark: (wanted: string | null) => {
      mark = wanted;
      return Promise.resolve();
    },
  };
  const leave = new AbortController().signal;
  const context = {
    world: {
      cluster: cluster(),
      clock,
      lock: HELD,
      nodes: new Map([['node-1', port]]),
      proxies: new Map(['lb-1', 'lb-2'].map((name) => [name, { observe: silent }])),
    },
    node: node('node-1', '10.0.1.10'),
    step: 'node-1/secure',
    run: 'r1',
    who: 'ops@bastion',
    leave,
    policy: () => policy(),
    record: () => Promise.resolve(),
    soFar: () => ({ baseline: baseline(), effects: [] }),
    memory: newMemory(),
    watcher: { fresh: (_needs: unknown, signal: AbortSignal) => silent(signal) },
  } as unknown as StepContext;
  const done = within(clock, LIMIT, leave, 'keeping it out', (signal) =>
    secure({ ...context, signal }, {}),
  ).catch((error: unknown) => {
    if (!(error instanceof FshaError)) throw error;
  });
  await clock.pass(LIMIT + 10_000);
  await done;
  expect([paused, mark]).toEqual([true, expect.stringMatching(/^r1,/)]);
});

/** Says nothing until the wait for it ends. */
function silent(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(interrupted('reading')), { once: true });
    if (signal.aborted) reject(interrupted('reading'));
  });
}
