import type { SshTarget } from '../cluster.ts';
import { type Check, mayRestart, ok, refusal } from './check.ts';

/** The login that will be needed when the node is empty has to work before it is emptied. */
export const ssh: Check = {
  name: 'ssh',
  purposes: ['drain', 'doctor'],
  forceable: false,
  judge: (input) => {
    const { facts, node } = input;
    if (!mayRestart(input)) return [];
    const twin = input.cluster.nodes.find(
      (other) => other.name !== node.name && isSameHost(other.ssh, node.ssh),
    );
    if (twin !== undefined) {
      return [
        refusal(
          `the SSH addresses of ${node.name} and ${twin.name} are one and the same: a restart could hit the wrong one`,
          'Correct ssh: of one of the two in the inventory.',
        ),
      ];
    }
    if (facts.ssh === undefined)
      return [refusal(`SSH to ${node.name} was not tried`, 'This is a bug in fsha: please report it.')];
    return facts.ssh === null
      ? [ok(`logged in to ${node.name} over SSH`)]
      : [refusal(facts.ssh.message, facts.ssh.hint)];
  },
};

/** The same address, reached the same way: behind another jump host it may be another machine. */
function isSameHost(one: SshTarget, other: SshTarget): boolean {
  const way = (target: SshTarget): string =>
    [...(target.jump ?? []), target.host, target.port ?? 22].join(' ');
  return way(one) === way(other);
}
