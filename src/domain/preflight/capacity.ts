import { canCarry, loadOf, shareOf, type Survivor } from '../capacity.ts';
import { takesCalls } from '../dispatcher-state.ts';
import { targetOwners } from '../target-owners.ts';
import { placedTargets } from '../targets.ts';
import { type Check, ok, type PreflightInput, readingOf, readProxies, refusal, warning } from './check.ts';
import { whyNoSurvivor } from './survivors.ts';

/** Whether the survivors can carry the load of the node: full is a refusal, less than the headroom a warning. */
export const capacity: Check = {
  name: 'capacity',
  purposes: ['drain', 'deactivate', 'doctor'],
  forceable: true,
  judge: (input) => {
    const seen = readingOf(input);
    if (seen === undefined) return [];
    // Judged for each set on each proxy: what one of them has left may be nobody on another.
    const answers = survivorsBySet(input).map((survivors) => {
      const question = {
        leaving: [{ name: input.node.name, load: loadOf(seen) }],
        survivors,
        share: () => shareOf(input.cluster.rolling.dispatch, survivors.length),
      };
      return {
        whole: canCarry({ ...question, headroom: 0 }),
        comfortable: canCarry({ ...question, headroom: input.cluster.rolling.headroom }),
      };
    });
    for (const { whole } of answers) {
      if (whole.can === 'unknown') {
        return [
          refusal(
            `whether the others can carry the load of ${input.node.name} is unknown: ${whole.node}: ${whole.why}`,
            'Mend what cannot be read there.',
          ),
        ];
      }
      if (!whole.can) {
        return [
          refusal(
            `the others cannot carry the load of ${input.node.name}: ${whole.why}`,
            'Wait for a quieter hour, or bring another node in first.',
          ),
        ];
      }
    }
    for (const { comfortable } of answers) {
      if (comfortable.can === false)
        return [warning(`it will be tight without ${input.node.name}: ${comfortable.why}`)];
    }
    const unknown = peakUnknown(input);
    if (unknown.length > 0)
      return [
        warning(
          `the peak of the last five minutes of ${unknown.join(', ')} is unknown: only what is up now was reckoned with`,
        ),
      ];
    // Nobody left at all is what the check `survivors` speaks of.
    return answers.length === 0 ? [] : [ok(`the others can carry the load of ${input.node.name}`)];
  },
};

/** Of the node and of those that are left. */
function peakUnknown(input: PreflightInput): readonly string[] {
  const survivors = new Set(survivorsBySet(input).flatMap((all) => all.map(({ node }) => node.name)));
  if (survivors.size === 0) return [];
  return [input.node.name, ...survivors].filter(
    (name) => input.observation.nodes[name]?.peak5Min.known === false,
  );
}

/** For each set of the node on each proxy that was read: the other nodes that take calls there, where there are any. */
function survivorsBySet(input: PreflightInput): readonly (readonly Survivor[])[] {
  const sets = new Set(input.node.destinations.map((destination) => destination.set));
  return readProxies(input).flatMap(({ sets: listed }) =>
    [...sets].flatMap((set) => {
      const active = placedTargets(listed).filter((target) => target.set === set && takesCalls(target.flags));
      const owners = new Set(active.flatMap(targetOwners(input.cluster, listed)));
      const survivors = [...owners].flatMap((node) => {
        const seen = input.observation.nodes[node.name];
        if (node.name === input.node.name || seen === undefined || whyNoSurvivor(node, seen) !== null)
          return [];
        return [{ node, seen }];
      });
      return survivors.length === 0 ? [] : [survivors];
    }),
  );
}
