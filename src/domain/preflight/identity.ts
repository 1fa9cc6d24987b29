import { type Check, ok, readingOf, refusal } from './check.ts';

/** That the ESL connection leads to the node that is meant: draining one and watching another costs calls. */
export const identity: Check = {
  name: 'identity',
  purposes: ['drain', 'deactivate', 'activate', 'doctor', 'resume'],
  forceable: true,
  judge: (input) => {
    const { node } = input;
    const seen = readingOf(input);
    if (seen === undefined) return [];
    const twin = input.cluster.nodes.find((other) => {
      const reading = input.observation.nodes[other.name];
      return (
        other.name !== node.name &&
        seen.coreUuid.known &&
        reading?.coreUuid.known === true &&
        reading.coreUuid.value === seen.coreUuid.value
      );
    });
    if (twin !== undefined) {
      return [
        {
          ...refusal(
            `the ESL addresses of ${node.name} and ${twin.name} lead to one and the same FreeSWITCH`,
            'Correct esl: of one of the two in the inventory.',
          ),
          forceable: false,
        },
      ];
    }
    if (!seen.switchname.known) {
      return [
        refusal(
          `the switchname of ${node.name} is unknown: ${seen.switchname.why}`,
          'Run `switchname` on the node.',
        ),
      ];
    }
    if (seen.switchname.value !== node.name) {
      return [
        refusal(
          `the FreeSWITCH behind the ESL address of ${node.name} calls itself ${seen.switchname.value}`,
          'Correct esl: in the inventory, or set switchname in switch.conf.xml; --force identity where the name is known to differ.',
        ),
      ];
    }
    return [ok(`${node.name} is the FreeSWITCH that it should be`)];
  },
};
