import { type Check, mayRestart, ok, refusal, warning } from './check.ts';

/** Whether the restart command may be run, as far as `sudo -n -l` and systemd tell without running it. */
export const restartPermission: Check = {
  name: 'restart-permission',
  purposes: ['drain', 'doctor'],
  forceable: true,
  judge: (input) => {
    const { facts, node } = input;
    if (!mayRestart(input) || facts.ssh !== null || facts.restart === undefined) return [];
    if (!facts.restart.known)
      return [warning(`whether ${node.name} can be restarted could not be told: ${facts.restart.why}`)];
    if (facts.restart.value !== null) {
      return [
        refusal(
          facts.restart.value,
          'Mend sudoers or the unit on the node, or correct restart.command in the inventory.',
        ),
      ];
    }
    return [ok(`the restart command of ${node.name} may be run`)];
  },
};
