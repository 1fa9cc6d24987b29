/** What an earlier process did is given back: to which FLAGS hangs on what the node is by now. */
import { expect, test } from 'vitest';
import { planDrain } from '../../src/domain/plan.ts';
import type { NodeObservation } from '../../src/domain/observation.ts';
import type { NewEvent } from '../../src/domain/run-events.ts';
import { undoAll } from '../../src/workflow/carry-out.ts';
import type { Carrier } from '../../src/workflow/run-step.ts';
import { Recorder } from '../../src/workflow/recorder.ts';
import { Watcher } from '../../src/workflow/watcher.ts';
import { baseline, cluster, DOWN, known, policy, seenNode, seenProxy, unknown } from '../domain/builders.ts';
import { HELD } from '../support/held-lock.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { drainStarted } from './drain-started.ts';

const URI = 'sip:10.0.1.10:5080';
const UNDO_TIME = 60_000;

const FOUND = { 'lb-1': 'AP', 'lb-2': 'AX' } as const;

/** @returns what set_state was given for node-1, by proxy, which a run has taken out that found it active */
async function givenBack(changes: Partial<NodeObservation>): Promise<Record<string, string>> {
  const clock = new ManualClock();
  const given: Record<string, string> = {};
  const flags: Record<string, string> = { 'lb-1': 'DX', 'lb-2': 'DX' };
  const settings = policy({ restart: false });
  const recorder = new Recorder({
    run: 'r1',
    clock,
    journal: { append: () => Promise.resolve(), close: () => Promise.resolve() },
    views: [],
    onViewFailure: () => undefined,
  });
  const found = baseline({ coreUuid: 'before' });
  const at = { node: 'node-1', step: 'node-1/deactivate' };
  const events: readonly NewEvent[] = [
    drainStarted(settings),
    { type: 'preflight.settled', ...at, data: { verdicts: [], baseline: found, found: found.destinations } },
    ...(['lb-1', 'lb-2'] as const).map((proxy): NewEvent => ({
      type: 'effect.intended',
      ...at,
      data: {
        effect: 'dispatcher.state',
        target: { proxy, set: 1, uri: URI, duid: null },
        found: FOUND[proxy],
        wanted: 'd',
      },
    })),
  ];
  for (const event of events) await recorder.record(event);
  const proxies = ['lb-1', 'lb-2'].map((name) => ({
    proxy: name,
    observe: () => Promise.resolve(seenProxy(name, [[URI, flags[name] ?? '']], { at: clock.now() })),
    setState: (state: string) => {
      given[name] = state;
      flags[name] = state.toUpperCase().padEnd(2, 'X');
      return Promise.resolve();
    },
  }));
  const node = {
    node: 'node-1',
    observe: () =>
      Promise.resolve(seenNode('node-1', { at: clock.now(), coreUuid: known('before'), ...changes })),
  };
  const world = {
    cluster: cluster(),
    clock,
    lock: HELD,
    nodes: new Map([['node-1', node]]),
    proxies: new Map(proxies.map((one) => [one.proxy, one])),
  };
  const watcher = new Watcher(
    [...world.nodes.values()],
    proxies as unknown as ConstructorParameters<typeof Watcher>[1],
    clock,
    1_000,
  );
  watcher.start();
  const never = new AbortController().signal;
  const carrier = { world, watcher, recorder, run: 'r1', who: 'me', token: 'abcdef01', signal: never };
  const done = undoAll(planDrain('node-1', settings), { ...carrier, leave: never } as unknown as Carrier);
  await clock.pass(UNDO_TIME + 1_000);
  await done;
  await watcher.stop();
  return given;
}

test('the FreeSWITCH that it was: the flags that were found', async () => {
  expect(await givenBack({})).toEqual({ 'lb-1': 'ap', 'lb-2': 'a' });
});

test.each<[string, Partial<NodeObservation>]>([
  ['it is down', { trouble: DOWN, coreUuid: unknown('it is down'), mark: unknown('it is down') }],
  ['it is another FreeSWITCH by now', { coreUuid: known('after') }],
  ['nobody knows which one it is', { coreUuid: unknown('it does not say') }],
])("%s: the proxies' own pings are to bring it back, once it answers", async (_, changes) => {
  expect(await givenBack(changes)).toEqual({ 'lb-1': 'ip', 'lb-2': 'ip' });
});
