import { beforeEach, describe, expect, it } from 'vitest';
import { FshaError, interrupted } from '../../src/domain/errors.ts';
import { unknown } from '../../src/domain/observation.ts';
import type { CutRules } from '../../src/domain/policy.ts';
import type { NewEvent } from '../../src/domain/run-events.ts';
import type { LiveCall } from '../../src/domain/cutting.ts';
import { cutCalls } from '../../src/workflow/cut-calls.ts';
import type { NodePort } from '../../src/workflow/ports.ts';
import { newMemory, type StepContext } from '../../src/workflow/step.ts';
import type { Watcher } from '../../src/workflow/watcher.ts';
import type { World } from '../../src/workflow/world.ts';
import { node, policy } from '../domain/builders.ts';
import { HELD } from '../support/held-lock.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { calls, leg, NodeWithCalls } from './node-with-calls.ts';

let fake: NodeWithCalls;
let events: NewEvent[];
let stop: AbortController;
let clock: ManualClock;

beforeEach(() => {
  fake = new NodeWithCalls();
  events = [];
  stop = new AbortController();
  clock = new ManualClock();
});

function cut(
  atMost: number,
  rules: Partial<CutRules> = {},
  isMeant?: (call: LiveCall) => boolean,
): ReturnType<typeof cutCalls> {
  const settings = policy({
    cutting: {
      cause: 'MANAGER_REQUEST',
      protect: ['^112$'],
      protectTimeout: null,
      expendable: ['^recorder-'],
      ...rules,
    },
  });
  const context: StepContext = {
    world: {
      nodes: new Map([['node-1', fake as unknown as NodePort]]),
      clock,
      lock: HELD,
    } as unknown as World,
    watcher: { latest: () => ({ nodes: {}, proxies: {} }) } as unknown as Watcher,
    node: node('node-1', '10.0.1.10'),
    step: 'node-1/wait_drained',
    run: 'r1',
    who: 'me',
    signal: stop.signal,
    leave: new AbortController().signal,
    policy: () => settings,
    tolerateJournalLoss: () => undefined,
    record: (event) => {
      events.push(event);
      return Promise.resolve();
    },
    soFar: () => {
      throw new Error('not asked here');
    },
    memory: newMemory(),
  };
  const attempt = cutCalls(context, atMost, isMeant);
  // What does not go at once is looked at again for a while.
  void clock.pass(5 * 60_000);
  return attempt;
}

function outcomes(): readonly string[] {
  return events.flatMap((event) =>
    event.type === 'effect.settled' && event.data.effect === 'call.hangup'
      ? [`${event.data.target.uuid} ${event.data.outcome}`]
      : [],
  );
}

