import { roughDuration } from '../duration.ts';
import { readMark } from '../mark.ts';
import { printable } from '../text.ts';
import { type Check, type Finding, ok, readingOf, refusal, warning } from './check.ts';

/** Whether another run of fsha holds the node: runs on other hosts are seen by this mark alone. */
export const mark: Check = {
  name: 'mark',
  purposes: ['drain', 'deactivate', 'activate', 'doctor'],
  forceable: true,
  judge: (input): readonly Finding[] => {
    const seen = readingOf(input);
    if (seen === undefined) return [];
    if (!seen.mark.known)
      return [
        refusal(
          `whether another run holds ${input.node.name} is unknown: ${seen.mark.why}`,
          'Look at `global_getvar fsha_run` on the node.',
        ),
      ];
    if (seen.mark.value === null) return [ok(`no other run holds ${input.node.name}`)];
    const held = readMark(seen.mark.value);
    if (held !== undefined && input.markSettled)
      return [ok(`${input.node.name} is marked by run ${held.run}, which has ended`)];
    const age =
      held === undefined || Number.isNaN(held.at)
        ? ''
        : `, ${roughDuration(Math.max(0, input.wall - held.at))} ago`;
    const who = held === undefined ? printable(seen.mark.value) : `run ${held.run} of ${held.who}${age}`;
    if (input.purpose === 'doctor') return [warning(`${input.node.name} is held by ${who}`)];
    return [
      {
        ...refusal(
          `${input.node.name} is held by ${who}`,
          `Look at that run first: fsha show ${held?.run ?? 'RUN'} on its host; where it is dead and forgotten: --force mark.`,
        ),
        locked: true,
      },
    ];
  },
};
