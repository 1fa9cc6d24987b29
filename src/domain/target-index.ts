/** A dispatcher list by what names its lines: hundreds of nodes are looked up in it at every reading. */
import type { Destination } from './cluster.ts';
import type { DispatcherSet } from './observation.ts';
import { parseSipAddress } from './sip-address.ts';
import { placedTargets, type PlacedTarget } from './targets.ts';

/** The lines that are meant by a destination, in the proxy's order: what `isTarget` of the domain finds one by one. */
export type TargetIndex = (destination: Destination) => readonly PlacedTarget[];

const indexes = new WeakMap<readonly DispatcherSet[], TargetIndex>();

/** The index of a list, made once for each list that was read. */
export function targetIndex(sets: readonly DispatcherSet[]): TargetIndex {
  const made = indexes.get(sets) ?? indexOf(sets);
  indexes.set(sets, made);
  return made;
}

function indexOf(sets: readonly DispatcherSet[]): TargetIndex {
  const byUri = new Map<string, PlacedTarget[]>();
  const byDuid = new Map<string, PlacedTarget[]>();
  const add = (to: Map<string, PlacedTarget[]>, key: string, target: PlacedTarget): void => {
    const there = to.get(key);
    if (there === undefined) to.set(key, [target]);
    else there.push(target);
  };
  for (const target of placedTargets(sets)) {
    add(byUri, uriKey(target.set, target.uri), target);
    if (target.duid !== null) add(byDuid, `${target.set} ${target.duid}`, target);
  }
  return ({ set, uri, duid }) =>
    (duid === undefined ? byUri.get(uriKey(set, uri)) : byDuid.get(`${set} ${duid}`)) ?? [];
}

/** The same for URIs that name one host, port and transport; what is no SIP URI is only like itself. */
function uriKey(set: number, uri: string): string {
  const address = parseSipAddress(uri);
  return address === undefined
    ? `${set} as written ${uri}`
    : `${set} ${address.host} ${address.port} ${address.transport}`;
}
