/**
 * Calls that still reach a node that is out: by whom they are sent, so that a person can stop it. Counted from events,
 * which are hints: what happens while the connection is gone is not heard. They explain, they never decide.
 */
import type { Cluster, Node, Proxy } from './cluster.ts';
import { isInNetwork, isLoopback, maskedIp, parseIp, sameIp, type IpAddress } from './ip-address.ts';
import type { Arrivals } from './run-events.ts';
import { parseSipAddress } from './sip-address.ts';
import { masked, printable } from './text.ts';

/** A channel that began on the node. */
export interface ChannelBegan {
  readonly direction: 'inbound' | 'outbound';
  /** Where its SIP came from; null where it did not come over SIP or the node began it. */
  readonly address: string | null;
  readonly furtherLeg: boolean;
}

export interface ArrivalSource {
  readonly calls: number;
  /** Monotonic ms. */
  readonly lastAt: number;
}

/** What came in since the node was out. */
export interface ArrivalsSoFar {
  /** By address, unmasked, as FreeSWITCH gave it; OTHERS for all that came after the first MOST. */
  readonly sources: Readonly<Record<string, ArrivalSource>>;
  /** Calls that the node itself began. */
  readonly originated: number;
}

/** So many sources are told apart: a node that is open to the world hears from many. */
export const MOST = 100;
export const OTHERS = '';

export function noArrivals(): ArrivalsSoFar {
  return { sources: {}, originated: 0 };
}

/** What came in, with one more channel; `at` is monotonic ms. Further legs are calls that were there before. */
export function withActivity(soFar: ArrivalsSoFar, began: ChannelBegan, at: number): ArrivalsSoFar {
  if (began.furtherLeg) return soFar;
  if (began.direction === 'outbound') return { ...soFar, originated: soFar.originated + 1 };
  // A leg of mod_loopback is inbound and came from nowhere.
  if (began.address === null) return soFar;
  const { sources } = soFar;
  const apart = Object.hasOwn(sources, began.address) || Object.keys(sources).length < MOST;
  const address = apart ? began.address : OTHERS;
  const before = sources[address]?.calls ?? 0;
  return { ...soFar, sources: { ...sources, [address]: { calls: before + 1, lastAt: at } } };
}

/**
 * The sources that sent a call when none should come any more, for a warning once for each. An INVITE that was under way
 * may arrive for as long as the proxies wait for an answer, so one within `frTimer` ms is no surprise.
 * @param since monotonic ms at which the node was out
 * @returns addresses, unmasked: name them by sourceOf
 */
export function stillArriving(soFar: ArrivalsSoFar, since: number, frTimer: number): readonly string[] {
  return Object.entries(soFar.sources).flatMap(([address, { lastAt }]) =>
    lastAt > since + frTimer ? [address] : [],
  );
}

/** What a progress event says: sources by name, the busiest first; sources of one name are one. */
export function arrivalsOf(
  soFar: ArrivalsSoFar,
  cluster: Cluster,
  showNumbers: boolean,
): readonly Arrivals[] {
  const calls = new Map<string, number>();
  for (const [address, source] of Object.entries(soFar.sources)) {
    const from = sourceOf(cluster, address, showNumbers);
    calls.set(from, (calls.get(from) ?? 0) + source.calls);
  }
  return [...calls]
    .map(([from, count]) => ({ from, calls: count }))
    .sort((a, b) => b.calls - a.calls || (a.from < b.from ? -1 : 1));
}

/**
 * Names where a call came from: a proxy or node of the inventory, else the address, masked unless `showNumbers`.
 * An address of their own goes before a network; several on one address are all named.
 */
export function sourceOf(cluster: Cluster, address: string, showNumbers: boolean): string {
  if (address === OTHERS) return 'other addresses';
  const ip = parseIp(address);
  if (ip === undefined) return showNumbers ? printable(address) : masked(address);
  const named = (members: readonly { name: string }[]): string =>
    members.map(({ name }) => name).join(' or ');
  const own = [
    ...cluster.proxies.filter((proxy) => addressesOfProxy(proxy).some((one) => sameIp(one, ip))),
    ...cluster.nodes.filter((node) => addressesOfNode(node).some((one) => sameIp(one, ip))),
  ];
  if (own.length > 0) return named(own);
  const near = cluster.proxies.filter((proxy) => proxy.networks.some((network) => isInNetwork(ip, network)));
  if (near.length > 0) return named(near);
  return showNumbers ? printable(address) : maskedIp(ip);
}

function addressesOfProxy(proxy: Proxy): readonly IpAddress[] {
  const host = URL.canParse(proxy.rpc.url) ? new URL(proxy.rpc.url).hostname : '';
  // Through another host, loopback is that host's own.
  return read([host]).filter((ip) => proxy.via === undefined || !isLoopback(ip));
}

function addressesOfNode({ esl, sip, destinations }: Node): readonly IpAddress[] {
  const uris = destinations.map(({ uri }) => (uri === undefined ? undefined : parseSipAddress(uri)?.host));
  return [
    ...read([sip.ip, sip.extIp, ...uris]),
    ...read([esl.host]).filter((ip) => esl.via === 'direct' || !isLoopback(ip)),
  ];
}

/** Host names are left out: they are not resolved here. */
function read(hosts: readonly (string | undefined)[]): readonly IpAddress[] {
  return hosts.flatMap((host) => (host === undefined ? [] : (parseIp(host) ?? [])));
}
