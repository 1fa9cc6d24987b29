import type { Node } from '../cluster.ts';
import { roughDuration } from '../duration.ts';
import { ageOf, isFresh, type Mark, readMark } from '../mark.ts';
import type { NodeObservation } from '../observation.ts';
import { printable } from '../text.ts';
import { type Check, type Finding, ok, type PreflightInput, readingOf, refusal, warning } from './check.ts';

/** Marks that are more than this ahead were written by a clock that is wrong, or this host's is: ms. */
const CLOCKS_DIFFER = 60_000;

/**
 * Whether another run of fsha holds the node, or changes another node of the cluster at this moment. The lock tells of runs of
 * this host; those on other hosts are seen by their marks alone.
 */
export const mark: Check = {
  name: 'mark',
  purposes: ['drain', 'deactivate', 'activate', 'doctor', 'resume'],
  forceable: true,
  judge: (input): readonly Finding[] => [
    ...ownNode(input),
    ...input.cluster.nodes
      .filter(({ name }) => name !== input.node.name)
      .flatMap((node) => anotherNode(input, node)),
  ],
};

function ownNode(input: PreflightInput): readonly Finding[] {
  const { node } = input;
  const seen = readingOf(input);
  if (seen === undefined) return [];
  if (!seen.mark.known)
    return [
      refusal(
        `whether another run holds ${node.name} is unknown: ${seen.mark.why}`,
        'Look at `global_getvar fsha_run` on the node.',
      ),
    ];
  if (seen.mark.value === null) return [ok(`no other run holds ${node.name}`)];
  const held = readMark(seen.mark.value);
  if (held === undefined)
    return [
      {
        ...lockedBy(
          input,
          `${node.name} is held by ${printable(seen.mark.value)}, which no run of fsha has written`,
        ),
        fix: `Look who set fsha_run on ${node.name}; where nobody needs it: --force mark.`,
      },
    ];
  if (held.run === input.run) return [ok(`${node.name} is marked by this run`)];
  const text = `${node.name} is held by ${holder(held, seen, input.wall)}`;
  const whereabouts = input.runs[held.run] ?? 'elsewhere';
  if (whereabouts === 'elsewhere' && held.ended)
    return [ok(`${node.name} was left out by ${holder(held, seen, input.wall)}, which has ended`)];
  if (whereabouts === 'guarding' || (whereabouts === 'elsewhere' && held.guard))
    return [guarded(input, held, seen)];
  switch (whereabouts) {
    case 'ended':
      return [ok(`${node.name} is marked by run ${held.run}, which has ended`)];
    case 'interrupted':
      return [ok(`${node.name} is marked by run ${held.run}, which was interrupted`)];
    // What that is to the node is said where its journal is read.
    case 'damaged':
      return [ok(`${node.name} is marked by run ${held.run}, which was interrupted; its journal is damaged`)];
    default:
      return [locked(input, text, held.run)];
  }
}

/**
 * Whether the node may be held by a run of which nothing is known here, so that nobody here can say whether it has begun a restart.
 * Whoever forced this check has been told of the mark, not of that. One that only keeps the node out restarts nothing, and one that
 * has left it out has begun nothing that goes on.
 */
export function isMarkedByUnknown(input: PreflightInput): boolean {
  const seen = readingOf(input);
  if (seen === undefined || !seen.mark.known) return true;
  if (seen.mark.value === null) return false;
  const held = readMark(seen.mark.value);
  if (held === undefined) return true;
  if (held.run === input.run) return false;
  const whereabouts = input.runs[held.run] ?? 'elsewhere';
  if (whereabouts === 'damaged') return true;
  return whereabouts === 'under way' || (whereabouts === 'elsewhere' && !held.guard && !held.ended);
}

/** It gives way to whoever brings the node back; who wants it out has that already. */
function guarded(input: PreflightInput, held: Mark, seen: NodeObservation): Finding {
  const text = `${input.node.name} is kept out by ${holder(held, seen, input.wall)}`;
  switch (input.purpose) {
    case 'deactivate':
      return locked(input, text, held.run);
    case 'doctor':
      return ok(`${text}, which gives way`);
    default:
      return warning(`${text}, which gives way: this ends it`);
  }
}

/** What it is to this node that a run has another one: nothing, unless that run is under way. */
function anotherNode(input: PreflightInput, node: Node): readonly Finding[] {
  const seen = input.observation.nodes[node.name];
  // One that is being restarted is silent, and has no mark: that of a run of another host cannot be seen then.
  if (seen?.trouble !== null || !seen.mark.known || seen.mark.value === null) return [];
  const held = readMark(seen.mark.value);
  // One that is only kept out, or was left out, is in nobody's way.
  if (held === undefined || held.run === input.run || held.guard || held.ended) return [];
  const text = `${node.name} is held by ${holder(held, seen, input.wall)}`;
  switch (input.runs[held.run]) {
    case 'ended':
      return [];
    case 'interrupted':
      return [
        warning(
          `${node.name} was left by run ${held.run}, which was interrupted`,
          `Go on with it: ${input.call} resume ${held.run}`,
        ),
      ];
    case 'damaged':
      return [
        warning(
          `${node.name} was left by run ${held.run}, which was interrupted; its journal is damaged`,
          `Move its file out of its directory, then bring the node back: ${input.call} activate ${node.name} --force mark`,
        ),
      ];
    default:
      return isFresh(ageOf(held, seen, input.wall))
        ? [locked(input, `${text}: one run at a time changes ${printable(input.cluster.name)}`, held.run)]
        : [
            warning(
              text,
              `It was not renewed since: that run has ended, or died, or cannot reach ${node.name}.`,
            ),
          ];
  }
}

function locked(input: PreflightInput, why: string, run: string): Finding {
  const whereabouts = input.runs[run] ?? 'elsewhere';
  // With another host’s inventory, wherever that lies there.
  const show =
    whereabouts === 'elsewhere' ? `fsha show ${printable(run)} on its host` : `${input.call} show ${run}`;
  const fix = `Look at that run first: ${show}; where it is dead and forgotten: --force mark.`;
  return { ...lockedBy(input, why), fix };
}

function lockedBy({ purpose }: PreflightInput, why: string): Finding {
  return purpose === 'doctor' ? warning(why) : { ...refusal(why, ''), locked: true };
}

function holder(held: Mark, seen: NodeObservation, wall: number): string {
  const age = ageOf(held, seen, wall);
  const words =
    age === null
      ? ''
      : age < -CLOCKS_DIFFER
        ? `, ${roughDuration(-age)} ahead of the clock of this host`
        : `, ${roughDuration(Math.max(0, age))} ago`;
  return `run ${printable(held.run)} of ${printable(held.who)}${words}`;
}
