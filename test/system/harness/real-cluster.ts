import { mkdtemp, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { claimNetwork, type LabNetwork } from '../../../src/lab/network.ts';
import type { KamailioOptions } from '../../support/real-kamailio.ts';
import { startProxy, type RealProxy } from './kamailio.ts';
import { makeSshClientFiles, startSshd, type RealSshServer, type SshClientFiles } from './openssh.ts';
import { startSipp, type RunningSipp, type SippOptions } from './sipp.ts';
import { startStandInNode, type StandInNode } from './stand-in-node.ts';
import { until } from '../../support/until.ts';

export interface RealClusterOptions {
  /** How fsha reaches ESL and JSON-RPC. */
  readonly via: 'direct' | 'ssh';
  /** Whether every SSH connection goes through the jump host. */
  readonly jump: boolean;
  /** What is different on lb-1 and lb-2. */
  readonly kamailio?: readonly [ProxyChanges, ProxyChanges];
  /** node-1 is listed twice, told apart by duid; what the inventory calls it. */
  readonly twins?: 'by duid' | 'by uri';
  /** Top-level keys of fsha.yaml that replace those of the harness. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

type ProxyChanges = Partial<Omit<KamailioOptions, 'host' | 'destinations'>>;

export interface RealCluster {
  readonly directory: string;
  readonly configFile: string;
  readonly stateDir: string;
  readonly network: LabNetwork;
  readonly nodes: readonly [StandInNode, StandInNode];
  readonly proxies: readonly [RealProxy, RealProxy];
  readonly ssh: {
    readonly client: SshClientFiles;
    readonly jump: RealSshServer;
    /** By the address of the host. */
    readonly hosts: ReadonlyMap<string, RealSshServer>;
  };
  /** A caller of its own address; ended with the cluster at the latest. */
  call(options: Omit<SippOptions, 'directory' | 'from'>): Promise<RunningSipp>;
  /** FLAGS on each proxy, read from Kamailio itself. */
  flags(): Promise<readonly Readonly<Record<string, string>>[]>;
  /** Ends everything, in the order opposite to the start, and removes the folder. */
  stop(): Promise<void>;
}

/**
 * Two real Kamailio in front of two stand-in nodes, a real sshd on the host of each of the four, one more as a jump
 * host, and an inventory of it all.
 * @throws when a server is missing or does not come up; nothing is left of the others then
 */
