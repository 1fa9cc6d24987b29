import type { Node } from '../cluster.ts';
import { parseSipAddress } from '../sip-address.ts';
import { targetIndex } from '../target-index.ts';
import { targetOwners } from '../target-owners.ts';
import { placedTargets } from '../targets.ts';
import { type Check, type Finding, ok, type PreflightInput, readProxies, refusal, warning } from './check.ts';

/**
 * A target that nobody listed, but which is this node under another port, transport, set or name: it would go on
 * getting calls while everything fsha watches says disabled.
 */
export const unlistedTargets: Check = {
  name: 'unlisted-targets',
  purposes: ['drain', 'deactivate', 'doctor'],
  forceable: true,
  judge: (input) => {
    const findings: Finding[] = [];
    const own = addressesOf(input, input.node);
    for (const { proxy, sets } of readProxies(input)) {
      const ownersOf = targetOwners(input.cluster, sets);
      for (const target of placedTargets(sets)) {
        if (ownersOf(target).length > 0) continue;
        const address = parseSipAddress(target.uri);
        const text = `${target.uri} in set ${target.set} of ${proxy.name}`;
        if (address === undefined) {
          findings.push(
            warning(`${text} belongs to no node of the inventory, and is no SIP URI that fsha can read`),
          );
          continue;
        }
        const there = input.addresses[address.host];
        if (there?.known !== true) {
          findings.push(
            warning(
              `${text} belongs to no node of the inventory, and ${address.host} does not resolve from here`,
              'Make sure that it is not this node under another name.',
            ),
          );
        } else if (there.value.some((ip) => own.has(ip))) {
          findings.push(
            refusal(
              `${text} is ${input.node.name} by its address, but the inventory does not list it`,
              `Add it to the destinations of ${input.node.name}: it would go on getting calls.`,
            ),
          );
        }
      }
    }
    return findings.length > 0 ? findings : [ok(`no other target on any proxy leads to ${input.node.name}`)];
  },
};

/** Every host under which the inventory knows the node; loopback is everybody's own. */
export function hostsOf(node: Node): readonly string[] {
  const esl = node.esl.via === 'direct' ? [node.esl.host] : [];
  const own = [node.sip.ip, node.sip.extIp, node.ssh.host, ...esl].flatMap((host) => host ?? []);
  return own.filter((host) => !['127.0.0.1', '::1', 'localhost'].includes(host));
}

function addressesOf(input: PreflightInput, node: Node): ReadonlySet<string> {
  const hosts = [
    ...node.destinations.flatMap((destination) =>
      destination.uri === undefined ? [] : (parseSipAddress(destination.uri)?.host ?? []),
    ),
    // A node named by duid is where the proxies say that it is.
    ...readProxies(input).flatMap(({ sets }) => {
      const find = targetIndex(sets);
      return node.destinations.flatMap((destination) =>
        find(destination).flatMap((target) => parseSipAddress(target.uri)?.host ?? []),
      );
    }),
    ...hostsOf(node),
  ];
  return new Set(hosts.flatMap((host) => [host, ...knownAddresses(input, host)]));
}

function knownAddresses(input: PreflightInput, host: string): readonly string[] {
  const addresses = input.addresses[host];
  return addresses?.known === true ? addresses.value : [];
}
