/** The checks, in the order in which their verdicts are listed. Adding one is a file in this folder and a line here. */
import type { Verdict } from '../verdict.ts';
import { capacity } from './capacity.ts';
import type { Check, PreflightInput } from './check.ts';
import { database } from './database.ts';
import { destinations } from './destinations.ts';
import { distinctProxies } from './distinct-proxies.ts';
import { esl } from './esl.ts';
import { foundState } from './found-state.ts';
import { ghostRows } from './ghost-rows.ts';
import { identity } from './identity.ts';
import { mark } from './mark.ts';
import { proxies } from './proxies.ts';
import { restartPermission } from './restart-permission.ts';
import { ssh } from './ssh.ts';
import { survivors } from './survivors.ts';
import { unfinished } from './unfinished.ts';
import { unlistedTargets } from './unlisted-targets.ts';

const CHECKS: readonly Check[] = [
  esl,
  identity,
  mark,
  unfinished,
  proxies,
  distinctProxies,
  destinations,
  unlistedTargets,
  foundState,
  survivors,
  capacity,
  ssh,
  restartPermission,
  database,
  ghostRows,
];

/** Names that `--force` takes. */
export const FORCEABLE: readonly string[] = CHECKS.filter((check) => check.forceable).map(
  (check) => check.name,
);
/** Every check's name. */
export const CHECK_NAMES: readonly string[] = CHECKS.map((check) => check.name);

/** Every verdict on the node. A refusal that the policy forces, where that may be, becomes a warning. */
export function judge(input: PreflightInput): readonly Verdict[] {
  return CHECKS.filter((check) => check.purposes.includes(input.purpose)).flatMap((check) =>
    check.judge(input).map((finding): Verdict => {
      const forceable = finding.forceable ?? check.forceable;
      const verdict: Verdict = { check: check.name, node: input.node.name, forceable, ...finding };
      return finding.level === 'refusal' && forceable && input.policy.force.includes(check.name)
        ? { ...verdict, level: 'warning', forced: true }
        : verdict;
    }),
  );
}

/** The first refusal, a clause that begins with its check; null where there is none. */
export function whyRefused(verdicts: readonly Verdict[]): string | null {
  const first = verdicts.find(({ level }) => level === 'refusal');
  return first === undefined ? null : `${first.check}: ${first.why}`;
}

/** Whether the run must not begin. */
export function refuses(verdicts: readonly Verdict[]): boolean {
  return verdicts.some((verdict) => verdict.level === 'refusal');
}
