import { type Check, type Finding, ok, readProxies, refusal, warning } from './check.ts';

/** Two names for one Kamailio mean that another one, which is not in the inventory, is forgotten. */
export const distinctProxies: Check = {
  name: 'distinct-proxies',
  purposes: ['drain', 'deactivate', 'activate', 'doctor', 'resume'],
  forceable: true,
  judge: (input) => {
    const findings: Finding[] = [];
    const byInstance = new Map<string, string>();
    for (const { proxy, seen } of readProxies(input)) {
      if (!seen.instance.known) {
        findings.push(
          warning(
            `${proxy.name} does not say which process it is: ${seen.instance.why}`,
            'A restart of it during the drain is told by its states alone.',
          ),
        );
        continue;
      }
      const twin = byInstance.get(seen.instance.value);
      if (twin === undefined) byInstance.set(seen.instance.value, proxy.name);
      else {
        findings.push(
          refusal(
            `${twin} and ${proxy.name} are one and the same Kamailio (same process, same start time)`,
            'Correct rpc: of one of the two in the inventory, or remove it.',
          ),
        );
      }
    }
    return findings.length > 0 ? findings : [ok('every proxy is a Kamailio of its own')];
  },
};
