import { type Check, mayRestart, ok, refusal } from './check.ts';

/** The login that will be needed when the node is empty has to work before it is emptied. */
export const ssh: Check = {
  name: 'ssh',
  purposes: ['drain', 'doctor'],
  forceable: false,
  judge: (input) => {
    const { facts, node } = input;
    if (!mayRestart(input)) return [];
    if (facts.ssh === undefined)
      return [refusal(`SSH to ${node.name} was not tried`, 'This is a bug in fsha: please report it.')];
    return facts.ssh === null
      ? [ok(`logged in to ${node.name} over SSH`)]
      : [refusal(facts.ssh.message, facts.ssh.hint)];
  },
};
