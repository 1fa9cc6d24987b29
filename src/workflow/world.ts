/** Everything a run can reach, by the names of the inventory. Made by cli/compose.ts. */
import type { Cluster } from '../domain/cluster.ts';
import { FshaError } from '../domain/errors.ts';
import type { Known } from '../domain/observation.ts';
import type { Standing } from '../domain/baseline.ts';
import type { Whereabouts } from '../domain/mark.ts';
import type { Clock, HostPort, LocalCommand, RunLockPort, NodePort, ProxyPort, SipProbe } from './ports.ts';

export interface World {
  readonly cluster: Cluster;
  readonly clock: Clock;
  /** How fsha was called, for the commands in what it says: `fsha`, or `fsha --config FILE`. */
  readonly call: string;
  readonly nodes: ReadonlyMap<string, NodePort>;
  readonly proxies: ReadonlyMap<string, ProxyPort>;
  /** Hosts of nodes, over SSH. */
  readonly hosts: ReadonlyMap<string, HostPort>;
  /** Hosts of the proxies that are reached through SSH, by the proxy's name; absent: none is. */
  readonly proxyHosts?: ReadonlyMap<string, HostPort>;
  readonly probe: SipProbe;
  readonly local: LocalCommand;
  /** IP addresses of a host name, as resolved from here; an address is its own. */
  resolve(host: string, signal: AbortSignal): Promise<Known<readonly string[]>>;
  /** The baseline under which an earlier run of fsha left this node out, if one did. */
  standing(node: string): Promise<Standing | null>;
  /** What the journals of this host know of a run, and its lock. */
  whereabouts(run: string): Promise<Whereabouts>;
  /** The cluster's lock; without one for what needs none (a dry run). */
  readonly lock: RunLockPort;
  /**
   * Wraps a command for a node's host: under that node's own lock, ended there after `timeout` ms. It exits 75 where another
   * one has that lock.
   */
  guard(node: string, command: string, timeout: number): string;
}

export function nodePort(world: World, name: string): NodePort {
  return found(world.nodes.get(name), name);
}

export function proxyPort(world: World, name: string): ProxyPort {
  return found(world.proxies.get(name), name);
}

export function hostPort(world: World, name: string): HostPort {
  return found(world.hosts.get(name), name);
}

function found<T>(port: T | undefined, name: string): T {
  if (port === undefined) throw new FshaError('bug', `nothing was composed for ${name}`);
  return port;
}