describe('cutCalls', () => {
  it('cuts the oldest first, leg by leg, with the cause of the settings, and announces each', async () => {
    fake.legs = [leg('c3'), leg('c1', { callUuid: 'c1' }), leg('b2', { callUuid: 'c1' })];
    expect(await cut(2)).toEqual({ kind: 'cut', calls: 2 });
    expect(fake.kills).toEqual(['c1 MANAGER_REQUEST', 'b2 MANAGER_REQUEST', 'c3 MANAGER_REQUEST']);
    expect(events.map(({ type }) => type)).toEqual(
      Array.from({ length: 3 }, () => ['effect.intended', 'effect.settled']).flat(),
    );
  });

  it('cuts nothing where there is nothing', async () => {
    expect(await cut(5)).toEqual({ kind: 'nothing' });
  });

  it('judges anew after every ten: one that was transferred to 112 meanwhile stops it', async () => {
    fake.legs = calls(25);
    fake.onKill = (uuid) => {
      if (uuid === 'c10')
        fake.legs = fake.legs.map((one) => (one.uuid === 'c20' ? { ...one, destination: '112' } : one));
      return true;
    };
    expect(await cut(Number.POSITIVE_INFINITY)).toEqual({
      kind: 'refused',
      by: 'protected',
      why: 'a call to a protected number is up',
      calls: 10,
    });
    expect(fake.kills).toHaveLength(10);
  });

  it('and one that was dialled to 112 and transferred away is protected still', async () => {
    fake.legs = [leg('c1'), leg('c2', { initialDestination: '112', destination: 'queue' })];
    expect(await cut(Number.POSITIVE_INFINITY)).toMatchObject({ kind: 'refused', by: 'protected', calls: 0 });
    expect(fake.kills).toEqual([]);
  });

  it('judges anew before the next one where a channel began: behind 112 nothing more is cut', async () => {
    fake.legs = calls(9);
    fake.onKill = (uuid) => {
      if (uuid === 'c3') fake.begin(leg('c50', { destination: '112' }));
      return true;
    };
    expect(await cut(Number.POSITIVE_INFINITY)).toMatchObject({ kind: 'refused', by: 'protected', calls: 3 });
    expect(fake.kills).toHaveLength(3);
    expect(fake.listening).toBe(0);
  });

  it('and where it began while it was judged', async () => {
    fake.legs = calls(3);
    const judge = fake.liveCalls.bind(fake);
    fake.liveCalls = async () => {
      const rows = await judge();
      if (fake.judged === 1) fake.begin(leg('c50', { destination: '112' }));
      return rows;
    };
    expect(await cut(Number.POSITIVE_INFINITY)).toMatchObject({ kind: 'refused', by: 'protected', calls: 0 });
    expect(fake.kills).toEqual([]);
  });

  it('but the call that is under way ends with all its legs', async () => {
    fake.legs = [leg('a1', { callUuid: 'a1' }), leg('b2', { callUuid: 'a1' }), leg('c3')];
    fake.onKill = (uuid) => {
      if (uuid === 'a1') fake.begin(leg('c50', { destination: '112' }));
      return true;
    };
    expect(await cut(Number.POSITIVE_INFINITY)).toMatchObject({ kind: 'refused', by: 'protected', calls: 1 });
    expect(fake.legs.map(({ uuid }) => uuid)).toEqual(['c3', 'c50']);
  });

  it('a call that came meanwhile and may be cut is cut with the others', async () => {
    fake.legs = calls(3);
    fake.onKill = (uuid) => {
      if (uuid === 'c1') fake.begin(leg('c50'));
      return true;
    };
    expect(await cut(Number.POSITIVE_INFINITY)).toEqual({ kind: 'cut', calls: 4 });
  });

  it('where calls never stop coming in while it is judged, nothing is cut, and it ends', async () => {
    fake.legs = calls(3);
    const judge = fake.liveCalls.bind(fake);
    fake.liveCalls = async () => {
      const rows = await judge();
      fake.begin(leg(`c${100 + fake.judged}`));
      return rows;
    };
    expect(await cut(Number.POSITIVE_INFINITY)).toMatchObject({
      kind: 'refused',
      by: 'sight',
      why: 'calls come in faster than they can be looked at',
      calls: 0,
    });
    expect(fake.kills).toEqual([]);
  });

  it('judges anew behind one that failed: what began meanwhile may not have been heard', async () => {
    fake.legs = calls(4);
    fake.onKill = (uuid) => {
      if (uuid !== 'c2') return true;
      // The connection was gone, and with it what it would have told.
      fake.legs = [...fake.legs, leg('c50', { destination: '112' })];
      throw new FshaError('connection.lost', 'reset');
    };
    expect(await cut(Number.POSITIVE_INFINITY)).toMatchObject({ kind: 'refused', by: 'protected', calls: 1 });
    expect(fake.kills).toHaveLength(2);
  });

  it('never cuts more than was agreed to, calls that came meanwhile included', async () => {
    fake.legs = calls(12);
    fake.onKill = (uuid) => {
      if (uuid === 'c10') fake.legs = [...fake.legs, leg('c30')];
      return true;
    };
    expect(await cut(12)).toMatchObject({ kind: 'refused', by: 'count', calls: 10 });
    expect(fake.legs.map(({ uuid }) => uuid)).toEqual(['c11', 'c12', 'c30']);
  });

  it('expendable ones never count', async () => {
    fake.legs = [
      leg('c1'),
      leg('c2', { destination: 'recorder-1' }),
      leg('c3', { destination: 'recorder-1' }),
    ];
    expect(await cut(1)).toEqual({ kind: 'cut', calls: 1 });
    fake.legs = [leg('c4', { destination: 'recorder-1' })];
    await cut(0);
    expect(fake.legs).toEqual([]);
  });

  it('a session without a row: nothing is cut', async () => {
    fake.legs = calls(2);
    fake.unlisted = 1;
    expect(await cut(9)).toMatchObject({ kind: 'refused', by: 'sight', calls: 0 });
    expect(fake.kills).toEqual([]);
  });

  it('rows that cannot be read: nothing is cut, and no channel is asked for', async () => {
    fake.channels = () => Promise.resolve(unknown('core database: -ERR Database error!'));
    expect(await cut(9)).toEqual({
      kind: 'refused',
      by: 'sight',
      why: 'calls unknown: core database: -ERR Database error!',
      calls: 0,
    });
    expect(fake.judged).toBe(0);
  });

  it('one call that does not go is refused with that reason; the others were cut', async () => {
    fake.legs = calls(3);
    fake.onKill = (uuid) => uuid !== 'c2';
    expect(await cut(3)).toEqual({
      kind: 'refused',
      by: 'sight',
      why: 'FreeSWITCH does not hang up what it was told to',
      calls: 2,
    });
    expect(outcomes()).toEqual(['c1 done', 'c2 failed', 'c3 done', 'c2 failed']);
  });

  it('a call that the node refuses to end is no end of the others, and is told', async () => {
    fake.legs = calls(2);
    fake.onKill = (uuid) => {
      if (uuid === 'c1') throw new FshaError('esl.error', '-ERR not allowed', '');
      return true;
    };
    expect(await cut(2)).toMatchObject({ kind: 'refused', by: 'sight', calls: 1 });
    expect(outcomes()).toEqual(['c1 failed', 'c2 done', 'c1 failed']);
  });

  it('one that ended by itself before its turn is already gone, and not killed', async () => {
    fake.legs = calls(3);
    fake.onKill = (uuid) => {
      if (uuid === 'c1') fake.legs = fake.legs.filter((one) => one.uuid !== 'c2');
      return true;
    };
    await cut(3);
    expect(outcomes()).toEqual(['c1 done', 'c2 already', 'c3 done']);
    expect(fake.kills).toEqual(['c1 MANAGER_REQUEST', 'c3 MANAGER_REQUEST']);
  });

  it('a wish to stop ends it between two calls', async () => {
    fake.legs = calls(5);
    fake.onKill = (uuid) => {
      if (uuid === 'c2') stop.abort();
      return true;
    };
    await expect(cut(5)).rejects.toMatchObject({ code: interrupted('x').code });
    expect(fake.kills).toHaveLength(2);
  });

  it('masks numbers in what it records', async () => {
    fake.legs = [leg('c1', { destination: '49301234567' })];
    await cut(1);
    expect(JSON.stringify(events)).not.toMatch(/49301234567|441234567/);
  });
});

