import { type Check, ok, warning } from './check.ts';

/** A run on this node whose process has ended before the run: what it began may be under way on the node still. */
export const unfinished: Check = {
  name: 'unfinished',
  purposes: ['drain', 'deactivate', 'activate', 'doctor'],
  forceable: false,
  judge: ({ interrupted, node, purpose, call }) => {
    if (interrupted === null) return [ok(`no run on ${node.name} was interrupted`)];
    const { run, restartOpen: restarted } = interrupted;
    if (purpose === 'doctor')
      return [warning(`run ${run} on ${node.name} was interrupted`, `Go on with it: ${call} resume ${run}`)];
    return restarted
      ? [
          warning(
            `run ${run} announced a restart of ${node.name} and was interrupted; where it is under way it is waited for`,
            `To go on with that run: ${call} resume ${run}`,
          ),
        ]
      : [ok(`run ${run} on ${node.name} was interrupted before any restart; what it had found counts`)];
  },
};
