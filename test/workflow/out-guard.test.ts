import { afterEach, describe, expect, it } from 'vitest';
import type { NodeObservation } from '../../src/domain/observation.ts';
import { FshaError, interrupted } from '../../src/domain/errors.ts';
import { type NodeRunState } from '../../src/domain/run.ts';
import type { NewEvent } from '../../src/domain/run-events.ts';
import { NO_WISHES } from '../../src/domain/wishes.ts';
import { whileOut } from '../../src/workflow/out-guard.ts';
import type { NodePort, ProxyPort } from '../../src/workflow/ports.ts';
import { newMemory, type NodeMemory, type StepContext } from '../../src/workflow/step.ts';
import { Watcher } from '../../src/workflow/watcher.ts';
import type { World } from '../../src/workflow/world.ts';
import {
  baseline,
  cluster,
  DOWN,
  known,
  node,
  policy,
  seenNode,
  seenProxy,
  unknown,
} from '../domain/builders.ts';
import { HELD } from '../support/held-lock.ts';
import { ManualClock } from '../support/manual-clock.ts';

const URI = 'sip:10.0.1.10:5080';
const POLL = 5_000;
/** As long as a disk takes that then fails: ms. */
const BROKEN = 31;

/** A proxy whose FLAGS of node-1 a test sets, and that takes `takes` ms for an answer where it is silent. */
class FakeProxy implements ProxyPort {
  readonly proxy: string;
  readonly #clock: ManualClock;
  flags = 'DX';
  instance = 'first';
  silentFor = 0;
  sets = 0;
  lies = false;

  constructor(proxy: string, clock: ManualClock) {
    this.proxy = proxy;
    this.#clock = clock;
  }

  login(): Promise<void> {
    return Promise.resolve();
  }

  async observe(signal: AbortSignal): ReturnType<ProxyPort['observe']> {
    const at = this.#clock.now();
    if (this.silentFor > 0) {
      await this.#clock.sleep(this.silentFor, signal);
      return seenProxy(this.proxy, [], { at, trouble: DOWN, sets: unknown('silent'), instance: unknown('') });
    }
    return seenProxy(this.proxy, [[URI, this.flags]], { at, instance: known(this.instance) });
  }

  ask(): ReturnType<ProxyPort['ask']> {
    return Promise.reject(new Error('nobody asks in these tests'));
  }

