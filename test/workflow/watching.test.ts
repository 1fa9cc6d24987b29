import { describe, expect, it } from 'vitest';
import { FshaError, interrupted } from '../../src/domain/errors.ts';
import { EndpointWatch } from '../../src/workflow/endpoint-watch.ts';
import type { NodePort, ProxyPort } from '../../src/workflow/ports.ts';
import { within } from '../../src/workflow/deadline.ts';
import { Watcher } from '../../src/workflow/watcher.ts';
import { seenNode, seenProxy } from '../domain/builders.ts';
import { ManualClock } from '../support/manual-clock.ts';

const never = new AbortController().signal;

/** A node that takes `takes` ms for a reading, and counts them. */
function slowNode(clock: ManualClock, name: string, takes: number): NodePort & { readings: number } {
  const port = {
    node: name,
    readings: 0,
    observe: async (_detail: string, signal: AbortSignal) => {
      const at = clock.now();
      port.readings += 1;
      if (takes > 0) await clock.sleep(takes, signal);
      return seenNode(name, { at });
    },
  };
  return port as unknown as NodePort & { readings: number };
}

function quickProxy(clock: ManualClock, name: string): ProxyPort {
  return {
    proxy: name,
    observe: async () => seenProxy(name, [], { at: clock.now() }),
  } as unknown as ProxyPort;
}

describe('EndpointWatch', () => {
  it('reads at its pace, sooner when woken, and never more often than ten times a second', async () => {
    const clock = new ManualClock();
    const times: number[] = [];
    const watch = new EndpointWatch(
      async () => (times.push(clock.now()), { at: clock.now() }),
      clock,
      5_000,
      () => undefined,
    );
    const stop = new AbortController();
    const running = watch.run(stop.signal);
    await clock.pass(1_000);
    watch.wake();
    await clock.pass(10);
    watch.wake();
    await clock.pass(5_190);
    expect(times).toEqual([0, 1_000, 1_100, 6_100]);
    watch.setPace(500);
    await clock.pass(600);
    expect(times.slice(4)).toEqual([6_200, 6_700]);
    stop.abort();
    await running;
    expect(clock.sleeping).toBe(0);
  });

  it('a wake during a reading is not lost: the reading may be older than the wish', async () => {
    const clock = new ManualClock();
    const times: number[] = [];
    const read = async (signal: AbortSignal) => {
      const at = clock.now();
      times.push(at);
      await clock.sleep(300, signal);
      return { at };
    };
    const watch = new EndpointWatch(read, clock, 60_000, () => undefined);
    const stop = new AbortController();
    const running = watch.run(stop.signal);
    await clock.pass(100);
    watch.wake();
    await clock.pass(1_000);
    expect(times).toEqual([0, 300]);
    stop.abort();
    await running;
  });
});

