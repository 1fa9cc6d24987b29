import { readFlags } from '../dispatcher-state.ts';
import { targetIndex } from '../target-index.ts';
import { destinationText, placedTargets } from '../targets.ts';
import { type Check, type Finding, ok, readProxies, refusal, warning } from './check.ts';

/** Every destination of the node stands on every proxy exactly once: what is not listed cannot be disabled. */
export const destinations: Check = {
  name: 'destinations',
  purposes: ['drain', 'deactivate', 'activate', 'doctor', 'resume'],
  forceable: false,
  judge: (input) => {
    const findings: Finding[] = [];
    for (const { proxy, sets } of readProxies(input)) {
      const targets = placedTargets(sets);
      for (const destination of input.node.destinations) {
        const found = targetIndex(sets)(destination);
        const text = `${input.node.name} (${destinationText(destination)})`;
        const [only] = found;
        if (only === undefined) {
          findings.push(
            refusal(
              `${text} is not in the dispatcher list of ${proxy.name}`,
              'Correct the inventory, or the list of that proxy; compare with `kamcmd dispatcher.list`.',
            ),
          );
        } else if (found.length > 1) {
          const fix =
            destination.duid === undefined
              ? 'set_state would change the first one only: give each a duid in its attrs and name it by duid in the inventory.'
              : 'A duid has to be unique in its set: correct the attrs in the dispatcher list.';
          findings.push(
            refusal(`${text} is ${found.length} times in the dispatcher list of ${proxy.name}`, fix),
          );
        } else if (
          destination.duid === undefined &&
          targets.filter((target) => target.set === only.set && target.uri === only.uri).length > 1
        ) {
          findings.push(
            refusal(`${text} is listed more than once on ${proxy.name}`, 'Name each by its duid.'),
          );
        } else {
          const flags = readFlags(only.flags);
          if (flags === undefined) {
            findings.push(
              refusal(
                `${proxy.name} shows ${text} with flags that fsha does not know: ${only.flags}`,
                'Look at `kamcmd dispatcher.list`.',
              ),
            );
          } else if (flags.noPing) {
            findings.push(
              warning(
                `${proxy.name} is told not to ping ${text} (flag N), and set_state clears that`,
                'No RPC sets it back: it returns with the next dispatcher.reload.',
              ),
            );
          }
        }
      }
    }
    return findings.length > 0
      ? findings
      : [ok(`every destination of ${input.node.name} is listed once on every proxy that answers`)];
  },
};
