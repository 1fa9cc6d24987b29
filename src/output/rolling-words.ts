/** How the nodes of a rolling run follow each other, in words. */
import { formatDuration } from '../domain/duration.ts';
import type { RollingPlan } from '../domain/rolling/rolling-plan.ts';
import { counted } from './count-words.ts';
import { localSecond } from './local-time.ts';

/** `4 nodes in 4 batches, at most 1 out at a time, 30s between batches; stops when any fails`. */
export function rollingWords({ batches, limits, pause, maxFailures }: RollingPlan): string {
  const nodes = batches.flat().length;
  const between =
    batches.length < 2 ? '' : `, ${pause === 0 ? 'no pause' : formatDuration(pause)} between batches`;
  const stops = maxFailures === 0 ? 'when any fails' : `when more than ${maxFailures} fail`;
  return `${counted(nodes, 'node')} in ${counted(batches.length, 'batch', 'batches')}, at most ${limits.maxUnavailable} out at a time${between}; stops ${stops}`;
}

/** What has to be so before a node is taken out, a line each. */
export function guardWords({ limits: { headroom, dispatch }, window }: RollingPlan): readonly string[] {
  const share = `${Math.round(headroom * 100)}%`;
  const where =
    dispatch === 'even'
      ? "a lost node's calls are taken to spread evenly over the others"
      : "a lost node's calls are all taken to go to one neighbour, whichever";
  return [
    `a node is taken out only where each of the others keeps ${share} of its capacity free, now and at the peak of the last five minutes`,
    where,
    ...(window === null
      ? []
      : [
          `all are back in by ${localSecond(new Date(window.until).toISOString())}: none is begun that has less than ${formatDuration(window.minDrain)} left to drain`,
        ]),
  ];
}
