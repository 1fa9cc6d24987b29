/** A call on the node that is drained, wherever fsha dies and whatever befalls its machine: it is waited for, and never cut. */
import { expect } from 'vitest';
import type { RunEvent } from '../../../src/domain/run-events.ts';
import { until } from '../../support/until.ts';
import { lastSeq, waits } from './events-of.ts';
import { oneCall } from './hold-at-node.ts';
import { restartsOf } from './node-log.ts';
import type { RealCluster } from './real-cluster.ts';

const ONE: readonly string[] = ['1000'];
/** A first look may be one that a process does whatever it plans; behind the second one it is a wait. */
const LOOKS = 2;

/** A process of fsha's that is to wait for the call. */
export interface Waiting {
  /** Resolves when it has ended. */
  readonly done: Promise<unknown>;
  /** Of its run, as the disk has them. */
  readonly events: () => readonly RunEvent[];
}

export interface WaitedCall {
  /** That it is up for its caller, and the node was not restarted since the reset. */
  readonly expectUp: () => void;
  /** Its caller ends it. @throws where it was not up until then, by its caller's count and by the node's log */
  readonly hangUp: () => Promise<void>;
  /**
   * The same once fsha was seen to wait for it.
   * @param after the last event that does not count
   * @throws where it ends without that, or does not wait within 20 s
   */
  readonly hangUpOnceWaitedFor: (waiting: Waiting, after?: number) => Promise<void>;
  /** That its caller has ended it, and that the node cut nothing when it was stopped. */
  readonly expectUncut: () => void;
}

/** Past the proxies to node-1, so that it is known where it is; up for a minute unless it is ended. */
export async function startWaitedCall(cluster: RealCluster): Promise<WaitedCall> {
  const call = await oneCall(cluster);
  const expectUp = (): void => {
    const its = { up: call.up(), cut: call.cutByFarSide(), errors: call.errors(), ...restartsOf(cluster) };
    expect(its).toEqual({ up: ONE, cut: [], errors: '', restarts: 0, cutByStop: 0 });
  };
  const expectUncut = (): void => {
    const its = { ended: call.endedHere(), cut: call.cutByFarSide(), errors: call.errors() };
    expect({ ...its, cutByStop: restartsOf(cluster).cutByStop }).toEqual({
      ...{ ended: ONE, cut: [], errors: '' },
      cutByStop: 0,
    });
  };
  const hangUp = async (): Promise<void> => {
    expectUp();
    await call.hangUp();
    expectUncut();
  };
  return {
    expectUp,
    expectUncut,
    hangUp,
    async hangUpOnceWaitedFor({ done, events }, after = 0) {
      let isOver = false;
      const over = (): void => void (isOver = true);
      void done.then(over, over);
      const saw = await until(
        'fsha waits for the call on node-1',
        () => {
          const wasOver = isOver;
          const seen = events().filter((event) => event.seq > after && waits(event)).length;
          return seen >= LOOKS ? 'it waits' : wasOver && `it has ended after ${seen} looks`;
        },
        20_000,
      );
      expect(saw, `the last event is ${lastSeq(events())}`).toBe('it waits');
      await hangUp();
    },
  };
}
