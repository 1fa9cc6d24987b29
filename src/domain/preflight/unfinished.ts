import { type Check, ok, refusal, warning } from './check.ts';

/** A run on this node whose process has ended before the run: what it began may be under way on the node still. */
export const unfinished: Check = {
  name: 'unfinished',
  purposes: ['drain', 'deactivate', 'activate', 'doctor'],
  forceable: true,
  judge: ({ interrupted, node, purpose }) => {
    if (interrupted === null) return [ok(`no run on ${node.name} was interrupted`)];
    const { run, restarted } = interrupted;
    if (purpose === 'doctor')
      return [warning(`run ${run} on ${node.name} was interrupted`, `Go on with it: fsha resume ${run}`)];
    return restarted
      ? [
          refusal(
            `run ${run} announced a restart of ${node.name} and was interrupted: it may be under way still`,
            `Go on with that run, which waits for it: fsha resume ${run}`,
          ),
        ]
      : [ok(`run ${run} on ${node.name} was interrupted before any restart; what it had found counts`)];
  },
};