export async function startRealCluster(options: RealClusterOptions): Promise<RealCluster> {
  const ends: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    return await assemble(options, (end) => ends.push(end), stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function assemble(
  options: RealClusterOptions,
  onStop: (end: () => Promise<unknown>) => void,
  stop: () => Promise<void>,
): Promise<RealCluster> {
  const directory = await mkdtemp(join(tmpdir(), 'fsha-real-'));
  onStop(() => rm(directory, { recursive: true, force: true }));
  const network = await claimNetwork();
  onStop(() => network.release());

  const node = async (name: string, last: number): Promise<StandInNode> => {
    const started = await startStandInNode(directory, name, network.host(last));
    // What fsha leaves on the host of a node that it has restarted; here that host is this machine.
    onStop(() => rmdir(`/tmp/fsha-${clusterName(network)}-${name}.lock`).catch(() => undefined));
    onStop(() => started.stop());
    return started;
  };
  const nodes = [await node('node-1', 11), await node('node-2', 12)] as const;
  const [first] = nodes;
  const twins = options.twins === undefined ? [] : [{ set: 1, uri: first.destination, attrs: 'duid=twin' }];
  const destinations = [
    ...nodes.map(({ name, destination }) => ({ set: 1, uri: destination, attrs: `duid=${name}` })),
    ...twins,
  ];
  const proxy = async (last: 1 | 2): Promise<RealProxy> => {
    const changes = options.kamailio?.[last - 1] ?? {};
    const started = await startProxy({ host: network.host(last), destinations, ...changes });
    onStop(() => started.stop());
    return started;
  };
  const proxies = [await proxy(1), await proxy(2)] as const;

  const client = await makeSshClientFiles(join(directory, 'ssh'));
  const sshd = async (host: string): Promise<RealSshServer> => {
    const started = await startSshd(client, host);
    onStop(() => started.stop());
    return started;
  };
  const jump = await sshd(network.host(9));
  const hosts = new Map<string, RealSshServer>();
  for (const host of [...nodes.map((one) => one.host), ...proxies.map((one) => one.sip.host)]) {
    hosts.set(host, await sshd(host));
  }

  const flags = (): Promise<readonly Readonly<Record<string, string>>[]> =>
    Promise.all(proxies.map((one) => one.list()));
  // Before its first ping a destination is AX: what fsha is to find is the state that lasts.
  await until('every destination is active and probed', async () =>
    (await flags()).every((list, index) => {
      const { pingInterval = 1, probingMode = 1 } = options.kamailio?.[index] ?? {};
      // Without pings, and in the modes that ping only what is not active, AX is the state that lasts.
      const lasting = pingInterval > 0 && probingMode === 1 ? 'AP' : 'AX';
      // Of twins Kamailio gives the answers to its pings to the first one only: the other stays as it was (5.6.3).
      return Object.values(list).every((state) =>
        options.twins === undefined ? state === lasting : state.startsWith('A'),
      );
    }),
  );

  const configFile = join(directory, 'fsha.yaml');
  const stateDir = join(directory, 'state');
  const parts = { directory, stateDir, network, nodes, proxies, client, jump };
  await writeFile(configFile, JSON.stringify(await inventory(options, parts), null, 2));
  let callers = 0;
  return {
    directory,
    configFile,
    stateDir,
    network,
    nodes,
    proxies,
    ssh: { client, jump, hosts },
    flags,
    stop,
    async call(sippOptions) {
      callers += 1;
      const sipp = await startSipp({ ...sippOptions, directory, from: network.host(20 + callers) });
      onStop(() => sipp.stop());
      return sipp;
    },
  };
}

interface Parts extends Pick<RealCluster, 'directory' | 'stateDir' | 'network' | 'nodes' | 'proxies'> {
  readonly client: SshClientFiles;
  readonly jump: RealSshServer;
}

function clusterName(network: LabNetwork): string {
  return `real-${network.prefix.replaceAll('.', '-')}`;
}

/** fsha.yaml as an object: every JSON is YAML. */
async function inventory(
  { via, jump, twins, settings = {} }: RealClusterOptions,
  parts: Parts,
): Promise<object> {
  const { client } = parts;
  const ssh = {
    user: client.user,
    identityFile: client.identityFile,
    knownHostsFile: client.knownHostsFile,
    port: 2222,
    ...(jump ? { jump: [`${client.user}@${parts.jump.host}:${parts.jump.port}`] } : {}),
  };
  const nodes: Record<string, object> = {};
  for (const node of parts.nodes) {
    const password = join(parts.directory, `${node.name}.esl.secret`);
    await writeFile(password, `${node.esl.password}\n`, { mode: 0o600 });
    nodes[node.name] = {
      destinations:
        twins === 'by duid' && node.name === 'node-1'
          ? [
              { set: 1, duid: 'node-1' },
              { set: 1, duid: 'twin' },
            ]
          : [{ set: 1, uri: node.destination }],
      sip: { ip: node.host, port: 5080 },
      esl: { host: node.esl.host, port: node.esl.port, password: { file: password }, via },
      ssh: { host: node.host },
      restart: { command: node.restartCommand },
    };
  }
  const proxies = parts.proxies.map((proxy, index) => [
    `lb-${index + 1}`,
    {
      rpc: proxy.rpcUrl,
      frTimer: '2s',
      ...(via === 'ssh' ? { via, ssh: { ...ssh, host: proxy.sip.host } } : {}),
    },
  ]);
  return {
    version: 1,
    // Names also the lock on each node's host, and these hosts are one machine.
    cluster: clusterName(parts.network),
    state: { dir: parts.stateDir },
    proxies: Object.fromEntries(proxies) as object,
    nodes,
    defaults: { ssh },
    drain: { timeout: '2m', poll: '1s', settle: '1s' },
    restart: { timeout: '30s' },
    verify: { timeout: '30s', minSoak: '2s' },
    ...settings,
  };
}