describe('Watcher', () => {
  it('gives an observation whose readings all began after the wish', async () => {
    const clock = new ManualClock();
    const node = slowNode(clock, 'node-1', 400);
    const watcher = new Watcher([node], [quickProxy(clock, 'lb-1')], clock, 5_000);
    watcher.start();
    await clock.pass(200);
    const wish = watcher.fresh({ nodes: ['node-1'], proxies: ['lb-1'] }, never);
    await clock.pass(1_000);
    const seen = await wish;
    expect(seen.nodes['node-1']?.at).toBe(400);
    expect(seen.proxies['lb-1']?.at).toBeGreaterThanOrEqual(200);
    await watcher.stop();
  });

  it('does not wait for what is not needed', async () => {
    const clock = new ManualClock();
    const watcher = new Watcher(
      [slowNode(clock, 'node-1', 0), slowNode(clock, 'node-2', 3_600_000)],
      [],
      clock,
      5_000,
    );
    watcher.start();
    await clock.pass(0);
    const seen = await watcher.since(0, { nodes: ['node-1'], proxies: [] }, never);
    expect(Object.keys(seen.nodes)).toEqual(['node-1']);
    await watcher.stop();
    expect(clock.sleeping).toBe(0);
  });

  it('reads a node that asks anew, and the others only where what is known of them is too old', async () => {
    const clock = new ManualClock();
    const reads: string[] = [];
    const counted = (name: string) =>
      ({
        node: name,
        observe: () => {
          reads.push(name);
          return Promise.resolve(seenNode(name, { at: clock.now() }));
        },
      }) as unknown as NodePort;
    const names = ['node-1', 'node-2', 'node-3'];
    const watcher = new Watcher(names.map(counted), [], clock, 60_000);
    watcher.start();
    const look = async (name: string): Promise<readonly string[]> => {
      reads.length = 0;
      const done = watcher.freshAmong({ nodes: [name], proxies: [] }, { nodes: names, age: 1_000 }, never);
      await clock.pass(10);
      await done;
      return [...reads].sort();
    };
    await clock.pass(500);
    expect(await look('node-1')).toEqual(['node-1']);
    expect(await look('node-2')).toEqual(['node-2']);
    await clock.pass(1_000);
    expect(await look('node-2')).toEqual(names);
    watcher.outdate({ nodes: ['node-3'], proxies: [] });
    expect(await look('node-1')).toEqual(['node-1', 'node-3']);
    await watcher.stop();
  });

  it('does not read twice what many ask for in one moment', async () => {
    const clock = new ManualClock();
    const begun: number[] = [];
    const slow = {
      node: 'node-1',
      observe: async (_detail: unknown, signal: AbortSignal) => {
        const at = clock.now();
        begun.push(at);
        await clock.sleep(200, signal);
        return seenNode('node-1', { at });
      },
    } as unknown as NodePort;
    const watcher = new Watcher([slow], [], clock, 60_000);
    watcher.start();
    await clock.pass(5_000);
    const none = { nodes: [], proxies: [] };
    const asks = [0, 50, 100].map(async (ms) => {
      await clock.sleep(ms, never);
      return watcher.freshAmong(none, { nodes: ['node-1'], age: 1_000 }, never);
    });
    await clock.pass(1_000);
    expect((await Promise.all(asks)).map(({ nodes }) => nodes['node-1']?.at)).toEqual([5_000, 5_000, 5_000]);
    expect(begun).toEqual([0, 5_000]);
    await watcher.stop();
  });

  it('ends a wait with the signal', async () => {
    const clock = new ManualClock();
    const watcher = new Watcher([slowNode(clock, 'node-1', 10_000)], [], clock, 5_000);
    watcher.start();
    const stop = new AbortController();
    const wish = watcher.fresh({ nodes: ['node-1'], proxies: [] }, stop.signal);
    stop.abort();
    await expect(wish).rejects.toMatchObject({ code: 'interrupted' });
    await watcher.stop();
  });

  it('lets whoever waits hear of a reading that throws: that is a bug, not silence', async () => {
    const clock = new ManualClock();
    const broken = {
      node: 'node-1',
      observe: async () => Promise.reject(new TypeError('oops')),
    } as unknown as NodePort;
    const watcher = new Watcher([broken], [], clock, 5_000);
    watcher.start();
    await expect(watcher.fresh({ nodes: ['node-1'], proxies: [] }, never)).rejects.toThrow('oops');
    await watcher.stop();
  });
});

describe('within', () => {
  it('ends the work at the limit, and leaves nothing behind', async () => {
    const clock = new ManualClock();
    const work = within(clock, 1_000, never, 'the work', (signal) => clock.sleep(5_000, signal));
    const end = expect(work).rejects.toMatchObject({ code: 'timeout' });
    await clock.pass(1_000);
    await end;
    expect(clock.sleeping).toBe(0);
  });
  it('says interrupted, not timeout, when the outer signal fired', async () => {
    const clock = new ManualClock();
    const stop = new AbortController();
    const work = within(clock, 1_000, stop.signal, 'the work', (signal) => clock.sleep(5_000, signal));
    const end = expect(work).rejects.toMatchObject({ code: 'interrupted' });
    stop.abort();
    await end;
    expect(clock.sleeping).toBe(0);
  });
  it('passes on what the work itself throws', async () => {
    const clock = new ManualClock();
    const mine = new FshaError('protocol', 'x');
    await expect(within(clock, 1_000, never, 'the work', () => Promise.reject(mine))).rejects.toBe(mine);
    await expect(
      within(clock, 1_000, AbortSignal.abort(), 'the work', () => Promise.reject(interrupted('y'))),
    ).rejects.toMatchObject({ code: 'interrupted' });
  });
});