describe('cutCalls, of those that are meant', () => {
  const ALL = Number.POSITIVE_INFINITY;
  const meant =
    (...ids: readonly string[]) =>
    ({ id }: LiveCall): boolean =>
      ids.includes(id);

  it('cuts these and no others, also those that come meanwhile', async () => {
    fake.legs = calls(14);
    fake.onKill = (uuid) => {
      if (uuid === 'c3') fake.begin(leg('c50'));
      return true;
    };
    expect(await cut(ALL, {}, meant('c3', 'c12'))).toEqual({ kind: 'cut', calls: 2 });
    expect(fake.kills).toEqual(['c3 MANAGER_REQUEST', 'c12 MANAGER_REQUEST']);
  });

  it('none of them is up: nothing, whatever else is, a protected call too', async () => {
    fake.legs = [leg('c1'), leg('c2', { destination: '112' })];
    expect(await cut(ALL, {}, meant('c9'))).toEqual({ kind: 'nothing' });
    expect(fake.kills).toEqual([]);
  });

  it('but nobody knows that without full sight', async () => {
    fake.legs = calls(2);
    fake.unlisted = 1;
    expect(await cut(ALL, {}, meant('c9'))).toMatchObject({ kind: 'refused', by: 'sight' });
  });

  it('a protected call that is not meant protects them', async () => {
    fake.legs = [leg('c1'), leg('c2', { destination: '112' })];
    expect(await cut(ALL, {}, meant('c1'))).toMatchObject({ kind: 'refused', by: 'protected', calls: 0 });
    expect(fake.kills).toEqual([]);
  });

  it('one that came up between two of them too', async () => {
    fake.legs = calls(3);
    fake.onKill = (uuid) => {
      if (uuid === 'c1') fake.begin(leg('c50', { destination: '112' }));
      return true;
    };
    expect(await cut(ALL, {}, meant('c1', 'c2'))).toMatchObject({
      kind: 'refused',
      by: 'protected',
      calls: 1,
    });
    expect(fake.kills).toEqual(['c1 MANAGER_REQUEST']);
  });

  it('one that ended by itself meanwhile is no error', async () => {
    fake.legs = calls(3);
    fake.onKill = (uuid) => {
      if (uuid === 'c1') fake.legs = fake.legs.filter((one) => one.uuid !== 'c2');
      return true;
    };
    expect(await cut(ALL, {}, meant('c1', 'c2'))).toMatchObject({ kind: 'cut' });
    expect(outcomes()).toEqual(['c1 done', 'c2 already']);
    expect(fake.legs.map(({ uuid }) => uuid)).toEqual(['c3']);
  });
});
