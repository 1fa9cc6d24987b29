import { type Check, type Finding, ok, refusal, warning } from './check.ts';

/** Every proxy has to answer: one that does not may go on sending calls. */
export const proxies: Check = {
  name: 'proxies',
  purposes: ['drain', 'deactivate', 'activate', 'doctor', 'resume'],
  forceable: false,
  judge: (input) =>
    input.cluster.proxies.map((proxy): Finding => {
      const seen = input.observation.proxies[proxy.name];
      const ignored = input.policy.ignoreProxies.includes(proxy.name);
      const why =
        seen === undefined
          ? `${proxy.name} was not read`
          : (seen.trouble?.message ?? (seen.sets.known ? null : `${proxy.name}: ${seen.sets.why}`));
      if (why === null) return ok(`${proxy.name} answers`);
      if (ignored)
        return warning(
          `${why}; ignored as you asked (--ignore-proxy ${proxy.name})`,
          'It may still send calls to the node.',
        );
      const hint = seen?.trouble?.hint ?? '';
      return refusal(
        why,
        `${hint}${hint === '' ? '' : ' '}If it is down for good: --ignore-proxy ${proxy.name}.`,
      );
    }),
};
