/** What is seen of a node that is back in, until the next one may follow. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { known, type NodeObservation, unknown } from '../../src/domain/observation.ts';
import { soak, type Soaked } from '../../src/workflow/soak.ts';
import { newMemory, type StepContext } from '../../src/workflow/step.ts';
import { Watcher } from '../../src/workflow/watcher.ts';
import { cluster, node, policy, seenNode, seenProxy } from '../domain/builders.ts';
import { HELD } from '../support/held-lock.ts';
import { ManualClock } from '../support/manual-clock.ts';

const NODE = node('node-1', '10.0.1.10');
const BACK = [{ proxy: 'lb-1', set: 1, uri: 'sip:10.0.1.10:5080', duid: null, flags: 'AP' }];

let clock: ManualClock;
let stop: AbortController;
let watcher: Watcher;
let sessions: NodeObservation['sessions'];
let flags: string;

beforeEach(async () => {
  clock = new ManualClock();
  stop = new AbortController();
  sessions = known(0);
  flags = 'AP';
  const observe = (): Promise<NodeObservation> =>
    Promise.resolve(seenNode('node-1', { at: clock.now(), sessions }));
  const proxies = ['lb-1'].map((proxy) => ({
    proxy,
    observe: () => Promise.resolve(seenProxy(proxy, [['sip:10.0.1.10:5080', flags]], { at: clock.now() })),
  }));
  watcher = new Watcher([{ node: 'node-1', observe }], proxies as never, clock, 1_000);
  watcher.start();
  await clock.pass(10);
});
afterEach(async () => {
  stop.abort();
  await clock.pass(60_000);
  await watcher.stop();
});

/** What was seen; null while it is watched. */
function watched(): { what: Soaked | null } {
  const context = {
    world: {
      cluster: cluster({ nodes: [NODE] }),
      clock,
      lock: HELD,
      nodes: new Map([['node-1', {}]]),
      proxies: new Map([['lb-1', {}]]),
    },
    watcher,
    node: NODE,
    step: 'node-1/activate',
    run: 'r1',
    who: 'me',
    signal: stop.signal,
    leave: stop.signal,
    policy: () => policy({ minSoak: 5_000, poll: 1_000 }),
    record: () => Promise.resolve(),
    soFar: () => ({ effects: [] }),
    memory: newMemory(),
  } as unknown as StepContext;
  const seen: { what: Soaked | null } = { what: null };
  soak(context, BACK, { careful: false, activeSince: null }).then(
    (soaked) => (seen.what = soaked),
    () => undefined,
  );
  return seen;
}

test('no call comes: it has stayed active', async () => {
  const seen = watched();
  await clock.pass(4_900);
  expect(seen.what).toBeNull();
  await clock.pass(3_000);
  expect(seen.what).toMatchObject({ sessions: 0 });
  expect(seen.what?.activeMs).toBeGreaterThanOrEqual(5_000);
});

test('a call that came and went was seen', async () => {
  const seen = watched();
  await clock.pass(1_000);
  sessions = known(2);
  await clock.pass(2_000);
  sessions = known(0);
  await clock.pass(5_000);
  expect(seen.what).toMatchObject({ sessions: 2 });
});

test('how many there are is unknown: never none', async () => {
  sessions = unknown('no answer');
  const seen = watched();
  await clock.pass(8_000);
  expect(seen.what).toMatchObject({ sessions: null });
});

test('drift begins it anew', async () => {
  const seen = watched();
  await clock.pass(3_000);
  flags = 'DX';
  await clock.pass(2_000);
  flags = 'AP';
  await clock.pass(4_000);
  expect(seen.what).toBeNull();
  await clock.pass(4_000);
  expect(seen.what?.activeMs).toBeGreaterThanOrEqual(5_000);
});
