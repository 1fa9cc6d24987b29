/** node-1 is out on the proxies, or out again after somebody enabled it. */
import type { RunEvent } from '../../../src/domain/run-events.ts';
import { until } from '../../support/until.ts';
import { flagsOf } from './final-state.ts';
import type { StartedFsha } from './fsha.ts';
import type { RealCluster } from './real-cluster.ts';

/** The next time that the run has set a destination of that proxy, behind `afterSeq`, and has seen it so. */
export function untilDisabledAgain(fsha: StartedFsha, proxy: string, afterSeq: number): Promise<RunEvent> {
  return fsha.untilEvent(disabledAgain(proxy, afterSeq));
}

export function disabledAgain(proxy: string, afterSeq: number): (event: RunEvent) => boolean {
  return (event) =>
    event.seq > afterSeq &&
    event.type === 'effect.settled' &&
    event.data.effect === 'dispatcher.state' &&
    event.data.target.proxy === proxy &&
    event.data.outcome === 'done';
}

/** Waits until node-1 is disabled on every proxy, read from the servers. */
export function untilOut(cluster: RealCluster, timeoutMs = 20_000): Promise<unknown> {
  return until(
    'node-1 is out on every proxy',
    async () => Object.values(await flagsOf(cluster)).every((flags) => flags?.startsWith('D') === true),
    timeoutMs,
  );
}
