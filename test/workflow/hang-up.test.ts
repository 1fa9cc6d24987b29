import { beforeEach, describe, expect, it } from 'vitest';
import type { EffectRecord } from '../../src/domain/run.ts';
import type { NewEvent } from '../../src/domain/run-events.ts';
import type { NodePort } from '../../src/workflow/ports.ts';
import { newMemory, type StepContext } from '../../src/workflow/step.ts';
import { hangUp } from '../../src/workflow/steps/hang-up.ts';
import type { Watcher } from '../../src/workflow/watcher.ts';
import type { World } from '../../src/workflow/world.ts';
import { node, policy } from '../domain/builders.ts';
import { nodeOf, stateOf } from '../domain/run-story.ts';
import { HELD } from '../support/held-lock.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { calls, leg, NodeWithCalls } from './node-with-calls.ts';

let fake: NodeWithCalls;
let clock: ManualClock;
let events: NewEvent[];

beforeEach(() => {
  fake = new NodeWithCalls();
  clock = new ManualClock();
  events = [];
});

function hang(...named: readonly string[]): ReturnType<typeof hangUp> {
  const never = new AbortController().signal;
  const settings = policy({
    cutting: { cause: 'MANAGER_REQUEST', protect: ['^112$'], protectTimeout: null, expendable: [] },
  });
  const context: StepContext = {
    world: {
      nodes: new Map([['node-1', fake as unknown as NodePort]]),
      clock,
      lock: HELD,
    } as unknown as World,
    watcher: { latest: () => ({ nodes: {}, proxies: {} }) } as unknown as Watcher,
    node: node('node-1', '10.0.1.10'),
    step: 'node-1/hang_up',
    run: 'r1',
    who: 'me',
    signal: never,
    leave: never,
    policy: () => settings,
    tolerateJournalLoss: () => undefined,
    record: (event) => {
      events.push(event);
      return Promise.resolve();
    },
    soFar: () => nodeOf(stateOf(events)),
    memory: newMemory(),
  };
  const hanging = hangUp(context, { calls: named });
  void clock.pass(5 * 60_000);
  return hanging;
}

function outcomes(): readonly (string | undefined)[] {
  return nodeOf(stateOf(events)).effects.map(({ settled }: EffectRecord) => settled?.outcome);
}

describe('the step that hangs up', () => {
  it('cuts the calls that were named, each whole, by whichever leg', async () => {
    fake.legs = [leg('c1', { callUuid: 'c1' }), leg('b2', { callUuid: 'c1' }), leg('c3'), leg('c4')];
    expect(await hang('b2', 'c4')).toBe('succeeded');
    expect(fake.legs.map(({ uuid }) => uuid)).toEqual(['c3']);
  });

  it('has succeeded where they have ended by themselves', async () => {
    fake.legs = calls(2);
    expect(await hang('c7')).toBe('succeeded');
    expect(events).toEqual([]);
  });

  it('none were named: nothing is asked of the node', async () => {
    expect(await hang()).toBe('skipped');
    expect(fake.judged).toBe(0);
  });

  it('looks again where a session has no row yet', async () => {
    fake.legs = calls(2);
    fake.unlisted = 1;
    const look = fake.liveCalls.bind(fake);
    fake.liveCalls = () => {
      if (fake.judged === 3) fake.unlisted = 0;
      return look();
    };
    expect(await hang('c1')).toBe('succeeded');
    expect(fake.judged).toBeGreaterThan(3);
    expect(fake.kills).toEqual(['c1 MANAGER_REQUEST']);
  });

  it('and is refused where it never gets one: nothing was cut', async () => {
    fake.legs = calls(2);
    fake.unlisted = 1;
    await expect(hang('c1')).rejects.toMatchObject({
      code: 'refused',
      message: 'no call of node-1 was cut: 3 sessions in memory, but only 2 of them are listed',
    });
    expect(events).toEqual([]);
  });

  it('is refused at once while a protected call is up', async () => {
    fake.legs = [...calls(2), leg('c9', { destination: '112' })];
    await expect(hang('c1')).rejects.toMatchObject({ code: 'refused', message: /protected number is up/ });
    expect(fake.judged).toBe(1);
  });

  it('behind a protected call that came up it stops, and says that some were cut', async () => {
    fake.legs = calls(3);
    fake.onKill = (uuid) => {
      if (uuid === 'c1') fake.begin(leg('c50', { destination: '112' }));
      return true;
    };
    await expect(hang('c1', 'c2')).rejects.toMatchObject({
      code: 'cut.refused',
      message: 'no more calls of node-1 were cut: a call to a protected number is up',
    });
    expect(outcomes()).toEqual(['done']);
  });

  it('what does not go at the second time is not tried a third', async () => {
    fake.legs = calls(2);
    fake.onKill = () => false;
    await expect(hang('c1')).rejects.toMatchObject({
      code: 'refused',
      message: /FreeSWITCH does not hang up what it was told to/,
    });
    expect(outcomes()).toEqual(['failed', 'failed']);
  });
});
