import { canCarry, type Survivor } from '../capacity.ts';
import type { Node } from '../cluster.ts';
import { isSelectable, readFlags } from '../dispatcher-state.ts';
import { ownersOf, placedTargets } from '../targets.ts';
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
    const survivors = survivorsEverywhere(input);
    // Nobody left is what the check `survivors` speaks of.
    if (survivors.length === 0) return [];
    const question = {
      leaving: [{ node: input.node, seen }],
      survivors,
      dispatch: input.cluster.rolling.dispatch,
    };
    const whole = canCarry({ ...question, headroom: 0 });
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
    const comfortable = canCarry({ ...question, headroom: input.cluster.rolling.headroom });
    if (comfortable.can === false)
      return [warning(`it will be tight without ${input.node.name}: ${comfortable.why}`)];
    return [ok(`the others can carry the load of ${input.node.name}`)];
  },
};

/** Nodes that take calls in a set of this node on every proxy that was read. */
function survivorsEverywhere(input: PreflightInput): readonly Survivor[] {
  const sets = new Set(input.node.destinations.map((destination) => destination.set));
  const read = readProxies(input);
  const takesCalls = (node: Node): boolean =>
    read.every(({ sets: listed }) =>
      placedTargets(listed).some((target) => {
        const flags = readFlags(target.flags);
        return (
          sets.has(target.set) &&
          flags !== undefined &&
          isSelectable(flags) &&
          ownersOf(input.cluster, target).includes(node)
        );
      }),
    );
  return input.cluster.nodes.flatMap((node) => {
    const seen = input.observation.nodes[node.name];
    if (node.name === input.node.name || seen === undefined || whyNoSurvivor(node, seen) !== null) return [];
    return takesCalls(node) ? [{ node, seen }] : [];
  });
}
