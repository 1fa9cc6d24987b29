import { foundDestinations } from '../baseline.ts';
import { readFlags } from '../dispatcher-state.ts';
import { destinationKey } from '../drift.ts';
import type { Baseline, BaselineDestination } from '../run-events.ts';
import { type Check, type Finding, ok, readingOf, refusal, warning } from './check.ts';

/**
 * A node that somebody else has taken out already: whose wish counts has to be said. One that is out in part, and in on
 * every proxy all the same, is given back like that.
 */
export const foundState: Check = {
  name: 'found-state',
  purposes: ['drain', 'deactivate'],
  forceable: false,
  judge: (input) => {
    const { node, policy, standing } = input;
    const found = foundDestinations(input.cluster, node, input.observation);
    const inState = (state: string) =>
      found.filter((destination) => readFlags(destination.flags)?.state === state);
    const findings: Finding[] = [];
    const disabled = inState('disabled');
    const byRun = disabled.filter((one) => standing !== null && foundIn(standing.baseline, one));
    const byOthers = disabled.filter((one) => !byRun.includes(one));
    if (byRun.length > 0 && standing !== null) {
      findings.push(
        ok(`${node.name} was left out by run ${standing.run}; what that run had found counts as before`),
      );
    }
    if (byOthers.length > 0 && input.purpose === 'drain') {
      const where = byOthers.map(destinationKey).join(', ');
      if (policy.foundDisabled !== null) {
        findings.push(
          warning(
            `${node.name} was found disabled (${where}); afterwards: ${policy.foundDisabled}, as you asked`,
          ),
        );
      } else if (
        found.every((one) => found.some((other) => other.proxy === one.proxy && !byOthers.includes(other)))
      ) {
        findings.push(
          warning(
            `${node.name} was found disabled in part (${where}); that stays disabled, the rest is given back`,
            'To enable all of it afterwards: --then activate.',
          ),
        );
      } else {
        findings.push(
          refusal(
            `${node.name} is disabled already (${where}), and by no run of fsha known here`,
            'Say what is to become of it afterwards: --then activate, or --then leave.',
          ),
        );
      }
    }
    for (const { proxy, flags } of inState('inactive')) {
      const why =
        readFlags(flags)?.probing === true
          ? `${node.name} does not pass the probes of ${proxy} (${flags})`
          : `${node.name} was set inactive on ${proxy} (${flags}); a drain gives it back like that`;
      findings.push(warning(why));
    }
    const pause = readingOf(input)?.pause;
    if (pause?.known === true && pause.value.inbound && standing?.baseline.pause.inbound !== false) {
      findings.push(
        warning(`${node.name} was found paused; its inbound side will be paused again at the end`),
      );
    }
    if (pause?.known === true && pause.value.outbound) {
      findings.push(
        warning(
          `the outbound side of ${node.name} is paused; a restart lifts that, and fsha does not put it back`,
          'Pause it again by hand where it is wanted: fsctl pause outbound.',
        ),
      );
    }
    return findings.length > 0 ? findings : [ok(`${node.name} is in service`)];
  },
};

/** Whether the run that took this baseline found the destination in, so that it was disabled by a run. */
function foundIn({ destinations }: Baseline, wanted: BaselineDestination): boolean {
  const before = destinations.find((one) => destinationKey(one) === destinationKey(wanted));
  return before !== undefined && readFlags(before.flags)?.state !== 'disabled';
}