  setState(): Promise<void> {
    this.sets += 1;
    if (!this.lies) this.flags = 'DX';
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

interface Stage {
  readonly clock: ManualClock;
  readonly one: FakeProxy;
  readonly two: FakeProxy;
  readonly events: readonly NewEvent[];
  readonly memory: NodeMemory;
  readonly watcher: Watcher;
  /** The step under guard; lasts until it is told to end. */
  readonly step: Promise<unknown>;
  readonly end: () => void;
}

interface Changes {
  readonly restarting?: boolean;
  readonly outSince?: number | null;
  readonly ignore?: string;
  /** It only keeps the node out; what the node says of its mark at that moment. */
  readonly guarded?: () => NodeObservation;
  /** It is a drain, of which the node says that. */
  readonly drained?: () => NodeObservation;
  /** How long the disk takes for an event: ms; after BROKEN it fails. */
  readonly onDisk?: (event: NewEvent) => number;
}

function stage(changes: Changes = {}): Stage {
  const clock = new ManualClock();
  const one = new FakeProxy('lb-1', clock);
  const two = new FakeProxy('lb-2', clock);
  const events: NewEvent[] = [];
  const { guarded } = changes;
  const tells = guarded ?? changes.drained;
  const observe = (): Promise<NodeObservation> =>
    Promise.resolve().then(() => tells?.() ?? seenNode('node-1'));
  const nodePort = { node: 'node-1', observe, onActivity: () => () => undefined } as unknown as NodePort;
  const watcher = new Watcher(tells === undefined ? [] : [nodePort], [one, two], clock, POLL);
  watcher.start();
  const state: NodeRunState = {
    baseline: baseline(),
    found: baseline().destinations,
    verdicts: [],
    effects:
      changes.restarting === true
        ? [
            {
              intent: { effect: 'node.restart', target: { node: 'node-1' }, found: 'u1', wanted: 'x' },
              step: 'node-1/restart',
              settled: null,
            },
          ]
        : [],
    steps: {},
    results: {},
    rescues: {},
    failure: null,
    undo: null,
    wishes: NO_WISHES,
    drifted: {},
  };
  const memory: NodeMemory = {
    ...newMemory(),
    outSince: changes.outSince === undefined ? 0 : changes.outSince,
    isGuarding: guarded !== undefined,
    startedAs: { 'lb-1': 'first', 'lb-2': 'first' },
  };
  const world = {
    cluster: cluster(),
    clock,
    lock: HELD,
    nodes: new Map([['node-1', nodePort]]),
    proxies: new Map([one, two].map((proxy) => [proxy.proxy, proxy])),
  } as unknown as World;
  const stop = new AbortController();
  const context: StepContext = {
    world,
    watcher,
    node: node('node-1', '10.0.1.10'),
    step: 'node-1/wait_drained',
    run: 'r1',
    who: 'ops@bastion',
    signal: stop.signal,
    leave: new AbortController().signal,
    policy: () => policy({ poll: POLL, ignoreProxies: changes.ignore === undefined ? [] : [changes.ignore] }),
    tolerateJournalLoss: () => undefined,
    record: async (event) => {
      const takes = changes.onDisk?.(event) ?? 0;
      if (takes > 0) await clock.sleep(takes, new AbortController().signal);
      if (takes === BROKEN) throw new FshaError('journal', 'no space left on the disk');
      events.push(event);
    },
    soFar: () => state,
    memory,
  };
  let finish = (): void => undefined;
  const work = whileOut<'wait_drained'>(
    (inner) =>
      new Promise((resolve, reject) => {
        finish = () => resolve('succeeded');
        inner.signal.addEventListener('abort', () => reject(interrupted('the step')), { once: true });
      }),
  );
  const step = work(context, {}).catch((error: unknown) => error);
  ends.push(async () => {
    stop.abort();
    await clock.pass(20_000);
    await watcher.stop();
    await step;
  });
  return { clock, one, two, events, memory, watcher, step, end: () => finish() };
}

function drifts(events: readonly NewEvent[]): readonly string[] {
  return events.flatMap((event) =>
    event.type === 'drift.detected' ? [`${event.data.target.split(' ')[0] ?? ''}: ${event.data.cause}`] : [],
  );
}

describe('the guard', () => {
  it('sets again what somebody enabled at the next poll, and says so', async () => {
    const { clock, one, two, events, memory } = stage();
    await clock.pass(1_000);
    one.flags = 'AX';
    await clock.pass(POLL);
    expect([one.flags, one.sets, two.sets]).toEqual(['DX', 1, 0]);
    expect(drifts(events)).toEqual(['lb-1: dispatcher.reload, or somebody set it']);
    expect(memory.outSince).toBeGreaterThan(1_000);
  });

  it('does not wait for another proxy that is silent', async () => {
    const { clock, one, two } = stage();
    await clock.pass(1_000);
    two.silentFor = 60_000;
    await clock.pass(POLL);
    one.flags = 'AX';
    await clock.pass(POLL);
    expect(one.flags).toBe('DX');
  });

  it('tells a restart once: what comes later on the same proxy is a reload', async () => {
    const { clock, one, events } = stage();
    one.instance = 'second';
    one.flags = 'AX';
    await clock.pass(POLL);
    await clock.pass(60_000);
    one.flags = 'AX';
    await clock.pass(POLL);
    expect(drifts(events)).toEqual([
      'lb-1: lb-1 was restarted',
      'lb-1: dispatcher.reload, or somebody set it',
    ]);
  });

  it('stops the step when it is enabled again at once five times', async () => {
    const { clock, one, step } = stage();
    for (let round = 1; round <= 5; round += 1) {
      one.flags = 'AX';
      await clock.pass(POLL + 1);
    }
    const error = await step;
    expect(error).toBeInstanceOf(FshaError);
    expect(error).toMatchObject({
      code: 'drain.drift',
      message: expect.stringContaining('lb-1 set 1') as string,
    });
    expect(one.sets).toBe(4);
  });

  it('does not call a proxy a fighter that answers and does not do what it is told', async () => {
    const { clock, one, events, step } = stage();
    one.lies = true;
    one.flags = 'AX';
    await clock.pass(60_000);
    const error = await step;
    expect(error).toMatchObject({
      code: 'effect.failed',
      message: expect.stringContaining('lb-1 does not take') as string,
    });
    expect(drifts(events).length).toBeLessThan(5);
  });

  it('never gives up once the restart was intended', async () => {
    const { clock, one, step, end } = stage({ restarting: true });
    for (let round = 1; round <= 9; round += 1) {
      one.flags = 'AX';
      await clock.pass(POLL + 1);
    }
    expect([one.flags, one.sets]).toEqual(['DX', 9]);
    end();
    await clock.pass(1);
    expect(await step).toBe('succeeded');
  });

  it('sets on a proxy that may be ignored when it answers, and does not call that drift', async () => {
    const { clock, two, events } = stage({ ignore: 'lb-2' });
    two.flags = 'AP';
    await clock.pass(POLL + 1);
    expect([two.flags, two.sets, drifts(events)]).toEqual(['DX', 1, []]);
  });

  it('keeps nothing out that this run has not taken out', async () => {
    const { clock, one } = stage({ outSince: null });
    one.flags = 'AP';
    await clock.pass(3 * POLL);
    expect([one.flags, one.sets]).toEqual(['AP', 0]);
  });

  it('has seen it enabled before any later look can see it disabled again', async () => {
    const onDisk = ({ type }: NewEvent): number => (type === 'effect.settled' ? 30 : 0);
    const { clock, one, memory, watcher } = stage({ onDisk });
    await clock.pass(1_000);
    const before = memory.outSince;
    one.flags = 'AX';
    await clock.pass(POLL - 1_000 + 5);
    // Set again, while the disk still takes what came of it.
    expect([one.flags, one.sets]).toEqual(['DX', 1]);
    const look = watcher.fresh({ nodes: [], proxies: ['lb-1', 'lb-2'] }, new AbortController().signal);
    await clock.pass(1);
    expect((await look).proxies['lb-1']?.sets).toMatchObject({
      value: [{ targets: [{ uri: URI, flags: 'DX' }] }],
    });
    const seen = memory.outSince;
    expect(seen).not.toBe(before);
    await clock.pass(100);
    // What counts is when it was out again, which is later.
    expect(memory.outSince).toBeGreaterThan(seen ?? 0);
  });

  it('whose journal fails as the step ends: the step has not succeeded', async () => {
    const at = stage({
      onDisk: ({ type }) => {
        if (type !== 'drift.detected') return 0;
        at.end();
        return BROKEN;
      },
    });
    at.one.flags = 'AX';
    await at.clock.pass(POLL + 100);
    expect(await at.step).toMatchObject({ code: 'journal' });
  });

  it('that sees a fight as the step ends: the step has not succeeded, since the node is in', async () => {
    const at = stage({
      onDisk: ({ type }) => {
        if (type !== 'drift.detected') return 0;
        if (at.one.sets === 4) at.end();
        return 30;
      },
    });
    for (let round = 1; round <= 5; round += 1) {
      at.one.flags = 'AX';
      await at.clock.pass(POLL + 100);
    }
    expect([at.one.flags, at.one.sets]).toEqual(['AX', 4]);
    expect(await at.step).toMatchObject({ code: 'drain.drift' });
  });
});

interface Kept {
  mark: NodeObservation['mark'];
  core: string;
}

describe('a drain that was stopped, or cut off', () => {
  function draining(restarting = false): Stage & { readonly kept: Kept } {
    const kept: Kept = { mark: known('r1,ops@bastion,2026-11-22T20:00:00.000Z'), core: 'first' };
    const at: Stage = stage({
      restarting,
      drained: () => seenNode('node-1', { at: at.clock.now(), mark: kept.mark, coreUuid: known(kept.core) }),
    });
    at.memory.keeping.markedIn = 'first';
    return { ...at, kept };
  }

  it.each([
    ['another run has marked it', known('r2,ops@h2,2026-11-22T20:00:00.000Z'), false],
    ['its mark is gone from the same FreeSWITCH', known(null), false],
    ['its mark is gone, and its own restart was announced and never begun', known(null), true],
  ])('comes back and sees it enabled: %s, so it gives way', async (_, mark, restarting) => {
    const { clock, one, two, kept, events, step } = draining(restarting);
    await clock.pass(1_000);
    Object.assign(kept, { mark });
    one.flags = 'AX';
    two.flags = 'AX';
    clock.jump(3_600_000);
    await clock.pass(3 * POLL);
    expect([one.flags, two.flags, one.sets + two.sets, drifts(events)]).toEqual(['AX', 'AX', 0, []]);
    expect(await step).toMatchObject({ code: 'locked' });
  });

  it.each([
    ['the mark is its own', {}],
    ['the mark died with a restart', { mark: known(null), core: 'second' }],
    ['the node does not tell', { mark: unknown('it is silent') }],
  ])('disables it again where %s', async (_, changes) => {
    const { clock, one, kept } = draining();
    await clock.pass(1_000);
    Object.assign(kept, changes);
    one.flags = 'AX';
    clock.jump(3_600_000);
    await clock.pass(3 * POLL);
    expect(one.flags).toBe('DX');
  });
});

describe('a guard that only keeps the node out', () => {
  const OWN = 'r1,ops@bastion,2026-11-22T20:00:00.000Z,guard';

  function keeping(): Stage & { readonly kept: Kept } {
    const kept: Kept = { mark: known(OWN), core: 'first' };
    const at: Stage = stage({
      guarded: () => seenNode('node-1', { at: at.clock.now(), mark: kept.mark, coreUuid: known(kept.core) }),
    });
    at.memory.keeping.markedIn = 'first';
    return { ...at, kept };
  }

  it('disables again while the mark is its own', async () => {
    const { clock, one } = keeping();
    await clock.pass(1_000);
    one.flags = 'AX';
    await clock.pass(POLL);
    expect(one.flags).toBe('DX');
  });

  it.each([
    ['another run has marked it', known('r2,ops@h2,2026-11-22T20:00:00.000Z')],
    ['its mark is gone from the same FreeSWITCH', known(null)],
  ])('comes back and sees it enabled: %s, so it is left alone, and nothing is told', async (_, mark) => {
    const { clock, one, two, kept, events } = keeping();
    await clock.pass(1_000);
    Object.assign(kept, { mark });
    one.flags = 'AX';
    two.flags = 'AX';
    clock.jump(3_600_000);
    await clock.pass(3 * POLL);
    expect([one.flags, two.flags, one.sets + two.sets, drifts(events)]).toEqual(['AX', 'AX', 0, []]);
  });

  it('goes on where the mark died with a restart that it was there to see', async () => {
    const { clock, one, kept } = keeping();
    await clock.pass(1_000);
    Object.assign(kept, { mark: known(null), core: 'second' });
    one.flags = 'AX';
    await clock.pass(POLL);
    expect(one.flags).toBe('DX');
  });

  it('leaves it alone where the mark died with a restart while it was away', async () => {
    const { clock, one, kept } = keeping();
    await clock.pass(1_000);
    Object.assign(kept, { mark: known(null), core: 'second' });
    one.flags = 'AX';
    clock.jump(3_600_000);
    await clock.pass(3 * POLL);
    expect([one.flags, one.sets]).toEqual(['AX', 0]);
  });

  it('keeps a node out that does not tell; having been away, not before it has told', async () => {
    const { clock, one, kept } = keeping();
    await clock.pass(1_000);
    kept.mark = unknown('it is silent');
    await clock.pass(POLL);
    one.flags = 'AX';
    await clock.pass(POLL);
    expect(one.flags).toBe('DX');
    one.flags = 'AX';
    clock.jump(3_600_000);
    await clock.pass(3 * POLL);
    expect(one.flags).toBe('AX');
    kept.mark = known(OWN);
    await clock.pass(2 * POLL);
    expect(one.flags).toBe('DX');
  });
});
