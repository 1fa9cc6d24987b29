/** Whether a node is as well as it was: judged from one full look at it against the baseline. */
import type { VerifySettings } from './cluster.ts';
import type { NamedState, NodeObservation } from './observation.ts';
import type { Baseline } from './run-events.ts';

export interface HealthVerdict {
  /** What is not (yet) as it should be; empty for a healthy node. */
  readonly missing: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Ready; every profile that ran runs again; every gateway that was REGED is REGED again (a gateway in another state
 * before says nothing: NOREG never registers). Fewer registrations than before are a warning: with a shared database
 * they survive, else phones come back one by one.
 */
export function judgeHealth(
  baseline: Baseline,
  seen: NodeObservation | undefined,
  settings: VerifySettings,
): HealthVerdict {
  if (seen === undefined) return { missing: ['it was not read'], warnings: [] };
  if (seen.trouble !== null) return { missing: [seen.trouble.message], warnings: [] };
  const missing: string[] = [];
  const warnings: string[] = [];
  if (!seen.ready.known) missing.push(`whether it is ready is unknown: ${seen.ready.why}`);
  else if (!seen.ready.value) missing.push('it is not ready');
  if (!seen.coreUuid.known) missing.push(`core_uuid is unknown: ${seen.coreUuid.why}`);
  if (!seen.sessions.known) missing.push(`sessions are unknown: ${seen.sessions.why}`);
  const { full } = seen;
  if (full === null) return { missing: [...missing, 'profiles and gateways were not read'], warnings };
  if (settings.profiles === 'same') {
    if (!full.profiles.known) missing.push(`profiles are unknown: ${full.profiles.why}`);
    else missing.push(...lost('profile', 'RUNNING', baseline.profiles, full.profiles.value));
  }
  if (settings.gateways === 'same') {
    if (!full.gateways.known) missing.push(`gateways are unknown: ${full.gateways.why}`);
    else missing.push(...lost('gateway', 'REGED', baseline.gateways, full.gateways.value));
  }
  if (
    baseline.registrations !== null &&
    full.registrations.known &&
    full.registrations.value < baseline.registrations
  ) {
    warnings.push(
      `${full.registrations.value} registrations on it, ${baseline.registrations} before the restart`,
    );
  }
  return { missing, warnings };
}

function lost(
  what: string,
  good: string,
  before: readonly NamedState[],
  now: readonly NamedState[],
): readonly string[] {
  return before
    .filter((one) => one.state === good)
    .flatMap((one) => {
      const again = now.find((other) => other.name === one.name);
      return again?.state === good
        ? []
        : [`${what} ${one.name} is ${again?.state ?? 'not there'}, it was ${good}`];
    });
}
