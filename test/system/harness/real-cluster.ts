import { mkdtemp, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { claimNetwork, type LabNetwork } from '../../../src/lab/network.ts';
import type { KamailioOptions } from '../../support/real-kamailio.ts';
import { deepMerge, type Changes } from './deep-merge.ts';
import { holdCalls, type HeldCalls, type HeldCallsOptions } from './held-calls.ts';
import { realInventory } from './inventory.ts';
import { startProxy, type RealProxy } from './kamailio.ts';
import { makeSshClientFiles, startSshd, type RealSshServer, type SshClientFiles } from './openssh.ts';
import { QUICK } from './quick.ts';
import { resetCluster } from './reset.ts';
import { startRpcGate, type RpcGate } from './rpc-gate.ts';
import { startSipp, type RunningSipp, type SippOptions } from './sipp.ts';
import { startStandInNode, type NodeChanges, type StandInNode } from './stand-in-node.ts';
import { until } from '../../support/until.ts';

export interface RealClusterOptions {
  /** How fsha reaches ESL and JSON-RPC. */
  readonly via: 'direct' | 'ssh';
  /** Whether every SSH connection goes through the jump host. */
  readonly jump: boolean;
  /** Default 2. The third and further ones are only there, for tests of what is left. */
  readonly nodes?: 2 | 3 | 4;
  /** The inventory names a gate in front of each proxy's RPC instead of the RPC itself. */
  readonly gates?: boolean;
  /** The settings of QUICK instead of the harness's own. */
  readonly quick?: boolean;
  /** What is different on lb-1 and lb-2. */
  readonly kamailio?: readonly [ProxyChanges, ProxyChanges];
  /** What is different on every node. */
  readonly node?: NodeChanges;
  /** node-1 is listed twice, told apart by duid; what the inventory calls it. */
  readonly twins?: 'by duid' | 'by uri';
  /** Merged over the harness's fsha.yaml: maps key by key, null takes a key away. */
  readonly settings?: Changes;
}

type ProxyChanges = Partial<Omit<KamailioOptions, 'host' | 'destinations'>>;
type TwoOrMore<T> = readonly [T, T, ...T[]];

export interface RealCluster {
  readonly directory: string;
  readonly configFile: string;
  readonly stateDir: string;
  readonly network: LabNetwork;
  readonly nodes: TwoOrMore<StandInNode>;
  readonly proxies: readonly [RealProxy, RealProxy];
  /** In front of lb-1 and lb-2. Without `gates` they are there, and nobody goes through them. */
  readonly gates: readonly [RpcGate, RpcGate];
  readonly ssh: {
    readonly client: SshClientFiles;
    readonly jump: RealSshServer;
    /** By the address of the host. */
    readonly hosts: ReadonlyMap<string, RealSshServer>;
    /** The sshd on the host of a node or a proxy, or the jump host's. */
    of(server: StandInNode | RealProxy | 'jump'): RealSshServer;
  };
  /** How often each node had been started when the cluster was ready, or was last reset. */
  startsBefore(node: StandInNode): number;
  /** A caller of its own address; ended with the cluster at the latest, and at a reset. */
  call(options: Omit<SippOptions, 'directory' | 'from'>): Promise<RunningSipp>;
  /** Calls that are up when this resolves, from an address of their own; at lb-1 unless told. Ended as those of `call`. */
  hold(
    to: HeldCallsOptions['to'],
    options?: Partial<Omit<HeldCallsOptions, 'directory' | 'from' | 'to'>>,
  ): Promise<HeldCalls>;
  /** FLAGS on each proxy, read from Kamailio itself. */
  flags(): Promise<readonly Readonly<Record<string, string>>[]>;
  /**
   * Another inventory: the cluster's with changes merged into it (null takes a key away) and, unless told, a state
   * directory of its own. Resolves with its path.
   */
  configWith(changes: Changes, options?: { readonly stateDir?: string }): Promise<string>;
  /** The state directory that goes with an inventory of this cluster's. */
  stateDirOf(configFile: string): string;
  /**
   * All in again, for the next test: runs of fsha that are left are killed, callers ended, gates open, every sshd up with
   * its known key, proxies and nodes up, thawed and without faults, unpaused and unmarked, every destination as it was at
   * the start, no calls, the state directory empty.
   * @throws when that is not so within 20 s, saying what is not well
   */
  reset(): Promise<void>;
  /** Ends everything and removes the folder. */
  stop(): Promise<void>;
}

/**
 * Two real Kamailio in front of stand-in nodes, a real sshd on the host of each of them, one more as a jump host, and an
 * inventory of it all.
 * @throws when a server is missing or does not come up; nothing is left of the others then
 */
export async function startRealCluster(options: RealClusterOptions): Promise<RealCluster> {
  const servers: (() => Promise<unknown>)[] = [];
  const traces: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(servers.splice(0).map((end) => end()));
    for (const end of traces.splice(0).reverse()) await end();
  };
  try {
    return await assemble(options, {
      server: (end) => servers.push(end),
      trace: (end) => traces.push(end),
      stop,
    });
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Ends {
  /** What runs; all are ended at once. */
  readonly server: (end: () => Promise<unknown>) => void;
  /** What is left when nothing runs, last one first. */
  readonly trace: (end: () => Promise<unknown>) => void;
  readonly stop: () => Promise<void>;
}

async function assemble(options: RealClusterOptions, ends: Ends): Promise<RealCluster> {
  const quick = options.quick === true ? QUICK : undefined;
  const directory = await mkdtemp(join(tmpdir(), 'fsha-real-'));
  ends.trace(() => rm(directory, { recursive: true, force: true }));
  const network = await claimNetwork();
  ends.trace(() => network.release());
  const name = `real-${network.prefix.replaceAll('.', '-')}`;
  const addresses = Array.from({ length: options.nodes ?? 2 }, (_, index) => ({
    name: `node-${index + 1}`,
    host: network.host(11 + index),
  }));
  const destinations = [
    ...addresses.map((node) => ({ set: 1, uri: `sip:${node.host}:5080`, attrs: `duid=${node.name}` })),
    ...(options.twins === undefined
      ? []
      : [{ set: 1, uri: `sip:${network.host(11)}:5080`, attrs: 'duid=twin' }]),
  ];

  const node = async (its: { name: string; host: string }): Promise<StandInNode> => {
    // What fsha leaves on the host of a node that it has restarted; here that host is this machine.
    ends.trace(() => rmdir(`/tmp/fsha-${name}-${its.name}.lock`).catch(() => undefined));
    const started = await startStandInNode(directory, its.name, its.host, {
      ...quick?.node,
      ...options.node,
    });
    ends.server(() => started.stop());
    return started;
  };
  const proxy = async (last: 1 | 2): Promise<RealProxy> => {
    const changes = { ...quick?.kamailio, ...options.kamailio?.[last - 1] };
    const started = await startProxy({ host: network.host(last), destinations, ...changes });
    ends.server(() => started.stop());
    return started;
  };
  const gate = async (last: 1 | 2): Promise<RpcGate> => {
    const host = network.host(last);
    const started = await startRpcGate(host, 8081, `http://${host}:8080/RPC`);
    ends.server(() => started.stop());
    return started;
  };
  const sshHosts = [9, 1, 2].map((last) => network.host(last)).concat(addresses.map(({ host }) => host));
  const keys = makeSshClientFiles(join(directory, 'ssh'));
  const sshd = async (host: string): Promise<RealSshServer> => {
    const started = await startSshd(await keys, host);
    ends.server(() => started.stop());
    return started;
  };
  // All side by side. Each is waited for, so that a failure of one leaves none behind.
  const [client, nodes, proxies, gates, sshds] = await allOf([
    keys,
    allOf(addresses.map(node)),
    allOf([proxy(1), proxy(2)] as const),
    allOf([gate(1), gate(2)] as const),
    allOf(sshHosts.map(sshd)),
  ] as const);
  const [jump, ...others] = sshds;
  const hosts = new Map(others.map((one) => [one.host, one]));
  if (jump === undefined || !atLeastTwo(nodes)) throw new Error('a server is missing');

  const flags = (): Promise<readonly Readonly<Record<string, string>>[]> =>
    Promise.all(proxies.map((one) => one.list()));
  // Before its first ping a destination is AX: what fsha is to find is the state that lasts.
  const initial = await until(
    'every destination is active and probed',
    async () => {
      const now = await flags();
      return (
        now.every((list, index) => Object.values(list).every((state) => lasts(state, index, options))) && now
      );
    },
    30_000,
  );

  const configFile = join(directory, 'fsha.yaml');
  const stateDir = join(directory, 'state');
  const stateDirs = new Map([[configFile, stateDir]]);
  const inventory = await realInventory({
    cluster: name,
    directory,
    stateDir,
    nodes,
    proxies: proxies.map((one, index) => ({
      host: one.sip.host,
      list: one.listFile,
      rpc: options.gates === true ? (gates[index]?.url ?? '') : one.rpcUrl,
    })),
    client,
    jump,
    via: options.via,
    throughJump: options.jump,
    twins: options.twins,
    frTimer: quick?.frTimer ?? '2s',
    settings: deepMerge(quick?.settings ?? {}, options.settings ?? {}),
  });
  await writeFile(configFile, JSON.stringify(inventory, null, 2));

  const starts = new Map<StandInNode, number>();
  const countStarts = (): void => {
    for (const one of nodes) starts.set(one, one.starts());
  };
  countStarts();
  const callers = new Set<{ stop(): Promise<void> }>();
  const endCallers = async (): Promise<void> => {
    await Promise.all([...callers].map((caller) => caller.stop()));
    callers.clear();
  };
  ends.server(endCallers);
  let callersSoFar = 0;
  const from = (): string => network.host(20 + (callersSoFar++ % 200));
  const cluster: RealCluster = {
    directory,
    configFile,
    stateDir,
    network,
    nodes,
    proxies,
    gates,
    ssh: {
      client,
      jump,
      hosts,
      of(server) {
        const found = server === 'jump' ? jump : hosts.get('sip' in server ? server.sip.host : server.host);
        if (found === undefined) throw new Error('no sshd is known there');
        return found;
      },
    },
    flags,
    stop: ends.stop,
    startsBefore: (one) => starts.get(one) ?? 0,
    async call(sippOptions) {
      const sipp = await startSipp({ ...sippOptions, directory, from: from() });
      callers.add(sipp);
      return sipp;
    },
    async hold(to, held = {}) {
      const calls = await holdCalls({ at: proxies[0].sip, ...held, to, directory, from: from() });
      callers.add(calls);
      return calls;
    },
    async configWith(changes, { stateDir: asked } = {}) {
      const file = join(directory, `fsha-${stateDirs.size + 1}.yaml`);
      const dir = asked ?? join(directory, `state-${stateDirs.size + 1}`);
      stateDirs.set(file, dir);
      const changed = deepMerge(deepMerge(inventory, { state: { dir } }), changes);
      await writeFile(file, JSON.stringify(changed, null, 2));
      return file;
    },
    stateDirOf(file) {
      const dir = stateDirs.get(file);
      if (dir === undefined) throw new Error(`${file} is no inventory of this cluster`);
      return dir;
    },
    async reset() {
      await endCallers();
      await resetCluster(cluster, initial);
      countStarts();
    },
  };
  return cluster;
}

/** Resolves with all results; rejects with the first failure, but not before every one has come to its end. */
async function allOf<T extends readonly unknown[]>(
  work: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(work);
  return Promise.all(work);
}

function atLeastTwo<T>(list: readonly T[]): list is TwoOrMore<T> {
  return list.length >= 2;
}

function lasts(state: string, index: number, options: RealClusterOptions): boolean {
  // Of twins Kamailio gives the answers to its pings to the first one only: the other stays as it was (5.6.3).
  if (options.twins !== undefined) return state.startsWith('A');
  const { pingInterval = 1, probingMode = 1 } = options.kamailio?.[index] ?? {};
  // Without pings, and in the modes that ping only what is not active, AX is the state that lasts.
  return state === (pingInterval > 0 && probingMode === 1 ? 'AP' : 'AX');
}
