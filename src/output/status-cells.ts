/** What `fsha status` shows of a node: short, and unknown where it is not known. */
import type { Node, Proxy } from '../domain/cluster.ts';
import { readFlags } from '../domain/dispatcher-state.ts';
import { type Known, type NodeObservation, type Observation, unknown } from '../domain/observation.ts';
import type { PlacedTarget } from '../domain/targets.ts';
import { printable } from '../domain/text.ts';
import { targetIndex } from '../domain/target-index.ts';

export const UNKNOWN = 'unknown';

/** The node's lines in the proxy's lists; unknown where these could not be read. */
export function targetsOf(
  observation: Observation,
  proxy: Proxy,
  node: Node,
): Known<readonly PlacedTarget[]> {
  const seen = observation.proxies[proxy.name];
  if (seen === undefined) return unknown('it was not read');
  if (seen.trouble !== null) return unknown(seen.trouble.message);
  if (!seen.sets.known) return seen.sets;
  return { known: true, value: node.destinations.flatMap(targetIndex(seen.sets.value)) };
}

/** The state of a node on a proxy in a word or two; `p` after it: the proxy probes it with OPTIONS. */
export function stateCell(targets: Known<readonly PlacedTarget[]>, node: Node): string {
  if (!targets.known) return UNKNOWN;
  if (targets.value.length === 0) return 'not listed';
  const [first = '', ...others] = new Set(targets.value.map(({ flags }) => shortState(flags)));
  return others.length > 0 || targets.value.length !== node.destinations.length ? 'mixed' : first;
}

/** `AP` → `active p`, `DX` → `disabled`. */
export function shortState(flags: string): string {
  const read = readFlags(flags);
  if (read === undefined) return printable(flags, 10);
  return read.probing ? `${read.state} p` : read.state;
}

/** Sessions of the limit that FreeSWITCH itself has: `37/1000`. */
export function sessionsCell({ sessions, sessionLimit }: NodeObservation): string {
  if (!sessions.known) return UNKNOWN;
  return `${sessions.value}/${sessionLimit.known ? sessionLimit.value : '?'}`;
}

export function callsCell({ calls }: NodeObservation): string {
  return calls.known ? String(calls.value) : UNKNOWN;
}

export function uptimeCell({ uptimeMs }: NodeObservation): string {
  return uptimeMs.known ? shortAge(uptimeMs.value) : UNKNOWN;
}

/** The two largest units: `3d4h`, `5h7m`, `6m`, `45s`. */
export function shortAge(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  const hours = Math.floor(minutes / 60);
  if (hours >= 24) return `${Math.floor(hours / 24)}d${hours % 24}h`;
  if (hours > 0) return `${hours}h${minutes % 60}m`;
  return minutes > 0 ? `${minutes}m` : `${Math.max(0, Math.floor(ms / 1_000))}s`;
}

/** The number without the build: `1.10.12-release-10222002881-a88d069d6f` is 1.10.12. */
export function versionCell({ version }: NodeObservation): string {
  return version.known ? (/\d+(?:\.\d+)+/.exec(version.value)?.[0] ?? printable(version.value, 12)) : UNKNOWN;
}

export function pauseCell({ pause }: NodeObservation): string {
  if (!pause.known) return UNKNOWN;
  const { inbound, outbound } = pause.value;
  if (inbound && outbound) return 'both';
  return inbound ? 'inbound' : outbound ? 'outbound' : 'no';
}
